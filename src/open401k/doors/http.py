"""The HTTP application: pages and API under one roof, and what each request passes; app.py calls ``create_app``."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Open401kError

from . import problems
from .api import v1
from .assets import Assets
from .guard import unguarded
from .limits import Limits
from .live import Live
from .problems import FieldProblem, Problem, ProblemError
from .provided import Services
from .security import BodyLimit, SameOrigin, SecurityHeaders
from .texts import what_is_wrong
from .web import (
    amendment_pages,
    calculator_pages,
    census_pages,
    connection_pages,
    correction_pages,
    declaration_pages,
    deposit_pages,
    explanation_pages,
    forfeiture_pages,
    instruction_pages,
    live_pages,
    loan_pages,
    participant_pages,
    pay_code_pages,
    payroll_pages,
    people_pages,
    person_pages,
    plan_pages,
    reference_page,
    rollover_pages,
    sandbox_pages,
    sign_in_pages,
    student_loan_pages,
    vesting_pages,
    webhook_pages,
    wish_pages,
)
from .web.frame import problem_page
from .web.render import STATIC, Pages

log = logging.getLogger("open401k.http")
#: What a form adds to the file that it sends.
_AROUND_A_FILE = 1_048_576
_PAGES = (
    amendment_pages,
    calculator_pages,
    census_pages,
    sign_in_pages,
    sandbox_pages,
    live_pages,
    loan_pages,
    payroll_pages,
    people_pages,
    person_pages,
    deposit_pages,
    instruction_pages,
    connection_pages,
    pay_code_pages,
    correction_pages,
    forfeiture_pages,
    declaration_pages,
    explanation_pages,
    wish_pages,
    participant_pages,
    rollover_pages,
    student_loan_pages,
    vesting_pages,
    webhook_pages,
    plan_pages,
    reference_page,
)


class Application(FastAPI):
    """An application whose description also holds what no signature names."""

    def openapi(self) -> dict[str, Any]:
        """OpenAPI 3.1."""
        found = super().openapi()
        found["components"]["schemas"] |= v1.SCHEMAS
        return found


def create_app(services: Services) -> FastAPI:
    """The application over what app.py provides; refuses to exist with a route that names no permission."""
    settings = services.settings
    app = Application(
        title="Open401k",
        version="1",
        summary="The open-source system of record for US retirement plans",
        description=v1.DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(SecurityHeaders, https=settings.https),
            Middleware(SameOrigin),
            Middleware(
                BodyLimit,
                largest_body_bytes=settings.largest_body_bytes,
                largest_file_bytes=settings.largest_file_bytes + _AROUND_A_FILE,
                answer=_answer,
            ),
        ],
        lifespan=_lifespan,
        responses=v1.PROBLEMS,
    )
    app.state.services = services
    app.state.live = Live(services.db)
    app.state.limits = Limits()
    app.state.pages = _pages()
    app.router.routes.append(Route("/static/{path:path}", app.state.pages.assets.serve, methods=["GET"], name="static"))
    app.router.routes.extend(_routes(settings.largest_file_bytes + _AROUND_A_FILE))
    _answer_problems(app)
    if missing := unguarded(app):
        raise RuntimeError(f"routes that name no permission: {', '.join(missing)}")
    return app


@cache
def _pages() -> Pages:
    """The templates and static files, read once: a template is compiled when it is first asked for."""
    return Pages(Assets(STATIC))


@cache
def _routes(largest_body_bytes: int | None) -> Sequence[BaseRoute]:
    """What answers where. It is told by the doors alone, so that the applications of a process have it together."""
    router = APIRouter(responses=v1.PROBLEMS, max_body_size=largest_body_bytes)
    router.include_router(v1.router)
    for door in _PAGES:
        router.include_router(door.router)
    return router.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.live.stop()


def _answer_problems(app: FastAPI) -> None:
    """Every error leaves as a problem: a document under /v1, a page elsewhere."""

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, ProblemError):
            raise error
        return _answer(request, error.problem)

    async def unusable(request: Request, error: Exception) -> Response:
        if not isinstance(error, Open401kError):
            raise error
        return _answer(request, Problem(422, "not_possible", error.message, fix=error.fix))

    async def invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return _answer(request, _invalid(error.errors()))

    async def plain(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return _answer(request, problems.of_status(error.status_code, str(error.detail)))

    async def broken(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, _told_of(request), exc_info=error)
        return _answer(request, problems.INTERNAL)

    app.add_exception_handler(ProblemError, refused)
    app.add_exception_handler(Open401kError, unusable)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, broken)


def _answer(request: Request, problem: Problem) -> Response:
    if wants_document(request):
        return problem.response()
    page = problem_page(request, problem)
    page.headers.update(problem.headers)
    return page


def _told_of(request: Request) -> str:
    """The address as a log may hold it: a participant's link is a credential."""
    path: str = request.url.path
    return "/mine/..." if path.startswith("/mine/") else path


def wants_document(request: Request) -> bool:
    """Whether the answer is for a program: the API, and scripts that send JSON."""
    path, sent = request.url.path, request.headers.get("content-type", "")
    machine = path.startswith(("/v1", "/healthz", "/readyz", "/openapi.json"))
    return machine or sent.startswith("application/json") or path.endswith("/events")


def _invalid(errors: Sequence[Any]) -> Problem:
    """What is wrong with a request, without repeating what was sent: it may hold a Social Security number."""
    fields = []
    for error in errors:
        reason, fix = what_is_wrong(error)
        pointer = "/" + "/".join(map(str, error["loc"][1:]))
        fields.append(FieldProblem(reason, fix, code=str(error["type"]), pointer=pointer))
    return Problem(422, "invalid", "The request is not valid.", "See errors for each place.", errors=fields)
