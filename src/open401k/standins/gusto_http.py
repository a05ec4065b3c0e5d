"""The stand-in for Gusto as an HTTP application: its routes, its tokens, and /_sandbox, by which it is told what to do.

Not here: what it answers (gusto_json.py), what happens in its companies (gusto_world.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from open401k.kernel import Clock, Random

from . import gusto_json as shapes
from . import lies, served
from .grants import Granted, Grants
from .gusto_subscriptions import SUBSCRIPTIONS, system_access
from .gusto_webhooks import Webhooks
from .gusto_world import CompanyState, Employee, Enrolment, GustoWorld, Payroll
from .misbehavior import Lie, Misbehavior
from .served import CLIENT_ID, CLIENT_SECRET, Answering

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "create_gusto"]


@dataclass(slots=True)
class Gusto:
    """Everything one stand-in holds."""

    world: GustoWorld
    grants: Grants
    webhooks: Webhooks
    wrong: Misbehavior = field(default_factory=Misbehavior)


def create_gusto(world: GustoWorld, *, clock: Clock, random: Random) -> Starlette:
    """The application over a world; ``clock`` is the machine's, by which tokens end."""
    wrong = Misbehavior()
    gusto = Gusto(world, Grants(clock, random), Webhooks(wrong), wrong)
    app = Starlette(
        routes=[
            Route("/oauth/authorize", _with(gusto, _authorize), methods=["GET"]),
            Route("/oauth/token", _with(gusto, _token), methods=["POST"]),
            *served.routes(SUBSCRIPTIONS, lambda answer: _with(gusto, answer)),
            *served.routes(_API, lambda answer: _served(gusto, answer)),
            *served.routes(_CONTROL, lambda answer: served.told(_with(gusto, answer)), below="/_sandbox"),
        ]
    )
    app.state.gusto = gusto
    return app


Handler: TypeAlias = served.Handler[Gusto]


def _with(gusto: Gusto, answer: Handler) -> Answering:
    async def run(request: Request) -> Response:
        made = await answer(gusto, request)
        await gusto.webhooks.deliver(gusto.world.events)
        return made

    return run


def _served(gusto: Gusto, answer: Handler) -> Answering:
    """A route of Gusto's API: what it was told to do wrong comes first, then whose token it is."""

    def refused(status: int, headers: Mapping[str, str]) -> Response:
        return JSONResponse({"errors": []}, status_code=status, headers=headers)

    return served.misbehaving(gusto.wrong, lambda request: _allowed(gusto, request, answer), refused)


async def _allowed(gusto: Gusto, request: Request, answer: Handler) -> Response:
    company = gusto.grants.company_of(request.headers.get("authorization", ""))
    if company is None:
        return JSONResponse({"errors": []}, status_code=401)
    request.state.company = lies.answering(gusto.world.companies, company, gusto.wrong.lie)
    if request.path_params.get("company_id", company) != company:
        return _not_found()
    made = await answer(gusto, request)
    await gusto.webhooks.deliver(gusto.world.events)
    return made


def _not_found() -> Response:
    error = {"error_key": "request", "category": "not_found", "message": "The requested resource was not found."}
    return JSONResponse({"errors": [error]}, status_code=404)


def _unprocessable(key: str, category: str, message: str, status: int = 422) -> Response:
    return JSONResponse({"errors": [{"error_key": key, "category": category, "message": message}]}, status_code=status)


def _company(request: Request) -> CompanyState:
    found: CompanyState = request.state.company
    return found


def _page(request: Request, items: list[Any], lie: Lie | None = None) -> Response:
    """A page of a list, with Gusto's headers."""
    per = min(int(request.query_params.get("per", 25)), 100)
    page = int(request.query_params.get("page", 1))
    headers = {"x-page": str(page), "x-total-count": str(len(items)), "x-per-page": str(per)}
    headers["x-total-pages"] = str(-(-len(items) // per))
    return JSONResponse(lies.listed(items, lie)[(page - 1) * per : page * per], headers=headers)


async def _authorize(gusto: Gusto, request: Request) -> Response:
    return served.authorized(request, grants=gusto.grants, companies=gusto.world.companies) or _not_found()


async def _token(gusto: Gusto, request: Request) -> Response:
    fault = gusto.wrong.next_fault(request.method, request.url.path)
    if fault is not None:
        return JSONResponse({"errors": []}, status_code=fault.status)
    sent = await request.json()
    if not served.is_ours(sent):
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    if sent.get("grant_type") == "system_access":
        return JSONResponse(system_access(gusto.webhooks, gusto.grants))
    granted: Granted | None = None
    if sent.get("grant_type") == "refresh_token":
        granted = gusto.grants.by_refresh(sent.get("refresh_token", ""))
    elif sent.get("grant_type") == "authorization_code":
        granted = gusto.grants.by_code(sent.get("code", ""))
    if granted is None:
        return JSONResponse({"error": "invalid_grant"}, status_code=400)
    return JSONResponse(_tokens(gusto, granted))


def _tokens(gusto: Gusto, granted: Granted) -> dict[str, Any]:
    seconds = int(gusto.grants.lasts.total_seconds())
    at = int(granted.ends_at.timestamp()) - seconds
    return {
        "access_token": granted.access,
        "refresh_token": granted.refresh,
        "token_type": "Bearer",
        "expires_in": seconds,
        "created_at": at,
        "scope": "companies:read employees:read payrolls:read employee_benefits:write",
    }


async def _token_info(gusto: Gusto, request: Request) -> Response:
    del gusto
    owner = {"type": "CompanyAdmin", "uuid": _company(request).schedule_uuid}
    resource = {"type": "Company", "uuid": _company(request).uuid}
    return JSONResponse({"scope": "companies:read", "resource": resource, "resource_owner": owner})


async def _get_company(gusto: Gusto, request: Request) -> Response:
    del gusto
    return JSONResponse(shapes.company(_company(request)))


async def _pay_schedules(gusto: Gusto, request: Request) -> Response:
    del gusto
    return _page(request, [shapes.schedule(_company(request))])


async def _employees(gusto: Gusto, request: Request) -> Response:
    of = _company(request)
    everybody = [shapes.employee(of, each, gusto.world.today) for each in of.employees.values()]
    return _page(request, everybody, gusto.wrong.lie)


async def _employment_history(gusto: Gusto, request: Request) -> Response:
    del gusto
    who = _company(request).employees.get(request.path_params["employee_id"])
    return _not_found() if who is None else JSONResponse(shapes.history(who))


async def _earning_types(gusto: Gusto, request: Request) -> Response:
    del gusto
    of = _company(request)
    return JSONResponse({"default": [{"name": "Bonus", "uuid": f"bonus-{of.uuid}", "active": True}], "custom": []})


async def _company_benefits(gusto: Gusto, request: Request) -> Response:
    del gusto
    of = _company(request)
    return JSONResponse([shapes.company_benefit(of, uuid) for uuid in of.benefits])


async def _benefit_enrolments(gusto: Gusto, request: Request) -> Response:
    del gusto
    wanted = request.path_params["company_benefit_id"]
    found = [each for each in _company(request).enrolments.values() if each.company_benefit_uuid == wanted]
    return _page(request, [shapes.enrolment(each) for each in found])


async def _payrolls(gusto: Gusto, request: Request) -> Response:
    of, asked = _company(request), request.query_params
    include = set(asked.get("include", "").split(","))
    kinds = asked.get("payroll_types", "regular").split(",")
    first, last = asked.get("start_date", "1970-01-01"), asked.get("end_date", gusto.world.today.isoformat())
    if date.fromisoformat(last) - date.fromisoformat(first) > timedelta(days=366):
        return _unprocessable("base", "invalid_attribute_value", "start_date and end_date are more than a year apart")
    found = [
        lies.undated(_told(gusto, of, each, include), "check_date", gusto.wrong.lie)
        for each in lies.without_the_newest(list(of.payrolls.values()), gusto.wrong.lie)
        if first <= each.end.isoformat() and each.start.isoformat() <= last
        if ("off_cycle" if each.off_cycle_reason else "regular") in kinds
    ]
    return _page(request, found, gusto.wrong.lie)


def _lied(gusto: Gusto, each: Payroll) -> Payroll:
    """A payroll as it is told."""
    return replace(each, lines=lies.paid(each.lines, gusto.wrong.lie, shapes.otherwise))


def _told(gusto: Gusto, of: CompanyState, each: Payroll, include: set[str]) -> dict[str, Any]:
    return shapes.payroll(of, _lied(gusto, each), lies=gusto.wrong.lies, include=include)


async def _payroll(gusto: Gusto, request: Request) -> Response:
    of = _company(request)
    found = of.payrolls.get(request.path_params["payroll_id"])
    if found is None:
        return _not_found()
    include = set(request.query_params.get("include", "").split(","))
    made = lies.undated(_told(gusto, of, found, include), "check_date", gusto.wrong.lie)
    per = min(int(request.query_params.get("per", 100)), 100)
    first = (int(request.query_params.get("page", 1)) - 1) * per
    lines = lies.listed(_lied(gusto, found).lines, gusto.wrong.lie)
    made["employee_compensations"] = [shapes.compensation(of, line) for line in lines[first : first + per]]
    return JSONResponse(made)


async def _employee_benefits(gusto: Gusto, request: Request) -> Response:
    del gusto
    who = request.path_params["employee_id"]
    found = [each for each in _company(request).enrolments.values() if each.employee_uuid == who]
    return _page(request, [shapes.enrolment(each) for each in found])


async def _add_employee_benefit(gusto: Gusto, request: Request) -> Response:
    of, sent, who = _company(request), await request.json(), request.path_params["employee_id"]
    if who not in of.employees:
        return _not_found()
    benefit = sent.pop("company_benefit_uuid", "")
    if benefit not in of.benefits:
        return _unprocessable("company_benefit_uuid", "invalid_attribute_value", "There is no such company benefit")
    twins = [(each.employee_uuid, each.company_benefit_uuid) for each in of.enrolments.values()]
    if (who, benefit) in twins:
        return _unprocessable("base", "invalid_operation", "Employee cannot have more than one 401(k)")
    made = Enrolment(gusto.world.new_uuid(), who, sent, gusto.world.new_version(), benefit)
    of.enrolments[made.uuid] = made
    gusto.world.emit(of, "employee_benefit.created", "EmployeeBenefit", made.uuid)
    return JSONResponse(shapes.enrolment(made), status_code=201)


async def _change_employee_benefit(gusto: Gusto, request: Request) -> Response:
    return await _changed(gusto, request, _company(request).enrolments, "employee_benefit_id", shapes.enrolment)


async def _garnishments(gusto: Gusto, request: Request) -> Response:
    del gusto
    who = request.path_params["employee_id"]
    found = [each for each in _company(request).deductions.values() if each.employee_uuid == who]
    return _page(request, [shapes.deduction(each) for each in found])


async def _add_garnishment(gusto: Gusto, request: Request) -> Response:
    of, sent, who = _company(request), await request.json(), request.path_params["employee_id"]
    if who not in of.employees:
        return _not_found()
    if "amount" not in sent or "court_ordered" not in sent:
        return _unprocessable("amount", "missing_parameter", "amount and court_ordered are required")
    made = Enrolment(gusto.world.new_uuid(), who, sent, gusto.world.new_version())
    of.deductions[made.uuid] = made
    return JSONResponse(shapes.deduction(made), status_code=201)


async def _change_garnishment(gusto: Gusto, request: Request) -> Response:
    return await _changed(gusto, request, _company(request).deductions, "garnishment_id", shapes.deduction)


async def _changed(
    gusto: Gusto,
    request: Request,
    known: Mapping[str, Enrolment],
    parameter: str,
    shape: Callable[[Enrolment], dict[str, Any]],
) -> Response:
    """Only who has the current version may change something."""
    found, sent = known.get(request.path_params[parameter]), await request.json()
    if found is None:
        return _not_found()
    if sent.pop("version", None) != found.version:
        message = "You have updated a stale version of this resource, please retrieve it again"
        return _unprocessable("base", "invalid_resource_version", message, 409)
    found.fields |= sent
    found.version = gusto.world.new_version()
    gusto.world.emit(_company(request), "employee_benefit.updated", "EmployeeBenefit", found.uuid)
    return JSONResponse(shape(found))


async def _events(gusto: Gusto, request: Request) -> Response:
    wanted = request.query_params.get("resource_uuid", "")
    found = [each for each in gusto.webhooks.told if wanted in ("", each["resource_uuid"])]
    return JSONResponse(found[: int(request.query_params.get("limit", 25))])


async def _sandbox_company(gusto: Gusto, request: Request) -> Response:
    """Make a company with its people; answers with its id and a first pair of tokens."""
    sent = await request.json()
    of = gusto.world.add_company(name=sent["name"], ein=sent["ein"], first_check=served.day(sent["first_check"]))
    of.contribution = sent.get("contribution")
    people = {each["key"]: _hired(gusto, of, each).uuid for each in sent.get("people", ())}
    tokens = _tokens(gusto, gusto.grants.grant(of.uuid))
    return JSONResponse({"company_uuid": of.uuid, "people": people, "benefits": of.benefits, "tokens": tokens}, 201)


def _hired(gusto: Gusto, of: CompanyState, sent: Mapping[str, Any]) -> Employee:
    born = served.day(sent["date_of_birth"]) if sent.get("date_of_birth") else None
    made = gusto.world.hire(
        of,
        first_name=sent["first_name"],
        last_name=sent["last_name"],
        born_on=born,
        on=served.day(sent["hire_date"]),
        salary_cents=sent["salary_cents"],
    )
    if sent.get("terminated_on"):
        gusto.world.terminate(of, made, on=served.day(sent["terminated_on"]))
    return made


async def _sandbox_companies(gusto: Gusto, request: Request) -> Response:
    del request
    return served.there_are(gusto.world.companies, gusto.world.today)


async def _sandbox_hire(gusto: Gusto, request: Request) -> Response:
    of = gusto.world.companies[request.path_params["company_id"]]
    return JSONResponse({"employee_uuid": _hired(gusto, of, await request.json()).uuid}, 201)


async def _sandbox_employee(gusto: Gusto, request: Request) -> Response:
    """Terminate, rehire, rename, pay otherwise."""
    of = gusto.world.companies[request.path_params["company_id"]]
    who, sent = of.employees[request.path_params["employee_id"]], await request.json()
    if "terminated_on" in sent:
        gusto.world.terminate(of, who, on=served.day(sent["terminated_on"]))
    if "rehired_on" in sent:
        gusto.world.rehire(of, who, on=served.day(sent["rehired_on"]))
    changes = {name: sent[name] for name in ("first_name", "last_name", "salary_cents") if name in sent}
    if "date_of_birth" in sent:
        changes["born_on"] = served.day(sent["date_of_birth"])
    if "hire_date" in sent:
        who.spans[-1].hired_on = served.day(sent["hire_date"])
    if changes or "hire_date" in sent:
        gusto.world.change(of, who, **changes)
    for pay in sent.get("extra_pay", ()):
        of.extra_pay.setdefault((who.uuid, served.day(pay["check_date"])), {})[pay["name"]] = pay["cents"]
    return JSONResponse({"version": who.version})


async def _sandbox_clock(gusto: Gusto, request: Request) -> Response:
    ran = gusto.world.move_to(served.day((await request.json())["to"]))
    return JSONResponse({"today": gusto.world.today.isoformat(), "payrolls": [each.uuid for each in ran]})


async def _sandbox_reverse(gusto: Gusto, request: Request) -> Response:
    of = gusto.world.companies[request.path_params["company_id"]]
    found = of.payrolls[request.path_params["payroll_id"]]
    made = gusto.world.reverse(of, found, employees=(await request.json()).get("employees", []))
    return JSONResponse({"payroll_uuid": made.uuid}, 201)


async def _sandbox_cancel(gusto: Gusto, request: Request) -> Response:
    """A processed payroll is canceled: it is not listed as processed any more; ``{"undo": true}``: it is again."""
    of = gusto.world.companies[request.path_params["company_id"]]
    gusto.world.cancel(of, request.path_params["payroll_id"], undo=bool((await request.json()).get("undo")))
    return JSONResponse({})


async def _sandbox_wrong(gusto: Gusto, request: Request) -> Response:
    served.misbehave(gusto.wrong, await request.json(), path="/v1")
    return JSONResponse({})


async def _sandbox_tokens(gusto: Gusto, request: Request) -> Response:
    """``{"expire": true}``, ``{"revoke": company}``; answers with how often tokens were refreshed."""
    sent = await request.json()
    if sent.get("expire"):
        gusto.grants.expire()
    if "revoke" in sent:
        gusto.grants.revoke(sent["revoke"])
    tokens = _tokens(gusto, gusto.grants.grant(sent["grant"])) if "grant" in sent else None
    return JSONResponse({"refreshes": gusto.grants.refreshes, "tokens": tokens})


async def _sandbox_webhooks(gusto: Gusto, request: Request) -> Response:
    served.send_webhooks_to(gusto.webhooks, await request.json())
    return served.told_of(gusto.webhooks)


_API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/v1/token_info", _token_info),
    ("GET", "/v1/companies/{company_id}", _get_company),
    ("GET", "/v1/companies/{company_id}/pay_schedules", _pay_schedules),
    ("GET", "/v1/companies/{company_id}/employees", _employees),
    ("GET", "/v1/employees/{employee_id}/employment_history", _employment_history),
    ("GET", "/v1/companies/{company_id}/earning_types", _earning_types),
    ("GET", "/v1/companies/{company_id}/company_benefits", _company_benefits),
    ("GET", "/v1/company_benefits/{company_benefit_id}/employee_benefits", _benefit_enrolments),
    ("GET", "/v1/companies/{company_id}/payrolls", _payrolls),
    ("GET", "/v1/companies/{company_id}/payrolls/{payroll_id}", _payroll),
    ("GET", "/v1/employees/{employee_id}/employee_benefits", _employee_benefits),
    ("POST", "/v1/employees/{employee_id}/employee_benefits", _add_employee_benefit),
    ("PUT", "/v1/employee_benefits/{employee_benefit_id}", _change_employee_benefit),
    ("GET", "/v1/employees/{employee_id}/garnishments", _garnishments),
    ("POST", "/v1/employees/{employee_id}/garnishments", _add_garnishment),
    ("PUT", "/v1/garnishments/{garnishment_id}", _change_garnishment),
    ("GET", "/v1/events", _events),
)
_CONTROL: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/companies", _sandbox_company),
    ("GET", "/companies", _sandbox_companies),
    ("POST", "/companies/{company_id}/employees", _sandbox_hire),
    ("PATCH", "/companies/{company_id}/employees/{employee_id}", _sandbox_employee),
    ("POST", "/companies/{company_id}/payrolls/{payroll_id}/reverse", _sandbox_reverse),
    ("POST", "/companies/{company_id}/payrolls/{payroll_id}/cancel", _sandbox_cancel),
    ("POST", "/clock", _sandbox_clock),
    ("POST", "/misbehave", _sandbox_wrong),
    ("POST", "/tokens", _sandbox_tokens),
    ("POST", "/webhooks", _sandbox_webhooks),
)
