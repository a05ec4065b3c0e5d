"""A person says what payroll codes are for: the past follows, and payrolls that wait are checked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from open401k import census, payroll, plan
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, done
from open401k.kernel import FlowId, Open401kError, PlanId, SponsorId
from open401k.payroll import runs

from .code_kinds import PayCodeKinds
from .correction import Correction, correct
from .payroll_check import check_run

Questions: TypeAlias = dict[tuple[census.Side, str], payroll.Question | payroll.DeductionQuestion]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one code is for, as a person says it; what is left out is as it was, or as the file shows."""

    code: str
    kind: str
    event_on: date | None = None
    in_gross: bool | None = None
    side: census.Side = census.Side.EARNING


@dataclass(frozen=True, slots=True)
class Confirming:
    """Choices of one person; ``certain`` confirms every proposal that is certain by wording and arithmetic as well."""

    tenant_id: SponsorId
    plan_id: PlanId
    flow_id: FlowId
    choices: Sequence[Choice] = ()
    certain: bool = False


def confirm(db: Database, *, actor: Actor, asked: Confirming) -> FlowResults:
    """Record the kinds, settle every plan of the sponsor to them, check again what waited for them."""
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        begun = done(tx, tenant_id=asked.tenant_id, flow_id=asked.flow_id)  # then it goes on with what it recorded
        said = () if begun else said_of(tx, asked)
    learned = PayCodeKinds(said)
    results = correct(db, actor=actor, correction=Correction(asked.tenant_id, asked.plan_id, asked.flow_id, learned))
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        heads.lock(tx, tenant_id=asked.tenant_id)
        _check_again(tx, asked)
    return results


def said_of(tx: Tx, asked: Confirming) -> tuple[census.CodeKind, ...]:
    """The choices with their evidence; nothing to confirm is an error that says so."""
    kinds = census.code_kinds(tx, tenant_id=asked.tenant_id)
    before = {(each.said.side, each.said.code): each.said for each in kinds}
    open_questions = _open(tx, asked, kinds)
    choices = {(each.side, each.code): each for each in (_certain(open_questions) if asked.certain else [])}
    choices |= {(each.side, each.code): each for each in asked.choices}
    if not choices:
        raise Open401kError("There is nothing to confirm.", fix="Name a code and what it is for.")
    return tuple(
        payroll.answer(
            open_questions.get((each.side, each.code)),
            before.get((each.side, each.code)),
            code=each.code,
            kind=each.kind,
            event_on=each.event_on,
            in_gross=each.in_gross,
            side=each.side,
        )
        for each in choices.values()
    )


def _open(tx: Tx, asked: Confirming, kinds: Sequence[census.SaidKind]) -> Questions:
    of: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": asked.plan_id, "kinds": kinds}
    found: Questions = {(census.Side.EARNING, code): each for code, each in payroll.questions(tx, **of).items()}
    found |= {(census.Side.DEDUCTION, code): each for code, each in payroll.deduction_questions(tx, **of).items()}
    return found


def _certain(open_questions: Questions) -> list[Choice]:
    return [
        Choice(code, str(question.proposal.kind), side=side)
        for (side, code), question in open_questions.items()
        if question.proposal.certain
    ]


def _check_again(tx: Tx, asked: Confirming) -> None:
    """What waits for a person may have waited for this alone."""
    for plan_id in (asked.plan_id, *plan.other_plans(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id)):
        for run in runs.history(tx, tenant_id=asked.tenant_id, plan_id=plan_id):
            if run.status == runs.Status.NEEDS_CONFIRMATION:
                check_run(tx, tenant_id=asked.tenant_id, run=run)
