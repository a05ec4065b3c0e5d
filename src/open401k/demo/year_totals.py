"""Payroll, bank and ledger of a year side by side, each by its own count. Not here: what happened in it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from open401k import compliance, custody, ledger, payroll
from open401k.kernel import Money

from .payroll_year import Year


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what the provider says it withheld and added, what the bank kept, what the ledger took in, in cents."""

    what: str
    payroll: int
    bank: int
    ledger: int

    @property
    def agrees(self) -> bool:
        """To the cent."""
        return self.payroll == self.bank == self.ledger


def three_ways(year: Year) -> list[Row]:
    """A row a pay date, one for corrections, and one for the year.

    Payroll: the stand-in's own sums; of corrections what a person approved. Bank: lines of its statements, by what they
    were matched to. Ledger: what is credited to people's accounts and held, by pay date; beyond that and the balances
    brought in, corrections.
    """
    paid = {day: sum(both) for day, both in year.provider.totals(2026).items()}
    start, end = date(2026, 1, 1), date(2027, 1, 1)
    banked: dict[date, int] = defaultdict(int)
    booked: dict[date, int] = defaultdict(int)
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        dues = {each.run_id: each.pay_date for each in payroll.remittance.recorded(tx, **year.where)}
        findings = custody.statements.findings(tx, **year.where)
        for found in findings:
            if found.run_id in dues:
                banked[dues[found.run_id]] += found.cents
        for kind in (ledger.Kind.PARTICIPANT, ledger.Kind.SUSPENSE):
            for each in ledger.contributions(tx, **year.where, start=start, end=end, kind=kind):
                booked[each.event_on] += each.cents
        held = ledger.balances(tx, **year.where)
        approved = sum(compliance.due_of(each).cents for each in compliance.proposals(tx, **year.where))
    days = sorted({*paid, *banked, *booked})
    rows = [Row(str(day), paid.get(day, 0), banked[day], booked[day]) for day in days]
    brought = sum(each.amount.cents for each in year.takeover.balances)
    beyond = held.total(ledger.Kind.PARTICIPANT) + held.total(ledger.Kind.SUSPENSE) - brought - sum(booked.values())
    wired = sum(each.cents for each in findings if each.rule == "correction")
    rows.append(Row("corrections", approved, wired, beyond))
    return [*rows, Row("2026", sum(r.payroll for r in rows), sum(r.bank for r in rows), sum(r.ledger for r in rows))]


def cash(year: Year) -> tuple[int, int, int]:
    """What the bank says the plan has there, what the books say, and what the employer still owes."""
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        held = ledger.balances(tx, **year.where)
    mine = held.total(ledger.Kind.CASH_CLEARING)
    return year.bank.balance_cents, mine, held.total(ledger.Kind.EMPLOYER_RECEIVABLE)


def as_table(rows: list[Row]) -> list[str]:
    """The rows in columns."""
    lines = [f"{'':<12}{'payroll':>16}{'bank':>16}{'ledger':>16}"]
    for each in rows:
        amounts = "".join(f"{Money(cents)!s:>16}" for cents in (each.payroll, each.bank, each.ledger))
        lines.append(f"{each.what:<12}{amounts}{'' if each.agrees else '   DIFFER'}")
    return lines
