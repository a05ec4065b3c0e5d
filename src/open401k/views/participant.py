"""A participant's own page: what may leave, from which money, their choices in words, what they asked for.

A link is all that opens it, so it shows no name, number or address of the person. Not here: who may (base/access).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, Money, PlanId, RolloverId, SponsorId, day_of
from open401k.law import figures
from open401k.law.distribution_events import Event
from open401k.law.rollovers import loan_offset
from open401k.recordkeeping import Releasable, RolloverRequest
from open401k.recordkeeping import rollover_wishes as wishes

from .rollover_explanations import ExplanationLine
from .rollover_explanations import load as explanations
from .rollovers import WORDS, MissingLine, missing_of, state_of
from .shown import Percent
from .wish_words import KIND_WORDS, ended_words, in_words

SOURCE_WORDS = {
    "pre_tax": "Your own pre-tax contributions", "roth": "Your own Roth contributions", "match": "Employer match",
    "after_tax": "Your own after-tax contributions", "rollover": "Money you rolled in, not yet taxed",
    "roth_rollover": "Roth money you rolled in", "after_tax_rollover": "After-tax money you rolled in",
}  # fmt: skip
_OPENED = {
    Event.SEVERANCE: "because you left the employer on {}", Event.DEATH: "because the employee died on {}",
    Event.DISABILITY: "because of a disability, since {}", Event.AGE_59_5: "because you reached age 59½ on {}",
    Event.PLAN_TERMINATION: "because the plan ended on {}",
    Event.NO_EVENT: "at any time, of the money that you rolled in",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One source: the account, what of it is theirs for good, what may leave today."""

    words: str
    kind: str
    balance: Money
    vested: Money | None
    leaves: Money


@dataclass(frozen=True, slots=True)
class OffsetWords:
    """A loan that the account was reduced by: how much, until when other money may be rolled over in its place."""

    amount: Money
    on: date
    qualified: bool
    roll_over_by: date
    without_extension: date
    cite: str


@dataclass(frozen=True, slots=True)
class AskedLine:
    """What they asked for, in words, and where it stands; ``waits``: nobody answered, so it can be taken back."""

    rollover_id: RolloverId
    asked_on: date
    way: str
    words: str
    state: str
    detail: str
    waits: bool
    tracked: bool
    missing: tuple[MissingLine, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A document that they have to read; ``text`` where it is one. ``needs``: for which money it is needed."""

    line: ExplanationLine
    text: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParticipantPage:
    """Everything on the page. ``takes`` and ``leaves``: kinds that may be chosen, each with its words."""

    plan_name: str
    as_of: date
    offered: bool
    opened: str
    money: tuple[MoneyLine, ...]
    total: Money
    loan: Money
    offsets: tuple[OffsetWords, ...]
    minimum_unknown: bool
    withheld: Percent
    takes: tuple[tuple[str, str], ...]
    leaves: tuple[tuple[str, str], ...]
    given: tuple[GivenLine, ...]
    lines: tuple[AskedLine, ...]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> ParticipantPage:
    """One person's page, as of today."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    today = day_of(tx.now)
    (person,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    now = recordkeeping.releasable(tx, **of, person=person, on=today)
    may = wishes.may_wish(tx, **of, person=person, on=today)
    return ParticipantPage(
        plan_name=plan.get(tx, **of).name,
        as_of=today,
        offered=may.offered,
        opened=_opened(now),
        money=_money(now),
        total=Money(sum(now.payable().values())),
        loan=Money(now.loan_cents),
        offsets=_offsets(now),
        minimum_unknown=now.minimum_cents is None,
        withheld=Percent(figures.bps("eligible_rollover_withholding", CalendarYear(today.year))),
        takes=tuple((each, KIND_WORDS[each]) for each in may.takes),
        leaves=tuple((each, KIND_WORDS[each]) for each in may.leaves),
        given=_given(tx, of, may),
        lines=_lines(tx, of, employee_id),
    )


def _given(tx: Tx, of: dict[str, Any], may: wishes.MayWish) -> tuple[GivenLine, ...]:
    """What tells of the money that may leave: one document for all of it, or one for each."""
    found: list[GivenLine] = []
    named = {each.fingerprint: each for each in reversed(explanations(tx, **of))}
    for fingerprint in dict.fromkeys(may.explanations.values()):
        paper = recordkeeping.explanation_of(tx, **of, fingerprint=bytes.fromhex(fingerprint))
        text = paper.content.decode() if paper is not None and paper.media == "text/plain" else ""
        needs = tuple(need.value for need, mine in may.explanations.items() if mine == fingerprint)
        found.append(GivenLine(named[fingerprint], text, needs))
    return tuple(found)


def _opened(now: Releasable) -> str:
    if now.opened is None:
        return ""
    on = now.opened.on
    return _OPENED.get(now.opened.event, "since {}").format(f"{on:%B} {on.day}, {on.year}")


def _money(now: Releasable) -> tuple[MoneyLine, ...]:
    payable = now.payable()
    return tuple(
        MoneyLine(
            SOURCE_WORDS.get(each.source.value, "Employer contributions"),
            recordkeeping.kind_of_money(each.source),
            Money(each.balance_cents),
            None if each.vested_cents is None else Money(each.vested_cents),
            Money(payable.get(each.source, 0)),
        )
        for each in now.held
    )


def _offsets(now: Releasable) -> tuple[OffsetWords, ...]:
    """Of each loan offset the last day, by the law's own rule; what it may be depends on why the work ended."""
    if now.offset is None:
        return ()
    left = now.opened.on if now.opened is not None and now.opened.event is Event.SEVERANCE else None
    severed = left if left is not None and left <= now.offset.on else None
    found = loan_offset(
        offset_cents=now.offset.cents, offset_on=now.offset.on, severed_on=severed,
        plan_terminated=now.opened is not None
        and now.opened.event is Event.PLAN_TERMINATION
        and now.opened.on <= now.offset.on,
        loan_met_72p=not now.offset.deemed_before_cents,
    )  # fmt: skip
    return (
        OffsetWords(
            Money(found.offset_cents), found.offset_on, found.qualified, found.roll_over_by, found.without_extension,
            found.cite,
        ),
    )  # fmt: skip


def _lines(tx: Tx, of: dict[str, Any], employee_id: EmployeeId) -> tuple[AskedLine, ...]:
    """Wishes, the newest first; one that was taken up stands where its request does."""
    asked = wishes.wishes_of(tx, **of, employee_id=employee_id)
    found = recordkeeping.rollover_requests(tx, **of, rollover_ids=[each.rollover_id for each in asked])
    requests = {each.rollover_id: each for each in found}
    return tuple(_line(each, requests.get(each.rollover_id)) for each in reversed(asked))


def _line(wish: wishes.RolloverWish, request: RolloverRequest | None) -> AskedLine:
    on, words = day_of(wish.asked_at), in_words(wish)
    way = "in" if wish.way is recordkeeping.RolloverWay.INTO else "out"
    if request is None:
        state, waits = ended_words(wish.end), wish.end is None
        return AskedLine(wish.rollover_id, on, way, words, state, wish.words, waits, tracked=False)
    state = state_of(request)
    said = "done: the money is booked" if request.booked is not None else WORDS.get(state, state)
    missing = missing_of(request)
    return AskedLine(wish.rollover_id, on, way, words, said, "", False, request.case is not None, missing)
