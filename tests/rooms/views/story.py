"""A plan with every kind of payroll: posted, rejected, replaced, held, waiting for its columns. Not here: the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.support.database import START, TESTER

from open401k.base.db import Database, Tx
from open401k.demo.files import NO_MISTAKES, Mistakes, file_name, payroll_csv
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.deposit import deposit_run
from open401k.flows.payroll_intake import Upload, post_run, say_yes, settle_columns, take_in
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.kernel import FixedClock, Refused, RunId
from open401k.payroll import runs

PROVIDER = "Summit Payroll"
#: Whose deferral goes into suspense: hired in February, not yet a participant.
NEWCOMER = "219-11-1012"
DEFERRING = "219-11-1003"


@dataclass
class Story:
    """A database, its clock and the runs by what became of them."""

    db: Database
    clock: FixedClock
    plan: Takeover
    run: dict[str, RunId] = field(default_factory=dict)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction on the sponsor's data at the story's time."""
        self.db.clock = self.clock
        with self.db.begin(TESTER, tenants=[self.plan.sponsor_id]) as tx:
            yield tx

    def send(self, period: int, mistakes: Mistakes = NO_MISTAKES, replaces: RunId | None = None) -> runs.Run:
        """A file arrives on its pay date, as the provider exported it."""
        day = PAY_DATES[period]
        self.clock.advance_to(max(self.clock.now(), datetime(day.year, day.month, day.day, 17, tzinfo=UTC)))
        upload = Upload(
            self.plan.sponsor_id,
            self.plan.plan_id,
            file_name(ACME, period),
            payroll_csv(ACME, period, mistakes),
            PROVIDER,
            replaces=replaces,
        )
        taken = take_in(self.db, actor=TESTER, upload=upload)
        assert not isinstance(taken, Refused), taken
        return taken.run

    def post(self, run: runs.Run) -> None:
        """Everything that a person may have to say yes to is said yes to."""
        say_yes(self.db, actor=TESTER, tenant_id=self.plan.sponsor_id, run_id=run.run_id)
        result = post_run(self.db, actor=TESTER, tenant_id=self.plan.sponsor_id, run_id=run.run_id)
        assert result.halted is None, (result.halted, dict(result))


def begun(db: Database) -> Story:
    """Acme taken over, its first file waiting for its columns."""
    clock = FixedClock(START)
    db.clock = clock
    plan = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=plan)
    story = Story(db, clock, plan)
    story.run["first"] = story.send(0).run_id
    return story


def told(db: Database) -> Story:
    """Six pay dates: a deposit, a wrong digit, a replaced file, a hold, a renamed heading."""
    story = begun(db)
    sponsor = story.plan.sponsor_id
    settled = settle_columns(db, actor=TESTER, tenant_id=sponsor, run_id=story.run["first"], fields={})
    assert not isinstance(settled, Refused), settled
    story.post(settled.run)
    deposit_run(
        db, actor=TESTER, tenant_id=sponsor, plan_id=story.plan.plan_id, run_id=settled.run.run_id, on=PAY_DATES[0]
    )
    story.run["rejected"] = story.send(1, Mistakes(cells={("219-11-1008", "Employee SSN"): "219-11-1088"})).run_id
    right = story.send(1)
    story.run["after the rejected"] = right.run_id
    story.post(right)
    wrong = story.send(
        2, Mistakes(cells={(DEFERRING, "401k Deferral"): "100.00", (DEFERRING, "Employer Match"): "50.00"})
    )
    story.run["replaced"] = wrong.run_id
    story.post(wrong)
    corrected = story.send(2, replaces=wrong.run_id)
    story.run["correcting"] = corrected.run_id
    story.post(corrected)
    held = story.send(4, Mistakes(cells={(NEWCOMER, "401k Deferral"): "85.00"}))
    story.run["held"] = held.run_id
    story.post(held)
    story.run["renamed"] = story.send(5, Mistakes(headings={"Gross Pay": "Total Gross"})).run_id
    return story
