"""Pay under some codes: by person and pay date, of current runs, as far as it is plan pay on that date."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.rooms.census.test_pay_lines import FIRST_PAY, SECOND_PAY, hire, lines_of, record
from tests.support.database import Begin

from open401k import census
from open401k.base.db import Database
from open401k.kernel import PlanId, SponsorId


def test_bonuses_are_told_apart_by_date_and_follow_a_replaced_run_and_a_code_that_stops_to_count(
    begin: Begin, tenant: SponsorId, db: Database
) -> None:
    plan_id = db.ids.new(PlanId)
    of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id, "codes": ("BON",), "left_out": ()}
    span: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}

    def found(left_out: tuple[str, ...] = ()) -> list[tuple[int, date, int]]:
        with begin() as tx:
            told = census.pay_under_codes(tx, **of | {"left_out": left_out}, **span)
        return [(people.index(each.employee_id), each.pay_date, each.cents) for each in told]

    with begin() as tx:
        people = hire(tx, tenant, 2)
        paid = replace(lines_of(people), earnings=[(1, "REG", 60_000), (1, "BON", 40_000), (2, "REG", 100_001)])
        first = record(tx, tenant, plan_id, paid)
        record(tx, tenant, plan_id, replace(paid, earnings=[(2, "BON", 7)]), pay_date=SECOND_PAY)
    assert found() == [(0, FIRST_PAY, 40_000), (1, SECOND_PAY, 7)]
    assert found(left_out=("BON",)) == []
    with begin() as tx:
        record(tx, tenant, plan_id, replace(paid, earnings=[(1, "BON", 30_000)]), replaces=first)
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="BON", counts=False, event_on=SECOND_PAY)
    assert found() == [(0, FIRST_PAY, 30_000)]
