"""The stand-in for Finch as an HTTP application: its routes, its tokens, and /_sandbox, by which it is told what to do.

Not here: what happens at its employers (finch_world.py), its shapes (finch_json.py). Tests hold it to Finch's models.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from open401k.kernel import Clock, Random

from . import finch_json as shapes
from . import lies, served
from .finch_webhooks import FinchWebhooks
from .finch_world import Benefit, Employer, FinchWorld, Individual, Payment
from .grants import Grants
from .misbehavior import Misbehavior
from .served import CLIENT_ID, CLIENT_SECRET, Answering

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "create_finch"]
KINDS = ("401k", "401k_roth", "401k_loan")
PRODUCTS = ["company", "directory", "individual", "ssn", "employment", "payment", "pay_statement", "benefits"]


@dataclass(slots=True)
class Finch:
    """Everything one stand-in holds."""

    world: FinchWorld
    grants: Grants
    webhooks: FinchWebhooks
    wrong: Misbehavior = field(default_factory=Misbehavior)


Handler: TypeAlias = served.Handler[Finch]


def create_finch(world: FinchWorld, *, clock: Clock, random: Random) -> Starlette:
    """The application over a world. Its tokens do not end, except by being revoked."""
    wrong = Misbehavior()
    finch = Finch(world, Grants(clock, random, timedelta(days=36_500)), FinchWebhooks(wrong, clock, random), wrong)
    app = Starlette(
        routes=[
            Route("/authorize", _with(finch, _authorize), methods=["GET"]),
            Route("/auth/token", _with(finch, _token), methods=["POST"]),
            *served.routes(_API, lambda answer: _served(finch, answer)),
            *served.routes(_CONTROL, lambda answer: served.told(_with(finch, answer)), below="/_sandbox"),
        ]
    )
    app.state.finch = finch
    return app


def _with(finch: Finch, answer: Handler) -> Answering:
    async def run(request: Request) -> Response:
        return await answer(finch, request)

    return run


def _served(finch: Finch, answer: Handler) -> Answering:
    """A route of Finch's API: what it was told to do wrong comes first, then whose token it is."""

    def refused(status: int, headers: Mapping[str, str]) -> Response:
        return _error(status, headers=headers)

    return served.misbehaving(finch.wrong, lambda request: _allowed(finch, request, answer), refused)


async def _allowed(finch: Finch, request: Request, answer: Handler) -> Response:
    known = finch.grants.company_of(request.headers.get("authorization", ""))
    if known is None:
        return _error(401)
    request.state.employer = lies.answering(finch.world.employers, known, finch.wrong.lie)
    return await answer(finch, request)


def _error(status: int, *, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(shapes.problem(status), status_code=status, headers=dict(headers or {}))


def _employer(request: Request) -> Employer:
    found: Employer = request.state.employer
    return found


async def _authorize(finch: Finch, request: Request) -> Response:
    return served.authorized(request, grants=finch.grants, companies=finch.world.employers) or _error(400)


async def _token(finch: Finch, request: Request) -> Response:
    fault = finch.wrong.next_fault(request.method, request.url.path)
    if fault is not None:
        return _error(fault.status)
    sent = await request.json()
    if not served.is_ours(sent):
        return _error(401)
    granted = finch.grants.by_code(sent.get("code", ""))
    if granted is None:
        return _error(400)
    return JSONResponse(shapes.granted(finch.world.employers[granted.company], granted.access))


async def _introspect(finch: Finch, request: Request) -> Response:
    del finch
    of = _employer(request)
    status = {"status": "connected", "last_successful_sync": None, "message": None}
    return JSONResponse(
        {
            "id": of.connection_id,
            "client_id": CLIENT_ID,
            "client_type": "sandbox",
            "connection_id": of.connection_id,
            "connection_status": status,
            "connection_type": "provider",
            "products": of.products,
            "provider_id": "sandbox",
            "company_id": of.id,
        }
    )


async def _company(finch: Finch, request: Request) -> Response:
    del finch
    of = _employer(request)
    none: dict[str, Any] = dict.fromkeys(("entity", "primary_email", "primary_phone_number"))
    lists: dict[str, Any] = {"departments": [], "locations": [], "accounts": []}
    return JSONResponse({"id": of.id, "legal_name": of.name, "ein": of.ein, **none, **lists})


async def _directory(finch: Finch, request: Request) -> Response:
    everybody = list(_employer(request).individuals.values())
    told = lies.listed(everybody, finch.wrong.lie)
    offset, limit = int(request.query_params.get("offset", 0)), int(request.query_params.get("limit", 100))
    found = [
        {
            "id": each.id,
            "first_name": each.first_name,
            "middle_name": None,
            "last_name": each.last_name,
            "manager": None,
            "department": {"name": "Shop"},
            "is_active": each.end is None or (each.rehire is not None and each.rehire > each.end),
        }
        for each in told[offset : offset + limit]
    ]
    return JSONResponse({"paging": {"count": len(everybody), "offset": offset}, "individuals": found})


async def _individual(finch: Finch, request: Request) -> Response:
    del finch
    of, sent = _employer(request), await request.json()
    ssn = "ssn" in ((sent.get("options") or {}).get("include") or ()) and "ssn" in of.products

    def body(each: Individual) -> dict[str, Any]:
        said: dict[str, Any] = {
            "id": each.id,
            "first_name": each.first_name,
            "middle_name": None,
            "last_name": each.last_name,
        }
        said |= {"preferred_name": None, "dob": each.born_on.isoformat() if each.born_on else None, "gender": None}
        said |= {"ethnicity": None, "residence": None, "emails": [], "phone_numbers": []}
        return said | ({"ssn": each.ssn} if ssn else {})

    return JSONResponse(_batch(of, sent, body))


async def _employment(finch: Finch, request: Request) -> Response:
    of, sent, today = _employer(request), await request.json(), finch.world.today

    def body(each: Individual) -> dict[str, Any]:
        kind = {"type": "contractor", "subtype": "individual_contractor"} if each.contractor else {"type": "employee"}
        gone = each.end is not None and each.end < today and not (each.rehire and each.rehire > each.end)
        return {
            "id": each.id,
            "first_name": each.first_name,
            "middle_name": None,
            "last_name": each.last_name,
            "title": None,
            "manager": None,
            "department": {"name": "Shop"},
            "employment": {"subtype": "full_time", **kind},
            "employment_status": "terminated" if gone else "active",
            "start_date": each.start.isoformat(),
            "latest_rehire_date": each.rehire.isoformat() if each.rehire else None,
            "end_date": each.end.isoformat() if each.end else None,
            "is_active": not gone,
            "class_code": None,
            "location": None,
            "income": {"unit": "yearly", "amount": each.salary_cents, "currency": "usd", "effective_date": None},
            "income_history": None,
            "custom_fields": [],
        }

    return JSONResponse(_batch(of, sent, body))


def _batch(of: Employer, sent: Mapping[str, Any], body: Callable[[Individual], dict[str, Any]]) -> dict[str, Any]:
    """An answer of its own for each who was asked for."""
    made = []
    for each in sent["requests"]:
        who = of.individuals.get(each["individual_id"])
        code = 404 if who is None else 200
        said = shapes.problem(404) if who is None else body(who)
        made.append({"individual_id": each["individual_id"], "code": code, "body": said})
    return {"responses": made}


async def _payments(finch: Finch, request: Request) -> Response:
    first, last = request.query_params["start_date"], request.query_params["end_date"]
    wrong = finch.wrong
    found = [
        lies.undated(shapes.payment(_lied(finch, each), lies=wrong.lies), "pay_date", wrong.lie)
        for each in lies.without_the_newest(list(_employer(request).payments.values()), wrong.lie)
        if first <= each.pay_date.isoformat() <= last
    ]
    return JSONResponse(found)


def _lied(finch: Finch, of: Payment) -> Payment:
    """A payment as it is told."""
    return replace(of, statements=lies.paid(of.statements, finch.wrong.lie, shapes.otherwise))


async def _pay_statements(finch: Finch, request: Request) -> Response:
    of, sent = _employer(request), await request.json()
    if len(sent["requests"]) > 10:
        return _error(400)
    made = []
    for each in sent["requests"]:
        found = of.payments.get(each["payment_id"])
        if found is None:
            made.append({"payment_id": each["payment_id"], "code": 404, "body": shapes.problem(404)})
        elif found.looks_left > 0:
            found.looks_left -= 1
            made.append({"payment_id": found.id, "code": 202, "body": shapes.problem(202)})
        else:
            first, limit = each.get("offset", 0), each.get("limit", 100)
            statements = _lied(finch, found).statements
            paging = {"count": len(statements), "offset": first}
            page = lies.listed(statements, finch.wrong.lie)[first : first + limit]
            body = {"paging": paging, "pay_statements": page}
            made.append({"payment_id": found.id, "code": 200, "body": body})
    return JSONResponse({"responses": made})


async def _items(finch: Finch, request: Request) -> Response:
    del finch
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for payment in _employer(request).payments.values():
        for statement in payment.statements:
            for category in ("earnings", "employee_deductions", "employer_contributions", "taxes"):
                for each in statement[category]:
                    said = {"type": each["type"], "pre_tax": each.get("pre_tax"), "employer": each.get("employer")}
                    known = {"category": category, "name": each["name"], "attributes": {**said, "metadata": {}}}
                    found[category, each["name"]] = known
    return JSONResponse({"responses": list(found.values())})


async def _benefits(finch: Finch, request: Request) -> Response:
    del finch
    return JSONResponse([shapes.benefit(each) for each in _employer(request).benefits.values() if each.ready])


async def _make_benefit(finch: Finch, request: Request) -> Response:
    of, sent = _employer(request), await request.json()
    if sent.get("type") not in KINDS or not sent.get("description") or len(sent["description"]) >= 30:
        return _error(400)
    made = Benefit(finch.world.new_id(), sent["type"], sent["description"], sent.get("frequency", "every_paycheck"))
    of.benefits[made.id] = made
    job = finch.world.begin(of, "create", made.id, [])
    return JSONResponse({"benefit_id": made.id, "job_id": job.id})


def _ready(request: Request) -> Benefit | None:
    found = _employer(request).benefits.get(request.path_params["benefit_id"])
    return found if found is not None and found.ready else None


async def _enrolments(finch: Finch, request: Request) -> Response:
    del finch
    benefit, of = _ready(request), _employer(request)
    if benefit is None:
        return _error(404)
    asked = request.query_params.get("individual_ids", "")
    made = []
    for who in asked.split(",") if asked else of.individuals:
        fields = benefit.enrolled.get(who)
        keys = ("employee_deduction", "company_contribution", "annual_maximum", "catch_up")
        body = shapes.problem(404) if fields is None else {key: fields.get(key) for key in keys}
        made.append({"individual_id": who, "code": 404 if fields is None else 200, "body": body})
    return JSONResponse(made)


async def _enrol(finch: Finch, request: Request) -> Response:
    benefit, sent = _ready(request), await request.json()
    if benefit is None:  # the job that makes it is not done
        return _error(404)
    return JSONResponse({"job_id": finch.world.begin(_employer(request), "enroll", benefit.id, sent).id})


async def _unenrol(finch: Finch, request: Request) -> Response:
    benefit, sent = _ready(request), await request.json()
    if benefit is None:
        return _error(404)
    who = [{"individual_id": each} for each in sent["individual_ids"]]
    return JSONResponse({"job_id": finch.world.begin(_employer(request), "unenroll", benefit.id, who).id})


async def _job(finch: Finch, request: Request) -> Response:
    of = _employer(request)
    found = of.jobs.get(request.path_params["job_id"])
    if found is None:
        return _error(404)
    finch.world.look(of, found)
    if not found.done:
        return JSONResponse({"job_id": found.id, "status": "in_progress", "body": None})
    body = [_outcome(of, each["individual_id"]) for each in found.sent]
    return JSONResponse({"job_id": found.id, "status": "error" if found.fails else "complete", "body": body})


def _outcome(of: Employer, who: str) -> dict[str, Any]:
    if who in of.individuals:
        return {"individual_id": who, "code": 200, "body": {}}
    return {"individual_id": who, "code": 404, "body": shapes.problem(404)}


async def _sandbox_company(finch: Finch, request: Request) -> Response:
    """Make an employer with its people; answers with its id and a token."""
    sent = await request.json()
    how = {"first_check": served.day(sent["first_check"]), "products": sent.get("products", PRODUCTS)}
    of = finch.world.add_employer(name=sent["name"], ein=sent["ein"], **how)
    people = {each["key"]: _hired(finch, of, each).id for each in sent.get("people", ())}
    tokens = shapes.granted(of, finch.grants.grant(of.id).access)
    return JSONResponse({"company_uuid": of.id, "people": people, "tokens": tokens}, 201)


def _hired(finch: Finch, of: Employer, sent: Mapping[str, Any]) -> Individual:
    made = Individual(
        id=finch.world.new_id(),
        first_name=sent["first_name"],
        last_name=sent["last_name"],
        born_on=served.day(sent["date_of_birth"]) if sent.get("date_of_birth") else None,
        ssn=sent.get("ssn"),
        salary_cents=sent["salary_cents"],
        start=served.day(sent["hire_date"]),
        contractor=sent.get("contractor", False),
    )
    of.individuals[made.id] = made
    return made


async def _sandbox_companies(finch: Finch, request: Request) -> Response:
    del request
    return served.there_are(finch.world.employers, finch.world.today)


async def _sandbox_hire(finch: Finch, request: Request) -> Response:
    of = finch.world.employers[request.path_params["company_id"]]
    return JSONResponse({"employee_uuid": _hired(finch, of, await request.json()).id}, 201)


async def _sandbox_employee(finch: Finch, request: Request) -> Response:
    """Terminate, rehire, rename, pay otherwise, withhold something else."""
    of = finch.world.employers[request.path_params["company_id"]]
    who, sent = of.individuals[request.path_params["employee_id"]], await request.json()
    days = {"terminated_on": "end", "rehired_on": "rehire", "date_of_birth": "born_on", "hire_date": "start"}
    for name in ("first_name", "last_name", "salary_cents", "ssn"):
        if name in sent:
            setattr(who, name, sent[name])
    for name, attribute in days.items():
        if name in sent:
            setattr(who, attribute, served.day(sent[name]) if sent[name] else None)
    for pay in sent.get("extra_pay", ()):
        of.extra_pay.setdefault((who.id, served.day(pay["check_date"])), []).append({"type": "bonus", **pay})
    if "deductions" in sent:
        of.other_deductions[who.id] = sent["deductions"]
    return JSONResponse({})


async def _sandbox_clock(finch: Finch, request: Request) -> Response:
    ran = finch.world.move_to(served.day((await request.json())["to"]))
    for of in finch.world.employers.values():
        for each in ran:
            if each.id in of.payments:
                finch.webhooks.happened(of.id, "payment.created", {"payment_id": each.id})
    await finch.webhooks.deliver()
    return JSONResponse({"today": finch.world.today.isoformat(), "payrolls": [each.id for each in ran]})


async def _sandbox_payment(finch: Finch, request: Request) -> Response:
    """``{"syncing": 2}``: its statements are still being fetched the next two times; ``{"deleted": true}``."""
    of, sent = finch.world.employers[request.path_params["company_id"]], await request.json()
    if sent.get("deleted"):
        del of.payments[request.path_params["payment_id"]]
    else:
        of.payments[request.path_params["payment_id"]].looks_left = sent["syncing"]
    return JSONResponse({})


async def _sandbox_wrong(finch: Finch, request: Request) -> Response:
    """``{"jobs": {"looks": 2, "fail": true}}``: they take time."""
    sent = await request.json()
    served.misbehave(finch.wrong, sent, path="/")
    jobs = sent.get("jobs", {})
    finch.world.job_looks, finch.world.jobs_fail = jobs.get("looks", 0), jobs.get("fail", False)
    return JSONResponse({})


async def _sandbox_tokens(finch: Finch, request: Request) -> Response:
    """``{"revoke": company}``, ``{"grant": company}``."""
    sent = await request.json()
    if "revoke" in sent:
        finch.grants.revoke(sent["revoke"])
    if "grant" not in sent:
        return JSONResponse({})
    of = finch.world.employers[sent["grant"]]
    return JSONResponse({"tokens": shapes.granted(of, finch.grants.grant(of.id).access)})


async def _sandbox_webhooks(finch: Finch, request: Request) -> Response:
    sent = await request.json()
    base64.b64decode(sent["secret"], validate=True)
    served.send_webhooks_to(finch.webhooks, sent)
    await finch.webhooks.deliver()
    return served.told_of(finch.webhooks)


_API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/introspect", _introspect),
    ("GET", "/employer/company", _company),
    ("GET", "/employer/directory", _directory),
    ("POST", "/employer/individual", _individual),
    ("POST", "/employer/employment", _employment),
    ("GET", "/employer/payment", _payments),
    ("POST", "/employer/pay-statement", _pay_statements),
    ("GET", "/employer/pay-statement-item", _items),
    ("GET", "/employer/benefits", _benefits),
    ("POST", "/employer/benefits", _make_benefit),
    ("GET", "/employer/benefits/{benefit_id}/individuals", _enrolments),
    ("POST", "/employer/benefits/{benefit_id}/individuals", _enrol),
    ("DELETE", "/employer/benefits/{benefit_id}/individuals", _unenrol),
    ("GET", "/jobs/manual/{job_id}", _job),
)
_CONTROL: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/companies", _sandbox_company),
    ("GET", "/companies", _sandbox_companies),
    ("POST", "/companies/{company_id}/employees", _sandbox_hire),
    ("PATCH", "/companies/{company_id}/employees/{employee_id}", _sandbox_employee),
    ("POST", "/companies/{company_id}/payrolls/{payment_id}", _sandbox_payment),
    ("POST", "/clock", _sandbox_clock),
    ("POST", "/misbehave", _sandbox_wrong),
    ("POST", "/tokens", _sandbox_tokens),
    ("POST", "/webhooks", _sandbox_webhooks),
)
