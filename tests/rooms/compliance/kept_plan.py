"""The plan of twelve in a real database: sponsor, provisions, people, pay lines, and their money in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.rooms.compliance.small_plan import PAY_DATES, PROVISIONS, RATES, pay_of
from tests.support.database import Begin

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RunId, Source, SponsorId
from open401k.ledger import AccountKey, Kind, Line


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """Where the plan of twelve is."""

    tenant: SponsorId
    plan_id: PlanId
    employees: tuple[EmployeeId, ...]


def open_plan(begin: Begin, tenant: SponsorId, *, added: Sequence[int] = range(len(RATES))) -> KeptPlan:
    """The plan of twelve with nothing paid yet this year; ``added``: the order in which people came on file."""
    with begin() as tx:
        plan.register_sponsor(tx, name="Twelve", ein="12-3456789", established_on=date(2010, 1, 1), sponsor_id=tenant)
        plan_id = plan.adopt(tx, tenant_id=tenant, provisions=PROVISIONS, name="Twelve 401(k)")
        ids = census.add_employees(
            tx,
            tenant_id=tenant,
            people=[
                census.NewEmployee(
                    first_name="Employee",
                    last_name=str(i),
                    birth_date=date(1985, 1, 1),
                    hired_on=date(2018, 1, 1),
                    ownership_bps=10_000 if i == 0 else 0,
                    annual_pay={2025: census.AnnualPay(prior(i), prior(i), prior(i), 208_000)},
                )
                for i in added
            ],
        )
        people = [who for _, who in sorted(zip(added, ids, strict=True))]
        census.record_fact(
            tx,
            tenant_id=tenant,
            employee_id=people[1],
            fact=census.Family(people[0], census.Relation.SPOUSE),
            event_on=date(2018, 1, 1),
        )
        kept = KeptPlan(tenant, plan_id, tuple(people))
        _post(
            tx,
            kept,
            "opening",
            date(2025, 12, 31),
            {0: 60_000_00, 1: 20_000_00, **dict.fromkeys(range(2, 12), 2_000_00)},
        )
        return kept


def prior(place: int) -> int:
    """Pay of 2025."""
    return (20_000_000, 10_000_000)[place] if place < 2 else 5_000_000


def pay(
    begin: Begin, kept: KeptPlan, k: int, *, rates: tuple[int, ...] = RATES, replaces: RunId | None = None
) -> RunId:
    """One payroll, as facts and as money."""
    day = PAY_DATES[k]
    amounts = [pay_of(i) for i in range(len(rates))]
    deferred = [amount * rate // 10_000 for amount, rate in zip(amounts, rates, strict=True)]
    zeros = [0] * len(rates)
    with begin() as tx:
        run_id = tx.ids.new(RunId)
        census.record_run(
            tx,
            tenant_id=kept.tenant,
            plan_id=kept.plan_id,
            run_id=run_id,
            pay_date=day,
            period_start=day - timedelta(days=13),
            period_end=day,
            replaces=replaces,
            lines=census.PayLines(
                employee_id=list(kept.employees),
                line_no=list(range(2, len(rates) + 2)),
                gross_cents=amounts,
                fica_cents=amounts,
                hours_hundredths=[8_000] * len(rates),
                pre_tax_cents=deferred,
                roth_cents=zeros,
                after_tax_cents=zeros,
                catch_up_pre_tax_cents=zeros,
                catch_up_roth_cents=zeros,
            ),
        )
        if replaces is None:
            match = {i: min(deferred[i], amounts[i] * 600 // 10_000) // 2 for i in range(len(rates)) if deferred[i]}
            _post(tx, kept, f"{run_id}/deferral", day, {i: each for i, each in enumerate(deferred) if each})
            _post(tx, kept, f"{run_id}/match", day, match, source=Source.MATCH)
    return run_id


def _post(
    tx: Tx, kept: KeptPlan, key: str, day: date, cents: dict[int, int], *, source: Source = Source.PRE_TAX
) -> None:
    opening = key == "opening"
    other = AccountKey(kept.plan_id, Kind.OPENING if opening else Kind.EMPLOYER_RECEIVABLE, None, None)
    keys = {i: AccountKey(kept.plan_id, Kind.PARTICIPANT, kept.employees[i], source) for i in cents}
    accounts = ledger.open_accounts(tx, tenant_id=kept.tenant, keys=[other, *keys.values()])
    outcome = ledger.post(
        tx,
        tenant_id=kept.tenant,
        key=key,
        event_on=day,
        reason="opening" if opening else "contribution",
        cause=key,
        lines=[Line(accounts[other], accounts[keys[i]], amount, f"row {i + 2}") for i, amount in cents.items()],
    )
    assert isinstance(outcome, ledger.Posted), outcome
