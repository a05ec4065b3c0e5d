"""What is proposed to a person: who, how much, until when, what waiting costs, which paragraph. Pure values as JSON.

Not here: how they come about (failure_words.py, late_deposit_words.py), what becomes of them (proposals.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from open401k.base.plain import plain
from open401k.kernel import EmployeeId, Money, Source, half_up

#: What a correction is called that cannot count anything yet.
NOT_ON_FILE = "What was missed before the plan came here is not on file"


@dataclass(frozen=True, slots=True)
class Credit:
    """What one person's source gains (negative: loses): a contribution for a limitation year, and earnings on it.

    ``settled_cents`` are in the account already, posted when a late fact was learned: only the payment waits.
    """

    employee_id: EmployeeId
    source: Source
    year_start: date
    cents: int
    earnings_cents: int = 0
    settled_cents: int = 0

    @property
    def key(self) -> tuple[EmployeeId, Source, date]:
        return self.employee_id, self.source, self.year_start

    @property
    def contribution_cents(self) -> int:
        """Posted with the approval or before."""
        return self.cents + self.settled_cents

    @property
    def posted_cents(self) -> int:
        """What the approval moves."""
        return self.cents + self.earnings_cents


@dataclass(frozen=True, slots=True)
class Waiting:
    """What it costs, and until when; None: from then on."""

    until: date | None
    cents: int
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What one employee is told, by when; ready to be copied. ``given_on``: it was, and stays as a record of it."""

    employee_id: EmployeeId
    give_by: date
    text: str
    given_on: date | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One correction as it is put to the employer. ``not_ready``: why it cannot be approved yet; empty: it can.

    ``needed``: what is not on file and so not counted, in words; what it comes to is a difference, later.
    """

    kind: str
    on: date
    title: str
    text: str
    paragraph: str
    decide_by: date | None
    credits: tuple[Credit, ...]
    waiting: tuple[Waiting, ...] = ()
    notices: tuple[Notice, ...] = ()
    not_ready: str = ""
    working: Mapping[str, Any] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    @property
    def principal_cents(self) -> int:
        """Contributions, without earnings."""
        return sum(each.contribution_cents for each in self.credits)

    @property
    def to_people_cents(self) -> int:
        """What leaves the accounts to whose own money it was."""
        return -sum(min(each.cents, 0) for each in self.credits if each.source.from_employee)

    @property
    def earnings_cents(self) -> int:
        """Earnings as if paid on the day of the content."""
        return sum(each.earnings_cents for each in self.credits)

    @property
    def total_cents(self) -> int:
        return self.principal_cents + self.earnings_cents

    @property
    def posted_cents(self) -> int:
        """What the approval moves: without what is in the accounts already."""
        return sum(each.posted_cents for each in self.credits)

    @property
    def people(self) -> tuple[EmployeeId, ...]:
        """Whom it concerns, each once."""
        return tuple(dict.fromkeys(each.employee_id for each in self.credits))

    @property
    def is_nothing(self) -> bool:
        """Neither money nor a notice to give, and nothing that has to be found out: there is nothing to decide."""
        return not self.credits and not self.notices_to_give and not self.needed

    @property
    def notices_to_give(self) -> tuple[Notice, ...]:
        """Those that nobody recorded as given."""
        return tuple(each for each in self.notices if each.given_on is None)


def same_decision(one: Content, other: Content) -> bool:
    """Whether both ask for the same: contributions, readiness and notices. Earnings and words go on with the days.

    Earnings of another sum that came late are another decision: its payroll was corrected since.
    So does the day by which a notice is due, until deferrals begin: it is counted from the day on which they could.
    """

    def asked(content: Content) -> tuple[object, ...]:
        principal = tuple((*each.key, each.cents, each.settled_cents) for each in content.credits)
        notices = tuple(each.employee_id for each in content.notices_to_give)
        waiting = tuple((each.until, each.cents) for each in content.waiting)
        late = content.working.get("late_cents")
        return principal, notices, waiting, content.not_ready, content.needed, late

    return asked(one) == asked(other)


def less_posted(content: Content, posted: Sequence[Credit]) -> Content:
    """What is still to be posted of it: what was posted before stays as it was, the rest is a difference.

    Earnings of a difference are in proportion to it: of what is new those that it has now, of what goes back those
    that were posted with it.
    """
    before: dict[tuple[EmployeeId, Source, date], tuple[int, int]] = {}
    for each in posted:
        cents, earnings = before.get(each.key, (0, 0))
        before[each.key] = (cents + each.cents, earnings + each.earnings_cents)
    if not before:
        return content
    wanted = {each.key: each for each in content.credits}
    found = []
    for key in sorted({*before, *wanted}):
        had, had_earnings = before.get(key, (0, 0))
        now = wanted.get(key, Credit(*key, 0))
        more = now.cents - had
        if more > 0:
            earnings = half_up(Fraction(now.earnings_cents * more, now.cents))
        else:
            earnings = -half_up(Fraction(had_earnings * -more, had)) if had else 0
        if more:
            found.append(Credit(*key, more, earnings))
    posted_cents = sum(cents for cents, _ in before.values())
    told = f" Posted before: {Money(posted_cents)}; this is the difference."
    back = sum(-each.cents - each.earnings_cents for each in found if each.cents < 0)
    if back:
        told += (
            f" {Money(back)} leave the accounts again and are held unallocated, to reduce what the employer "
            "contributes later; nothing goes back to the employer (Rev. Proc. 2021-30 section 6.06(2))."
        )
    title = f"Difference to what was posted: {Money(sum(each.cents for each in found))}"
    if content.needed and not found:  # what is left is to be found out
        content = replace(content, title=NOT_ON_FILE, not_ready=" ".join(content.needed))
    return replace(
        content,
        credits=tuple(found),
        title=title if found else content.title,
        text=content.text + told,
        paragraph=content.paragraph or ("Rev. Proc. 2021-30 section 6.06(2)" if back else ""),
        notices=() if not found else content.notices,
        waiting=(),
    )


def content_json(content: Content) -> dict[str, Any]:
    """As it is kept."""
    kept = {
        "kind": content.kind,
        "on": content.on,
        "title": content.title,
        "text": content.text,
        "paragraph": content.paragraph,
        "decide_by": content.decide_by,
        "credits": [_credit_json(each) for each in content.credits],
        "waiting": [{name: getattr(each, name) for name in Waiting.__slots__} for each in content.waiting],
        "notices": [_notice_json(each) for each in content.notices],
        "not_ready": content.not_ready,
        "working": content.working,
    }
    needed = {"needed": list(content.needed)} if content.needed else {}
    return {name: plain(value) for name, value in {**kept, **needed}.items()}


def _credit_json(credit: Credit) -> dict[str, Any]:
    kept = {name: getattr(credit, name) for name in Credit.__slots__}
    return kept if credit.settled_cents else {name: value for name, value in kept.items() if name != "settled_cents"}


def _notice_json(notice: Notice) -> dict[str, Any]:
    kept = {name: getattr(notice, name) for name in Notice.__slots__}
    return kept if notice.given_on else {name: value for name, value in kept.items() if name != "given_on"}


def content_of_json(kept: Mapping[str, Any]) -> Content:
    """What :func:`content_json` wrote."""
    return Content(
        kind=kept["kind"],
        on=date.fromisoformat(kept["on"]),
        title=kept["title"],
        text=kept["text"],
        paragraph=kept["paragraph"],
        decide_by=_day(kept["decide_by"]),
        credits=tuple(
            Credit(
                EmployeeId.parse(each["employee_id"]),
                Source(each["source"]),
                date.fromisoformat(each["year_start"]),
                each["cents"],
                each["earnings_cents"],
                each.get("settled_cents", 0),
            )
            for each in kept["credits"]
        ),
        waiting=tuple(Waiting(_day(each["until"]), each["cents"], each["text"]) for each in kept["waiting"]),
        notices=tuple(
            Notice(
                EmployeeId.parse(each["employee_id"]),
                date.fromisoformat(each["give_by"]),
                each["text"],
                _day(each.get("given_on")),
            )
            for each in kept["notices"]
        ),
        not_ready=kept["not_ready"],
        working=kept["working"],
        needed=tuple(kept.get("needed", ())),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
