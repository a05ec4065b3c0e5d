"""The corrections inbox: what is proposed, approved, declined, with who, how much, until when. Not here: deciding."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import census, compliance, fiduciary
from open401k.base.db import Tx
from open401k.compliance import Proposal, ProposalState
from open401k.kernel import EmployeeId, FailureId, Money, PlanId, ProposalId, Source, SponsorId, day_of
from open401k.recordkeeping import overpaid_decided

from . import who
from .heading import heading
from .shown import PlanHeading

_KINDS = {
    "left_out": "Left out though eligible",
    "election_not_followed": "Election not followed",
    "automatic_not_applied": "Automatic enrollment or escalation not applied",
    "compensation_wrong": "Deferrals from wrong compensation",
    "catch_up_not_offered": "Catch-up not offered",
    compliance.LATE_DEPOSIT: "Deposit came late",
    compliance.LATE_FACT: "Owed by what was learned",
    compliance.EXCESS_ADDITIONS: "Additions over IRC 415(c)",
}
_PERSON = re.compile(rf"\b{EmployeeId.prefix}_[0-9a-f]{{32}}\b")
_STATES = {
    ProposalState.PROPOSED: "proposed",
    ProposalState.APPROVED: "approved and posted",
    ProposalState.DECLINED: "declined",
    ProposalState.REPLACED: "replaced",
}


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What one person's source gains or loses."""

    person: str
    source: str
    amount: Money
    earnings: Money


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """What it costs, and until when."""

    until: date | None
    text: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """The notice to one person, to be copied."""

    person: str
    give_by: date
    text: str
    given_on: date | None = None


@dataclass(frozen=True, slots=True)
class FailureLine:
    """What is recorded of the failure behind a correction, as a form shows it."""

    failure_id: FailureId
    begin_on: date | None
    notice_on: date | None
    told_on: date | None


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """One correction of the inbox."""

    proposal_id: ProposalId
    kind: str
    title: str
    text: str
    paragraph: str
    state: str
    waits: bool
    approved: bool
    principal: Money
    earnings: Money
    total: Money
    decide_by: date | None
    not_ready: str
    needed: tuple[str, ...]
    proposed_at: datetime
    ended_at: datetime | None
    ended_by: str
    reason: str
    replaced_by: str
    credits: tuple[CreditLine, ...]
    waiting: tuple[WaitingLine, ...]
    notices: tuple[NoticeLine, ...]
    working: tuple["WorkingLine", ...]
    failure: FailureLine | None
    since: tuple[str, ...] = ()
    """What became of one that was approved: its money, its place in the accounts, its notice, whether it is closed."""


#: Kinds of corrections of what nobody recorded as a failure.
_NO_FAILURE = (compliance.LATE_DEPOSIT, compliance.LATE_FACT, compliance.EXCESS_ADDITIONS)


@dataclass(frozen=True, slots=True)
class WorkingLine:
    """One person and plan year, as it was worked out."""

    person: str
    plan_year: str
    rate: str
    basis: str
    pay: Money
    deferred: Money
    missed: Money
    share: str
    qnec: Money
    match: Money
    relief: str
    shut: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverpaidLine:
    """What left an account before it was taken back, and who acts by when."""

    employee_id: EmployeeId
    person: str
    source: str
    amount: Money
    found_on: date
    act_by: date | None
    acts: str
    text: str
    cite: str
    of_source: str


@dataclass(frozen=True, slots=True)
class OverpaidSettled:
    """What became of such money, with its rule and who said so why."""

    decision_id: str
    person: str
    source: str
    words: str
    reason: str
    undone_on: date | None = None
    undone_because: str = ""


@dataclass(frozen=True, slots=True)
class OverpaidBeyond:
    """Money that came again though a later fact shows that it was due."""

    person: str
    source: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything about corrections of one plan; ``people`` are those whom a failure can be recorded for."""

    heading: PlanHeading
    waiting: tuple[CorrectionLine, ...]
    done: tuple[CorrectionLine, ...]
    people: tuple[tuple[EmployeeId, str], ...]
    kinds: tuple[tuple[str, str], ...]
    overpaid: tuple[OverpaidLine, ...]
    settled: tuple[OverpaidSettled, ...] = ()
    beyond: tuple[OverpaidBeyond, ...] = ()


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Inbox:
    """What waits, the most urgent first; then what was decided, the newest first."""
    roster = census.roster(tx, tenant_id=tenant_id)
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in roster}
    known = compliance.proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
    called = who.names(tx, [each.ended_by for each in known])
    money = {each.proposal_id: each for each in compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)}
    lines = [line_of(tx, tenant_id, each, names, called, money.get(each.proposal_id)) for each in known]
    waiting = sorted((each for each in lines if each.waits), key=lambda each: each.decide_by or date.max)
    done = [each for each in reversed(lines) if not each.waits]
    today = day_of(tx.now)
    here = [each for each in roster if any(span.hired_on <= today for span in each.employment)]
    return Inbox(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        waiting=tuple(waiting),
        done=tuple(done),
        people=tuple(sorted(((each.employee_id, names[each.employee_id]) for each in here), key=lambda each: each[1])),
        kinds=tuple((kind.value, _KINDS[kind.value]) for kind in compliance.FailureKind),
        overpaid=overpaid(tx, tenant_id=tenant_id, plan_id=plan_id, names=names),
        settled=tuple(
            OverpaidSettled(
                str(each.decision_id), names.get(each.employee_id, ""), _source(each.source), each.words, each.reason,
                each.undone_on, each.undone_because,
            )
            for each in overpaid_decided.ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)
        ),
        beyond=tuple(
            OverpaidBeyond(names.get(each.employee_id, ""), _source(each.source), Money(each.cents))
            for each in fiduciary.overpaid_beyond(tx, tenant_id=tenant_id, plan_id=plan_id)
        ),
    )  # fmt: skip


def overpaid(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, names: Mapping[EmployeeId, str] | None = None
) -> tuple[OverpaidLine, ...]:
    """What is overpaid by now; ``names`` where somebody has read them."""
    found = fiduciary.overpaid_open(tx, tenant_id=tenant_id, plan_id=plan_id)
    if names is None and found:
        people = census.roster(tx, tenant_id=tenant_id, employee_ids=[each.employee_id for each in found])
        names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in people}
    return tuple(
        OverpaidLine(
            each.employee_id, (names or {}).get(each.employee_id, str(each.employee_id)), _source(each.source),
            Money(each.cents), each.found_on, each.act_by, each.acts, each.words, each.cite,
            each.source.value,
        )
        for each in found
    )  # fmt: skip


def load_one(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, proposal_id: ProposalId) -> CorrectionLine | None:
    """One correction; None where the plan has none of that id."""
    known = compliance.proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = next((each for each in known if each.proposal_id == proposal_id), None)
    if found is None:
        return None
    roster = census.roster(tx, tenant_id=tenant_id)
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in roster}
    money = compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    owed = next((each for each in money if each.proposal_id == proposal_id), None)
    return line_of(tx, tenant_id, found, names, who.names(tx, [found.ended_by]), owed)


def line_of(
    tx: Tx,
    tenant_id: SponsorId,
    each: Proposal,
    names: Mapping[EmployeeId, str],
    called: Mapping[str, str],
    owed: compliance.CorrectionOwed | None,
) -> CorrectionLine:
    """One proposal as a person reads it; ``owed``: its money, where it was approved and asks for some."""
    told, waits = each.told, each.state is ProposalState.PROPOSED
    return CorrectionLine(
        proposal_id=each.proposal_id,
        kind=_KINDS.get(told.kind, told.kind),
        title=told.title,
        text=_with_names(told.text, names),
        paragraph=told.paragraph,
        state=_STATES[each.state],
        waits=waits,
        approved=each.state is ProposalState.APPROVED,
        principal=Money(told.principal_cents),
        earnings=Money(told.earnings_cents),
        total=Money(told.total_cents),
        decide_by=told.decide_by,
        not_ready=told.not_ready,
        needed=told.needed,
        proposed_at=each.recorded_at,
        ended_at=None if waits else each.ended_at,
        ended_by="" if waits else called[each.ended_by],
        reason=why_ended(each.state, each.ended_with),
        replaced_by=str(each.ended_with.get("by") or ""),
        credits=tuple(
            CreditLine(
                names.get(one.employee_id, str(one.employee_id)), _source(one.source), Money(one.contribution_cents),
                Money(one.earnings_cents),
            )
            for one in told.credits
        ),
        waiting=tuple(WaitingLine(one.until, one.text) for one in told.waiting),
        notices=tuple(
            NoticeLine(names.get(one.employee_id, str(one.employee_id)), one.give_by, one.text, one.given_on)
            for one in told.notices
        ),
        working=tuple(_working(one, names) for one in _of_failure(each)),
        failure=_failure(tx, tenant_id, each) if waits else None,
        since=_since(tx, tenant_id, each, owed) if each.state is ProposalState.APPROVED else (),
    )  # fmt: skip


def _since(tx: Tx, tenant_id: SponsorId, each: Proposal, owed: compliance.CorrectionOwed | None) -> tuple[str, ...]:
    """What happened after the approval, and what is still to happen; the last says whether the matter is closed."""
    known = _failure(tx, tenant_id, each)
    given = known.notice_on if known is not None else None
    return since_words(owed, notices=len(each.told.notices), notice_on=given)


def since_words(owed: compliance.CorrectionOwed | None, *, notices: int, notice_on: date | None) -> tuple[str, ...]:
    """The same, of what is known; pure."""
    if owed is None:
        money = "Nothing is asked of the employer for it."
    elif owed.outstanding:
        money = f"Open: {owed.outstanding} is asked of the employer since {_day(owed.due_on)}, and has not come."
    else:
        money = f"The employer's {owed.due} came" + (f" on {_day(owed.received_on)}." if owed.received_on else ".")
    notice = "No notice is asked for."
    if notice_on is not None:
        notice = f"The notice was given on {_day(notice_on)}."
    elif notices:
        notice = "That the notice was given is not recorded."
    closed = owed is None or not owed.outstanding
    end = "Closed." if closed and (not notices or notice_on) else "Not closed yet."
    return money, "In the accounts it is cash of its source: nothing is invested here.", notice, end


def why_ended(state: ProposalState, ended_with: Mapping[str, Any]) -> str:
    """Why a proposal waits no more; one that nothing took the place of came to nothing."""
    if state is ProposalState.REPLACED and not ended_with.get("by"):
        return "counted anew: nothing is owed"
    return str(ended_with.get("reason") or ended_with.get("why") or "")


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _with_names(text: str, names: Mapping[EmployeeId, str]) -> str:
    """Words that were kept with ids in them, as a person reads them."""
    return _PERSON.sub(lambda found: names.get(EmployeeId.parse(found[0]), found[0]), text)


def _source(source: Source) -> str:
    return source.value.upper() if source in (Source.QNEC, Source.QMAC) else source.value.replace("_", " ")


def _of_failure(each: Proposal) -> Sequence[Mapping[str, Any]]:
    """What a failure's correction was worked out from; of every other kind the text tells it."""
    return () if each.content.kind in _NO_FAILURE else each.told.working.get("people", ())


def _working(one: Mapping[str, Any], names: Mapping[EmployeeId, str]) -> WorkingLine:
    return WorkingLine(
        person=names.get(EmployeeId.parse(one["employee_id"]), one["employee_id"]),
        plan_year=one["plan_year"],
        rate=f"{one['rate_bps'] / 100:g} %" if one["rate_bps"] else "–",
        basis=f"{one['basis_words']} ({one['basis_cite']})",
        pay=Money(one["compensation_cents"]),
        deferred=Money(one["deferred_cents"]),
        missed=Money(one["missed_cents"]),
        share=f"{one['qnec_bps'] / 100:g} %",
        qnec=Money(one["qnec_cents"]),
        match=Money(one["match_cents"]),
        relief=one["relief_words"],
        shut=tuple(one["shut"]),
    )


def _failure(tx: Tx, tenant_id: SponsorId, each: Proposal) -> FailureLine | None:
    if each.content.kind in _NO_FAILURE:
        return None
    failure_id = FailureId.parse(each.about)
    known = compliance.get_failure(tx, tenant_id=tenant_id, failure_id=failure_id).failure
    return FailureLine(failure_id, known.begin_on, known.notice_on, known.told_on)
