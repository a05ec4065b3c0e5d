"""A year of payrolls at a provider's stand-in: pulled, told back, debited, matched with the bank. Says what happens.

Not here: the plan (year_setup.py), what happens to its people (year_script.py), the totals at the end (year_totals.py).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from open401k import census, custody, payroll, wire
from open401k.custody.ach import FileStatus
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.day import begin_day
from open401k.flows.debit_file import make_file, take_answer
from open401k.flows.pay_codes import Choice, Confirming, confirm
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.provider_pull import Pulled
from open401k.flows.provider_push import pull_and_push
from open401k.kernel import FlowId, Money, Open401kError, PlanId, SponsorId, named_uuid
from open401k.payroll import connections
from open401k.payroll.providers import Connector, Surroundings, TokenKeeper, gusto

from .people import ACME, PAY_DATES
from .setup import WorldIds
from .story import Sandbox
from .year_bank import MadeUpBank
from .year_provider import AtProvider, open_company
from .year_setup import HERE, MATCH, connect_provider, open_accounts, year_takeover

WORLD = "payroll year"
#: Every payroll of 2026.
PERIODS = 26
#: The stand-in's first day: it runs the payroll of January 2 itself.
STAND_IN_FROM = PAY_DATES[0] - timedelta(days=4)
STARTS_AT = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ENDS_AT = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
_PAID_AT, _BANK_OPENS_AT = time(13, 0, tzinfo=UTC), time(14, 0, tzinfo=UTC)
#: Debited on the next business day; the bank's statement of the week comes on Wednesday.
_BANK_DAY = timedelta(days=5)

Say = Callable[[str], None]
Event: TypeAlias = Callable[["Year"], None]
Events: TypeAlias = Mapping[int, Event]


@dataclass(frozen=True, slots=True)
class Script:
    """What happens, by number of the pay date: before its payroll, once it is posted, as the bank opens, behind it."""

    before: Events = field(default_factory=dict)
    after: Events = field(default_factory=dict)
    at_the_bank: Events = field(default_factory=dict)
    behind: Events = field(default_factory=dict)


@dataclass(slots=True)
class Year:
    """The plan, its payroll at the provider, its bank, and the connections between them."""

    sandbox: Sandbox
    takeover: Takeover
    provider: AtProvider
    bank: MadeUpBank
    connection: connections.Connection
    application: gusto.Application
    around: Surroundings
    say: Say
    events: Script = field(default_factory=Script)
    happened: list[Event] = field(default_factory=list)

    @property
    def sponsor(self) -> SponsorId:
        """Whose plan it is."""
        return self.takeover.sponsor_id

    @property
    def plan(self) -> PlanId:
        """The plan."""
        return self.takeover.plan_id

    @property
    def where(self) -> dict[str, Any]:
        """As stories are asked."""
        return {"tenant_id": self.sponsor, "plan_id": self.plan}

    @contextmanager
    def connect(self, of: connections.Connection, tokens: TokenKeeper) -> Iterator[Connector]:
        """The provider, at the stand-in's address."""
        known: dict[str, Any] = {"application": self.application, "tokens": tokens, "around": self.around}
        today = self.sandbox.clock.now().date()
        with closing(gusto.Gusto(company_id=of.company_id, since=of.since, today=today, **known)) as connector:
            yield connector

    def at(self, day: date, hour: time = _PAID_AT) -> None:
        """Both clocks move on; one that is there already stays."""
        moment = datetime.combine(day, hour)
        if moment > self.sandbox.clock.now():
            self.sandbox.clock.advance_to(moment)
        self.provider.move_to(day)

    def pull(self) -> Pulled:
        """The provider is asked and told; what waits for a person is said."""
        made = pull_and_push(
            self.sandbox.db,
            actor=self.sandbox.actor,
            tenant_id=self.sponsor,
            connection_id=self.connection.connection_id,
            connect=self.connect,
        )
        if made.problem or made.not_told:
            self.say(f"    the provider: {made.problem or made.not_told}")
        if made.told:
            self.say(f"    {made.told} instruction{'s' if made.told > 1 else ''} told to payroll, and taken")
        for each in made.waits:
            self.say(f"    waits: {each['message']} {each['fix']}")
        return made


def set_up(sandbox: Sandbox, *, application: gusto.Application, around: Surroundings, say: Say) -> Year:
    """Take the plan over, open the bank, connect the provider, and tell it what everybody elected."""
    takeover = year_takeover(WorldIds(sandbox.world, ACME))
    take_over(sandbox.db, actor=sandbox.actor, takeover=takeover)
    open_accounts(sandbox.db, sandbox.actor, takeover)
    provider = open_company(application.url, HERE, first_check=PAY_DATES[0], match=MATCH)
    connection = connect_provider(sandbox.db, sandbox.actor, takeover, provider)
    year = Year(sandbox, takeover, provider, MadeUpBank(), connection, application, around, say)
    say(f"{takeover.plan_name}: {len(takeover.people)} people, at a stand-in for Gusto on {application.url}")
    year.pull()
    return year


def play(year: Year, *, periods: int = PERIODS) -> None:
    """Every payroll of the year, each with what happens around it."""
    for period in range(periods):
        payday(year, period)
        bank_day(year, period)


def leave(year: Year) -> None:
    """The stand-in ends with the year: the connection is paused, so that nobody asks a provider that is gone."""
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        connections.pause(tx, tenant_id=year.sponsor, connection_id=year.connection.connection_id)


def payday(year: Year, period: int) -> None:
    """A payroll is run at the provider, pulled and posted; a debit file goes to the bank."""
    day = PAY_DATES[period]
    happen(year, year.events.before, period)
    year.at(day)
    if year.pull().waits:
        confirm_codes(year, f"codes {day}")
        year.pull()
    debit(year, f"payroll {day}")
    happen(year, year.events.after, period)


def confirm_codes(year: Year, key: str) -> None:
    """A person confirms what new pay codes seem to be; payrolls that waited for it are checked again."""
    sandbox = year.sandbox
    flow_id = FlowId(named_uuid(sandbox.world, key))
    with sandbox.db.begin(sandbox.actor, tenants=[year.sponsor]) as tx:
        kinds = census.code_kinds(tx, tenant_id=year.sponsor)
        questions = payroll.questions(tx, **year.where, kinds=kinds)
        deductions = payroll.deduction_questions(tx, **year.where, kinds=kinds)
    choices = tuple(Choice(code, str(each.proposal.kind)) for code, each in questions.items())
    choices += tuple(
        Choice(code, str(each.proposal.kind), side=census.Side.DEDUCTION) for code, each in deductions.items()
    )
    if choices:
        confirm(sandbox.db, actor=sandbox.actor, asked=Confirming(year.sponsor, year.plan, flow_id, choices))
        said = ", ".join(f"{each.code} is {each.kind}" for each in choices)
        year.say(f"    confirmed by a person: {said}")


def debit(year: Year, key: str) -> None:
    """What is due goes to the bank as one file."""
    sandbox = year.sandbox
    file_id = make_file(sandbox.db, actor=sandbox.actor, **year.where, key=key)
    if file_id is None:
        return
    with sandbox.db.begin(sandbox.actor, tenants=[year.sponsor]) as tx:
        data = custody.ach.content(tx, **year.where, file_id=file_id)
        (file,) = [each for each in custody.ach.files(tx, **year.where) if each.ach_file_id == file_id]
        custody.ach.mark(tx, **year.where, file_id=file_id, status=FileStatus.SENT)
    year.bank.take(data, effective_on=file.effective_on)
    year.say(f"{key}: {Money(file.cents)} to be debited on {file.effective_on}")


def bank_day(year: Year, period: int) -> None:
    """The bank books what was debited, sends back what bounced, and its statement is matched."""
    day = PAY_DATES[period] + _BANK_DAY
    year.at(day, _BANK_OPENS_AT)
    happen(year, year.events.at_the_bank, period)
    settle(year, day)
    begin_day(year.sandbox.db, actor=year.sandbox.actor, tenant_id=year.sponsor)
    happen(year, year.events.behind, period)


def happen(year: Year, events: Events, period: int) -> None:
    """What the script has there, once."""
    event = events.get(period)
    if event is not None and event not in year.happened:
        event(year)
        year.happened.append(event)


def settle(year: Year, day: date) -> None:
    """The bank's answers and its statement come in."""
    sandbox = year.sandbox
    year.bank.settle(day)
    while year.bank.answers:
        told = take_answer(sandbox.db, actor=sandbox.actor, **year.where, data=year.bank.answers[0])
        if isinstance(told, wire.Unreadable):
            raise Open401kError(f"The bank's answer cannot be read: {told}")
        year.say(f"{day} the bank sends {len(told.returned)} debit back: R01")
        year.bank.answers.pop(0)
    data = year.bank.statement(day)
    if data is None:
        return
    name = f"statement-{day}.bai"
    read = read_in(sandbox.db, actor=sandbox.actor, of=StatementFile(year.sponsor, year.plan, name, data))
    if isinstance(read, wire.Unreadable):
        raise Open401kError(f"The statement cannot be read: {read}")
    year.bank.was_read()
    said = ", ".join(f"{each['kind'].replace('_', ' ')} {Money(each['cents'])}" for each in read["settle"])
    year.say(f"{day} statement: {said or 'nothing that explains itself'}")
