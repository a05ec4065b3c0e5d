"""Failures of the past and the corrections that the employer decides on, over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field, StrictBool, StrictInt

from open401k import compliance, fiduciary
from open401k.base.access import Permission
from open401k.base.plain import plain
from open401k.compliance import Affected, Failure, FailureKind, Proposal
from open401k.kernel import EmployeeId, FailureId, Money, ProposalId, named_uuid
from open401k.recordkeeping import overpaid_decided
from open401k.recordkeeping.overpaid_decided import Decided

from ... import corrections, overpaid
from ...guard import Caller, Needs
from ...problems import NOT_FOUND, ProblemError
from ...texts import Name, Sent, Text
from . import models
from .once import answered, key_of
from .payroll import named

router = APIRouter(tags=["Corrections"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.ALERT_VIEW))]
Decider = Annotated[Caller, Depends(Needs(Permission.ALERT_DECIDE))]
Mover = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Bps = Annotated[StrictInt, Field(ge=1, le=10_000, description="Share of pay in basis points: 600 is 6 %")]


class AffectedPerson(Sent):
    """One person, and the elected or default rate; none for those left out of a plan without automatic enrollment."""

    employee_id: Text
    rate_bps: Bps | None = None


class FailureSent(Sent):
    """Deferrals that should have been withheld and were not. Send it again with its id as more is known."""

    failure_id: Annotated[Text | None, Field(description="Of a failure that is on file; left out, it is a new one")] = (
        None
    )
    kind: FailureKind
    people: Annotated[list[AffectedPerson], Field(min_length=1, max_length=10_000)]
    found_on: date
    how_found: Name
    first_on: Annotated[date | None, Field(description="Left out for people left out: from each one's entry")] = None
    until: date | None = None
    told_on: date | None = None
    begin_on: date | None = None
    notice_on: date | None = None
    automatic: StrictBool = False
    uniform: StrictBool = True


class Declined(Sent):
    """Why a correction is declined."""

    reason: Name


class MoneyCame(Sent):
    """When the employer's money for a correction arrived."""

    received_on: date


class OverpaidSettled(Sent):
    """What became of overpaid money: paid back by the person, restored by the employer or another, or left."""

    employee_id: Text
    source: Text
    became: Literal["paid_back", "restored", "left"]
    amount: Text
    on: date
    reason: Text
    bank_line: Literal["", "same", "other"] = Field(
        default="", description="Of a line of the bank that paid a payroll by this sum alone: this money, or other"
    )
    inadvertent_and_within_limits: bool = Field(
        default=False, description="For `left`: inadvertent, and not above 401(a)(17) or 415 (IRC 414(aa))"
    )


@router.post("/plans/{plan_id}/failures", status_code=201)
def record_failure(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: FailureSent
) -> models.FailureOnFile:
    """Record a failure, or more of one. What it costs is counted and proposed; nothing is posted."""

    def work() -> dict[str, Any]:
        failure = _failure(caller, key, sent)
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant}
        corrections.record(caller.services.db, **of, failure=failure, key=key)
        with caller.begin() as tx:
            known = compliance.proposals(
                tx, tenant_id=caller.tenant, plan_id=caller.plan, about=str(failure.failure_id)
            )
        waiting = [each for each in known if each.state is compliance.ProposalState.PROPOSED]
        found = _shown(waiting[-1]) if waiting else None
        return models.FailureOnFile(failure_id=str(failure.failure_id), proposed=found).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = answered(caller, key=key, what=f"failure {caller.plan}", body=body, work=work)
    return models.FailureOnFile.model_validate(kept)


@router.get("/plans/{plan_id}/corrections")
def list_corrections(caller: Reader) -> list[models.CorrectionToDecide]:
    """Every correction that was ever proposed, the oldest first."""
    with caller.begin() as tx:
        known = compliance.proposals(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return [_shown(each) for each in known]


@router.get("/plans/{plan_id}/overpayments")
def list_overpayments(caller: Reader) -> list[models.OverpaidMoney]:
    """What left accounts before it was taken back, by person and source; a person decides what becomes of it."""
    with caller.begin() as tx:
        found = fiduciary.overpaid_open(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return [
        models.OverpaidMoney(
            employee_id=str(each.employee_id), source=each.source.value, amount=Money(each.cents).plain(),
            since=each.since, found_on=each.found_on, act_by=each.act_by, acts=each.acts, text=each.words,
            cite=each.cite,
        )
        for each in found
    ]  # fmt: skip


@router.post("/plans/{plan_id}/overpayments", status_code=201)
def settle_overpayment(caller: Decider, key: Key, sent: OverpaidSettled) -> models.OverpaidSettledMoney:
    """Record what became of money that left before it was taken back; what came again waits as the employer's.

    It pays what the employer owes next and is not given back. What is left needs the word that it may be.
    """

    def work() -> dict[str, Any]:
        done = overpaid.settle(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, key=key,
            employee=sent.employee_id, source=sent.source, became=sent.became, amount=sent.amount, on=sent.on,
            reason=sent.reason, within_limits=sent.inadvertent_and_within_limits,
            line=sent.bank_line,
        )  # fmt: skip
        return _settled(done).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = answered(caller, key=key, what=f"overpaid {caller.plan}", body=body, work=work)
    return models.OverpaidSettledMoney.model_validate(kept)


@router.get("/plans/{plan_id}/overpayments/decisions")
def list_overpayment_decisions(caller: Reader) -> list[models.OverpaidSettledMoney]:
    """What was decided on overpaid money, in order, also what was taken back since."""
    with caller.begin() as tx:
        known = overpaid_decided.ever_decided(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return [_settled(each) for each in known]


@router.post("/plans/{plan_id}/overpayments/decisions/{decision_id}/undo")
def undo_overpayment(caller: Decider, key: Key, decision_id: str, sent: Declined) -> models.OverpaidSettledMoney:
    """Take back a decision that was wrong, with a reason: what was overpaid is open again.

    Money that no statement of the bank shows leaves the books; what one shows waits as the employer's.
    """

    def work() -> dict[str, Any]:
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        done = overpaid.undo(caller.services.db, **of, decision=decision_id, reason=sent.reason)
        return _settled(done).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    kept = answered(caller, key=key, what=f"undo {decision_id}", body=body, work=work)
    return models.OverpaidSettledMoney.model_validate(kept)


def _settled(done: Decided) -> models.OverpaidSettledMoney:
    return models.OverpaidSettledMoney(
        decision_id=str(done.decision_id), employee_id=str(done.employee_id), source=done.source.value,
        became=done.became.value, amount=Money(done.cents).plain(), on=done.on, text=done.words,
        entry_id=str(done.entry_id) if done.entry_id else None, reason=done.reason, undone_on=done.undone_on,
        undone_because=done.undone_because,
    )  # fmt: skip


@router.get("/plans/{plan_id}/corrections/{proposal_id}")
def show_correction(caller: Reader, proposal_id: str) -> models.CorrectionToDecide:
    """One correction with its working, the notices, and what waiting costs."""
    wanted = named(ProposalId, proposal_id)
    with caller.begin() as tx:
        found = compliance.get_proposal(tx, tenant_id=caller.tenant, proposal_id=wanted)
    if found.plan_id != caller.plan:
        raise ProblemError(NOT_FOUND)
    return _shown(found)


@router.post("/plans/{plan_id}/corrections/{proposal_id}/approve")
def approve_correction(caller: Decider, key: Key, proposal_id: str) -> models.CorrectionToDecide:
    """Approve a correction: it is posted with earnings to today, once. The employer owes its amount from now on."""
    wanted = named(ProposalId, proposal_id)

    def work() -> dict[str, Any]:
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        done = corrections.approve(caller.services.db, **of, proposal_id=wanted)
        return _shown(done).model_dump(mode="json")

    kept = answered(caller, key=key, what=f"approve {wanted}", body=b"", work=work)
    return models.CorrectionToDecide.model_validate(kept)


@router.post("/plans/{plan_id}/corrections/{proposal_id}/decline")
def decline_correction(caller: Decider, key: Key, proposal_id: str, sent: Declined) -> models.CorrectionToDecide:
    """Decline a correction with a reason; the same is not proposed again."""
    wanted = named(ProposalId, proposal_id)

    def work() -> dict[str, Any]:
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        done = corrections.decline(caller.services.db, **of, proposal_id=wanted, reason=sent.reason)
        return _shown(done).model_dump(mode="json")

    kept = answered(caller, key=key, what=f"decline {wanted}", body=sent.model_dump_json().encode(), work=work)
    return models.CorrectionToDecide.model_validate(kept)


@router.post("/plans/{plan_id}/corrections/{proposal_id}/received")
def correction_received(caller: Mover, key: Key, proposal_id: str, sent: MoneyCame) -> models.CorrectionToDecide:
    """Record that all the employer's money for an approved correction has arrived: what it owes falls, once."""
    wanted = named(ProposalId, proposal_id)

    def work() -> dict[str, Any]:
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        corrections.received(caller.services.db, **of, proposal_id=wanted, on=sent.received_on)
        with caller.begin() as tx:
            found = compliance.get_proposal(tx, tenant_id=caller.tenant, proposal_id=wanted)
        return _shown(found).model_dump(mode="json")

    kept = answered(caller, key=key, what=f"received {wanted}", body=sent.model_dump_json().encode(), work=work)
    return models.CorrectionToDecide.model_validate(kept)


def _failure(caller: Caller, key: str, sent: FailureSent) -> Failure:
    new = FailureId(named_uuid("failure", str(caller.tenant), str(caller.plan), key))
    told = sent.model_dump(exclude={"failure_id", "people"})
    return Failure(
        failure_id=named(FailureId, sent.failure_id) if sent.failure_id else new,
        plan_id=caller.plan,
        people=tuple(Affected(named(EmployeeId, each.employee_id), each.rate_bps) for each in sent.people),
        **told,
    )


def _shown(found: Proposal) -> models.CorrectionToDecide:
    told = found.told
    return models.CorrectionToDecide(
        proposal_id=str(found.proposal_id),
        about=found.about,
        state=found.state.value,
        kind=told.kind,
        title=told.title,
        text=told.text,
        paragraph=told.paragraph,
        on=told.on,
        principal=Money(told.principal_cents).plain(),
        earnings=Money(told.earnings_cents).plain(),
        decide_by=told.decide_by,
        not_ready=told.not_ready,
        needed=list(told.needed),
        credits=[
            models.CorrectionCredit(
                employee_id=str(each.employee_id),
                source=each.source.value,
                year_start=each.year_start,
                amount=Money(each.contribution_cents).plain(),
                earnings=Money(each.earnings_cents).plain(),
            )
            for each in told.credits
        ],
        waiting=[
            models.CorrectionStage(until=each.until, cost=Money(each.cents).plain(), text=each.text)
            for each in told.waiting
        ],
        notices=[
            models.CorrectionNotice(
                employee_id=str(each.employee_id), give_by=each.give_by, text=each.text, given_on=each.given_on
            )
            for each in told.notices
        ],
        working=plain(told.working),
        recorded_at=found.recorded_at,
        ended_at=None if found.state is compliance.ProposalState.PROPOSED else found.ended_at,
        reason=str(found.ended_with.get("reason") or ""),
        replaced_by=found.ended_with.get("by"),
    )
