"""Which balances of rollovers the top-heavy ratio counts (IRC 416(g)(3), (4)(A); Reg. 1.416-1 T-32)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from open401k.kernel import EmployeeId, EntryId, PlanId, Source
from open401k.recordkeeping import RolloverBooked, RolloverPart, RolloverWay, rollover_adjustments

WHO, PLAN, AS_OF = EmployeeId(UUID(int=1)), PlanId(UUID(int=2)), date(2026, 12, 31)


def booked(way: RolloverWay, cents: int, on: date, source: Source, rollover: int = 1) -> RolloverBooked:
    part = RolloverPart(0, "pre_tax", cents, {source: cents})
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return RolloverBooked(
        rollover.to_bytes(32, "big"), way, PLAN, WHO, EntryId(UUID(int=rollover)), on, (part,), None, at
    )


CAME = booked(RolloverWay.INTO, 500, date(2026, 3, 2), Source.ROLLOVER)
LEFT = booked(RolloverWay.OUT, 900, date(2026, 6, 1), Source.PRE_TAX, 2)


@pytest.mark.parametrize(
    ("here", "elsewhere", "employed", "cents"),
    [
        ([CAME], [], True, -500),  # unrelated: left out by the plan that takes it in
        ([CAME], [booked(RolloverWay.OUT, 500, CAME.event_on, Source.MATCH)], True, 0),  # of the same employer: counted
        ([LEFT], [], False, 900),  # a distribution of the year is added back
        ([LEFT], [booked(RolloverWay.INTO, 900, LEFT.event_on, Source.ROLLOVER, 2)], False, 0),
        ([booked(RolloverWay.OUT, 900, date(2025, 12, 31), Source.PRE_TAX)], [], False, 0),  # a year ago to the day
        ([booked(RolloverWay.OUT, 900, date(2026, 1, 1), Source.PRE_TAX)], [], False, 900),
        ([booked(RolloverWay.OUT, 900, date(2022, 1, 1), Source.PRE_TAX)], [], True, 900),  # in service: five years
        ([booked(RolloverWay.OUT, 900, date(2027, 1, 1), Source.PRE_TAX)], [], False, 0),  # after the day
        # what was never counted is not added back when it leaves again: 500 left out, 500 gone
        ([CAME, booked(RolloverWay.OUT, 500, date(2026, 6, 1), Source.ROLLOVER, 2)], [], False, 0),
        ([CAME, booked(RolloverWay.OUT, 700, date(2026, 6, 1), Source.ROLLOVER, 2)], [], False, 200),
    ],
)
def test_what_is_counted(
    here: list[RolloverBooked], elsewhere: list[RolloverBooked], employed: bool, cents: int
) -> None:
    found = rollover_adjustments(here, elsewhere, as_of=AS_OF, employed=lambda *_: employed)
    assert found.get(WHO, 0) == cents
