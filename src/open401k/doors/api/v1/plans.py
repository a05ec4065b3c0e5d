"""Sponsors, plans and people over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from open401k import census, plan
from open401k.base import heads
from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, Open401kError, SponsorId, day_of, named_uuid
from open401k.views import whereabouts

from ...described import sent as sent_model
from ...guard import Caller, Needs
from ...late_facts import refuse_impossible
from ...problems import NOT_FOUND, FieldProblem, Problem, ProblemError
from . import models
from .once import key_of, once
from .paging import LIMIT, Cursor, Limit, page
from .payroll import named

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Provisions: Any = sent_model(plan.Provisions)


class NewPlan(models.NewPlan):
    """A plan to adopt; ``provisions`` is the document as data."""

    provisions: Provisions


@router.get("/sponsors")
def list_sponsors(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW, anywhere=True))],
    after: Cursor = None,
    limit: Limit = LIMIT,
) -> models.Page[models.Sponsor]:
    """Every sponsor that this credential may see, the first registered first."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        found = plan.list_sponsors(tx)
    shown, following = page(found, lambda each: str(each.sponsor_id), after=after, limit=limit)
    return models.Page(items=[_sponsor(each) for each in shown], next=following)


@router.post("/sponsors", status_code=201)
def register_sponsor(
    caller: Annotated[Caller, Depends(Needs(Permission.SPONSOR_ADD))],
    key: Key,
    sent: models.NewSponsor,
    response: Response,
) -> models.Sponsor:
    """Register an employer. Its id follows from the key, so a repetition finds the first one."""
    if not _is_ein(sent.ein):
        place = FieldProblem("The IRS has never given out this number.", "Copy it from notice CP 575.", pointer="/ein")
        raise ProblemError(Problem(422, "invalid", "That is not an employer's number.", errors=[place]))
    sponsor_id = SponsorId(named_uuid("sponsor", str(caller.principal.id), key))
    with caller.services.db.begin(caller.actor, tenants=[sponsor_id]) as tx:
        heads.open(tx, tenant_id=sponsor_id)  # what the key's own record hangs on

    def work(tx: Tx) -> dict[str, object]:
        plan.register_sponsor(
            tx, name=sent.name, ein=sent.ein, established_on=sent.established_on, sponsor_id=sponsor_id
        )
        return _sponsor(plan.sponsor(tx, tenant_id=sponsor_id)).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = once(caller, tenant_id=sponsor_id, key=key, what="plan.register_sponsor", body=body, work=work)
    response.headers["Location"] = f"/v1/sponsors/{sponsor_id}"
    return models.Sponsor.model_validate(kept)


@router.get("/sponsors/{sponsor_id}")
def get_sponsor(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> models.Sponsor:
    """One sponsor."""
    with caller.begin() as tx:
        return _sponsor(plan.sponsor(tx, tenant_id=caller.tenant))


@router.get("/plans")
def list_plans(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW, anywhere=True))],
    after: Cursor = None,
    limit: Limit = LIMIT,
) -> models.Page[models.Plan]:
    """Every plan that this credential may see, the first adopted first."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        places, following = page(whereabouts.plans_in_sight(tx), lambda each: str(each[1]), after=after, limit=limit)
        plans = [_plan(tx, place, plan.get(tx, tenant_id=place, plan_id=plan_id)) for place, plan_id, _ in places]
    return models.Page(items=plans, next=following)


@router.get("/plans/{plan_id}")
def get_plan(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> models.Plan:
    """One plan with the provisions in force today."""
    with caller.begin() as tx:
        return _plan(tx, caller.tenant, plan.get(tx, tenant_id=caller.tenant, plan_id=caller.plan))


@router.post("/sponsors/{sponsor_id}/plans", status_code=201)
def adopt_plan(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))],
    key: Key,
    sent: NewPlan,
    response: Response,
) -> models.Plan:
    """Adopt a plan from its provisions; what is left out has its usual value.

    Where the law or the engine does not allow a provision, `errors` names each by its place in the body.
    """
    terms = _terms(sent)

    def work(tx: Tx) -> dict[str, object]:
        plan_id = plan.adopt(
            tx,
            tenant_id=caller.tenant,
            provisions=terms,
            name=sent.name,
            number=sent.number,
            effective_on=sent.effective_on,
        )
        return _plan(tx, caller.tenant, plan.get(tx, tenant_id=caller.tenant, plan_id=plan_id)).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = once(caller, tenant_id=caller.tenant, key=key, what="plan.adopt", body=body, work=work)
    adopted = models.Plan.model_validate(kept)
    response.headers["Location"] = f"/v1/plans/{adopted.plan_id}"
    return adopted


@router.get("/sponsors/{sponsor_id}/employees")
def list_employees(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))], after: Cursor = None, limit: Limit = LIMIT
) -> models.Page[models.Employee]:
    """Everyone on the roster, whoever came first first."""
    with caller.begin() as tx:
        found = census.roster(tx, tenant_id=caller.tenant)
    shown, following = page(found, lambda each: str(each.employee_id), after=after, limit=limit)
    return models.Page(items=[_employee(each) for each in shown], next=following)


@router.get("/sponsors/{sponsor_id}/employees/{employee_id}")
def get_employee(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))], employee_id: str
) -> models.Employee:
    """One person, as known now."""
    wanted = named(EmployeeId, employee_id)
    with caller.begin() as tx:
        found = [each for each in census.roster(tx, tenant_id=caller.tenant) if each.employee_id == wanted]
    if not found:
        raise ProblemError(NOT_FOUND)
    return _employee(found[0])


@router.post("/sponsors/{sponsor_id}/employees", status_code=201)
def add_employee(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))],
    key: Key,
    sent: models.NewEmployee,
    response: Response,
) -> models.Employee:
    """Put a person on the roster, with the pay of years before and with relatives who are there already."""
    years = [each.year for each in sent.annual_pay]
    if len(set(years)) != len(years):
        place = FieldProblem("A year is there twice.", "Add the two up.", pointer="/annual_pay")
        raise ProblemError(Problem(422, "invalid", "A year has one pay.", errors=[place]))

    def work(tx: Tx) -> dict[str, object]:
        employee_id = census.add_employee(
            tx,
            tenant_id=caller.tenant,
            ssn=sent.ssn,
            first_name=sent.first_name,
            last_name=sent.last_name,
            birth_date=sent.birth_date,
            hired_on=sent.hired_on,
            terminated_on=sent.terminated_on,
            employee_class=sent.employee_class,
            ownership_bps=sent.ownership_bps,
            officer=sent.officer,
            annual_pay={each.year: _pay(each) for each in sent.annual_pay},
            event_on=sent.hired_on or day_of(tx.now),
        )
        since = plan.sponsor(tx, tenant_id=caller.tenant).established_on
        for each in sent.family:
            relative = census.employee(tx, tenant_id=caller.tenant, employee_id=named(EmployeeId, each.employee_id))
            fact = census.Family(relative.employee_id, each.relation)
            person = census.employee(tx, tenant_id=caller.tenant, employee_id=employee_id)
            of = {relative.employee_id: relative}
            refuse_impossible(person, fact, event_on=since, today=day_of(tx.now), relatives=of)
            census.record_fact(tx, tenant_id=caller.tenant, employee_id=employee_id, fact=fact, event_on=since)
        found = census.employee(tx, tenant_id=caller.tenant, employee_id=employee_id)
        return _employee(found).model_dump(mode="json")

    body = said_of(sent)
    kept = once(caller, tenant_id=caller.tenant, key=key, what="census.add_employee", body=body, work=work)
    added = models.Employee.model_validate(kept)
    response.headers["Location"] = f"/v1/sponsors/{caller.tenant}/employees/{added.employee_id}"
    return added


def said_of(sent: models.NewEmployee) -> bytes:
    """What a key stands for: without the members that came later it is what it was, and the first answer is given."""
    later = {name for name in ("terminated_on", "annual_pay", "family") if not getattr(sent, name)}
    return sent.model_dump_json(exclude=later).encode()


def _pay(sent: models.YearOfPay) -> census.AnnualPay:
    plan_cents, section_415, fica, hours = (
        Money.usd(text).cents
        for text in (sent.plan_compensation, sent.section_415_compensation, sent.fica_wages, sent.hours)
    )
    return census.AnnualPay(section_415, plan_cents, fica, hours)  # hundredths of hours as of dollars


def _terms(sent: NewPlan) -> plan.Provisions:
    """The provisions of a body that can stand; else every one that cannot, by its place."""
    terms = plan.provisions_from_json(sent.provisions.model_dump(mode="json"))
    wrong = plan.problems(terms)
    if wrong:
        title = "The law, or this engine, does not allow these provisions."
        raise ProblemError(Problem(422, "provisions_not_allowed", title, errors=[_place(each) for each in wrong]))
    return terms


def _place(wrong: plan.ProvisionProblem) -> FieldProblem:
    pointer = "/provisions/" + wrong.field.replace(".", "/")
    return FieldProblem(f"{wrong.reason} ({wrong.citation})", wrong.fix, "provision.not_allowed", pointer)


def _is_ein(text: str) -> bool:
    try:
        plan.parse_ein(text)
    except Open401kError:
        return False
    return True


def _sponsor(known: plan.Sponsor) -> models.Sponsor:
    return models.Sponsor(
        sponsor_id=str(known.sponsor_id), name=known.name, ein=known.ein_written, established_on=known.established_on
    )


def _plan(tx: Tx, tenant_id: SponsorId, known: plan.Plan) -> models.Plan:
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=known.plan_id, on=day_of(tx.now))
    return models.Plan(
        plan_id=str(known.plan_id),
        sponsor_id=str(tenant_id),
        name=known.name,
        number=known.number,
        adopted_on=known.adopted_on,
        provisions=plan.provisions_to_json(terms),
    )


def _employee(known: census.Employee) -> models.Employee:
    last = known.employment[-1] if known.employment else None
    return models.Employee(
        employee_id=str(known.employee_id),
        first_name=known.first_name,
        last_name=known.last_name,
        ssn=census.mask_ssn(known.ssn_last4),
        birth_date=known.birth_date,
        hired_on=last.hired_on if last else None,
        terminated_on=last.terminated_on if last else None,
        employee_class=known.employee_class,
        ownership_bps=known.ownership_bps,
        officer=known.officer,
        annual_pay=sorted(known.annual_pay),
        family=[str(relative) for relative, _ in known.family],
    )
