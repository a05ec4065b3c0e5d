"""Sponsors, plans and people over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from open401k import census, plan
from open401k.base.access import Permission
from open401k.base.db import ALL_TENANTS, Tx
from open401k.kernel import SponsorId, day_of, named_uuid
from open401k.views import whereabouts

from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from . import models
from .once import KEY_REUSED, key_of, once

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]


@router.get("/sponsors")
def list_sponsors(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW, anywhere=True))],
) -> models.Page[models.Sponsor]:
    """Every sponsor that this credential may see."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        return models.Page(items=[_sponsor(each) for each in plan.list_sponsors(tx)])


@router.post("/sponsors", status_code=201)
def register_sponsor(
    caller: Annotated[Caller, Depends(Needs(Permission.SPONSOR_ADD))], key: Key, sent: models.NewSponsor
) -> models.Sponsor:
    """Register an employer. Its id follows from the key, so a repetition finds the first one."""
    sponsor_id = SponsorId(named_uuid("sponsor", str(caller.principal.id), key))
    with caller.services.db.begin(caller.actor, tenants=ALL_TENANTS) as tx:
        known = {each.sponsor_id: each for each in plan.list_sponsors(tx)}.get(sponsor_id)
        if known is None:
            plan.register_sponsor(
                tx, name=sent.name, ein=sent.ein, established_on=sent.established_on, sponsor_id=sponsor_id
            )
            known = plan.sponsor(tx, tenant_id=sponsor_id)
    same = (known.name, known.ein, known.established_on) == (
        sent.name.strip(),
        plan.parse_ein(sent.ein),
        sent.established_on,
    )
    if not same:
        raise ProblemError(KEY_REUSED)
    return _sponsor(known)


@router.get("/sponsors/{sponsor_id}")
def get_sponsor(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> models.Sponsor:
    """One sponsor."""
    with caller.begin() as tx:
        return _sponsor(plan.sponsor(tx, tenant_id=caller.tenant))


@router.get("/plans")
def list_plans(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW, anywhere=True))],
) -> models.Page[models.Plan]:
    """Every plan that this credential may see."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        places = whereabouts.plans_in_sight(tx)
        plans = [_plan(tx, place, plan.get(tx, tenant_id=place, plan_id=plan_id)) for place, plan_id, _ in places]
    return models.Page(items=plans)


@router.get("/plans/{plan_id}")
def get_plan(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> models.Plan:
    """One plan with the provisions in force today."""
    with caller.begin() as tx:
        return _plan(tx, caller.tenant, plan.get(tx, tenant_id=caller.tenant, plan_id=caller.plan))


@router.post("/sponsors/{sponsor_id}/plans", status_code=201)
def adopt_plan(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))], key: Key, sent: models.NewPlan
) -> models.Plan:
    """Adopt a plan from its provisions."""
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
    return models.Plan.model_validate(kept)


@router.get("/sponsors/{sponsor_id}/employees")
def list_employees(caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]) -> models.Page[models.Employee]:
    """Everyone on the roster."""
    with caller.begin() as tx:
        return models.Page(items=[_employee(each) for each in census.roster(tx, tenant_id=caller.tenant)])


@router.post("/sponsors/{sponsor_id}/employees", status_code=201)
def add_employee(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: models.NewEmployee
) -> models.Employee:
    """Put a person on the roster."""

    def work(tx: Tx) -> dict[str, object]:
        employee_id = census.add_employee(
            tx,
            tenant_id=caller.tenant,
            ssn=sent.ssn,
            first_name=sent.first_name,
            last_name=sent.last_name,
            birth_date=sent.birth_date,
            hired_on=sent.hired_on,
            employee_class=sent.employee_class,
            event_on=sent.hired_on or day_of(tx.now),
        )
        found = census.employee(tx, tenant_id=caller.tenant, employee_id=employee_id)
        return _employee(found).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = once(caller, tenant_id=caller.tenant, key=key, what="census.add_employee", body=body, work=work)
    return models.Employee.model_validate(kept)


def _terms(sent: models.NewPlan) -> plan.Provisions:
    try:
        return plan.provisions_from_json(sent.provisions)
    except (KeyError, TypeError, ValueError) as error:
        place = FieldProblem(f"The provisions cannot be read: {error}.", pointer="/provisions")
        raise ProblemError(Problem(422, "invalid", "The provisions are not valid.", errors=[place])) from None


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
    )
