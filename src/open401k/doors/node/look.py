"""How a node's pages look and answer: templates, static files, problems as pages. Not here: what a page says."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from open401k.kernel import Money
from open401k.rails import in_words, tracking

from ..assets import Assets
from ..problems import Problem, ProblemError
from ..saying import count, day, instant
from .provided import ForPages

HERE = Path(__file__).parent
#: A link that shows or signs somebody's rollover: its address goes to nobody, and nobody keeps what it shows.
#: Not "no-referrer": browsers then send every form of the page as from nobody, and it is refused.
PRIVATE = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

Endpoint = Callable[[Request], Awaitable[Response]]


def at(seconds: int) -> Markup:
    """``Aug 14, 2026, 9:02 AM``, in the East."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), instant(moment))


def by(seconds: int) -> Markup:
    """``Tue, Aug 14``: the day at whose end somebody must have acted."""
    last = tracking.last_day(seconds)
    return Markup('<time datetime="{}">{}</time>').format(last.isoformat(), f"{last:%a}, {day(last, year=False)}")


def on_day(value: date) -> Markup:
    """``Aug 14, 2026``."""
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day(value))


class Look:
    """Renders the pages of one node."""

    def __init__(
        self, given: ForPages, *, leads: bool = False, keeps: bool = False, signs: bool = False, invites: bool = False,
        asks_back: bool = False,
    ) -> None:  # fmt: skip
        self._given = given
        self.assets = Assets(HERE / "static")
        self._env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters.update(at=at, by=by, on_day=on_day, count=count, cents=lambda cents: str(Money(cents)))
        self._env.filters["upper_first"] = lambda words: words[:1].upper() + words[1:]
        self._env.globals.update(
            asset=self.assets.url,
            sri=self.assets.integrity,
            kinds=in_words.KINDS,
            into=in_words.INTO,
            take_back=in_words.TAKE_BACK,
            leads=leads,
            keeps=keeps,
            signs=signs,
            invites=invites,
            asks_back=asks_back,
        )

    def page(self, name: str, status: int = 200, **words: Any) -> HTMLResponse:
        """A page as an answer."""
        text = self._env.get_template(f"{name}.html").render(custodian=self._given.custodian, **words)
        return HTMLResponse(text, status)

    def private(self, name: str, status: int = 200, **words: Any) -> HTMLResponse:
        """A page of a participant's link."""
        answer = self.page(name, status, **words)
        answer.headers.update(PRIVATE)
        return answer

    def problem(self, problem: Problem, *, private: bool) -> HTMLResponse:
        """A refusal as a person reads it."""
        answer = self.page("problem", problem.status, problem=problem, private=private)
        answer.headers.update(problem.headers | (PRIVATE if private else {}))
        return answer


def answering(look: Look, endpoint: Endpoint, *, private: bool = False) -> Endpoint:
    """Let an endpoint raise a problem: a document for scripts, a page for people."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ProblemError as refused:
            if request.headers.get("content-type", "").startswith("application/json"):
                return refused.problem.response()
            if refused.problem.status == 401 and request.method == "GET":
                return RedirectResponse("/sign-in", 303)
            return look.problem(refused.problem, private=private)

    return answer
