"""The two sandbox sponsors and their people: invented, fixed, small enough to check by hand. Not here: the story."""

from dataclasses import dataclass
from datetime import date

#: Biweekly Fridays of 2026, and the first one of 2027 (whose figures are not on file).
PAY_DATES = tuple(date.fromordinal(date(2026, 1, 2).toordinal() + 14 * period) for period in range(27))


@dataclass(frozen=True, slots=True)
class Person:
    """One invented employee. ``salary_cents`` is a year's pay; rates are basis points of pay; money in cents."""

    ssn: str
    first_name: str
    last_name: str
    birth_date: date
    hired_on: date
    salary_cents: int
    pre_tax_bps: int = 0
    roth_bps: int = 0
    ownership_bps: int = 0
    officer: bool = False
    spouse_of: str = ""
    balance_2025_cents: int = 0
    pay_2025_cents: int = 0
    raise_on: date | None = None
    raise_bps: int = 0
    terminated_on: date | None = None
    new_rate_on: date | None = None
    new_pre_tax_bps: int = 0

    def rates_bps(self, pay_date: date) -> tuple[int, int]:
        """Pre-tax and Roth shares of pay elected on a pay date."""
        changed = self.new_rate_on is not None and pay_date >= self.new_rate_on
        return (self.new_pre_tax_bps if changed else self.pre_tax_bps), self.roth_bps

    def pay_cents(self, period: int) -> int:
        """Gross pay of one biweekly period (the 26th of a year's pay), with the raise once it has happened."""
        pay_date = PAY_DATES[period]
        yearly = self.salary_cents
        if self.raise_on is not None and pay_date >= self.raise_on:
            yearly += yearly * self.raise_bps // 10_000
        return yearly // 26


@dataclass(frozen=True, slots=True)
class Company:
    """One invented sponsor, its plan's name and its people."""

    name: str
    plan_name: str
    ein: str
    established_on: date
    adopted_on: date
    people: tuple[Person, ...]


def _d(text: str) -> date:
    return date.fromisoformat(text)


#: The pay date from which Acme's owners save far more, to make up for a thrifty spring: the plan is then on its way to
#: fail the ADP test, although it passes that day.
_AUGUST = date(2026, 8, 14)


ACME = Company(
    name="Acme Tool & Die, Inc.",
    plan_name="Acme Tool & Die 401(k) Plan",
    ein="12-3456789",
    established_on=_d("2008-05-01"),
    adopted_on=_d("2019-01-01"),
    people=(
        Person(
            "219-11-1001",
            "Walter",
            "Aldrich",
            _d("1965-03-14"),
            _d("2008-05-01"),
            24_800_000,
            440,
            0,
            6000,
            True,
            balance_2025_cents=61_240_118,
            pay_2025_cents=24_500_000,
            new_rate_on=_AUGUST,
            new_pre_tax_bps=1_220,
        ),
        Person(
            "219-11-1002",
            "Marian",
            "Aldrich",
            _d("1968-09-02"),
            _d("2008-05-01"),
            17_600_000,
            460,
            0,
            4000,
            True,
            "219-11-1001",
            balance_2025_cents=38_911_940,
            pay_2025_cents=17_200_000,
            new_rate_on=_AUGUST,
            new_pre_tax_bps=1_240,
        ),
        Person(
            "219-11-1003",
            "Rosa",
            "Benitez",
            _d("1979-01-22"),
            _d("2012-03-05"),
            8_840_000,
            400,
            balance_2025_cents=9_412_207,
            pay_2025_cents=8_580_000,
        ),
        Person(
            "219-11-1004",
            "Calvin",
            "Brooks",
            _d("1984-06-30"),
            _d("2015-08-17"),
            7_280_000,
            300,
            balance_2025_cents=4_180_055,
            pay_2025_cents=7_020_000,
        ),
        Person(
            "219-11-1005",
            "Dana",
            "Rourke",
            _d("1990-11-11"),
            _d("2018-01-08"),
            6_760_000,
            0,
            500,
            balance_2025_cents=3_655_912,
            pay_2025_cents=6_500_000,
        ),
        Person(
            "219-11-1006",
            "Elliot",
            "Voss",
            _d("1972-02-29"),
            _d("2010-10-04"),
            6_240_000,
            300,
            balance_2025_cents=5_240_610,
            pay_2025_cents=6_084_000,
        ),
        Person(
            "219-11-1007",
            "Farah",
            "Nasser",
            _d("1988-07-19"),
            _d("2019-06-10"),
            5_720_000,
            400,
            balance_2025_cents=2_214_480,
            pay_2025_cents=5_460_000,
            raise_on=_d("2026-04-01"),
            raise_bps=400,
        ),
        Person(
            "219-11-1008",
            "Gordon",
            "Pike",
            _d("1962-12-05"),
            _d("2009-02-02"),
            5_460_000,
            300,
            balance_2025_cents=6_120_300,
            pay_2025_cents=5_304_000,
        ),
        Person(
            "219-11-1009", "Helen", "Ochoa", _d("1995-05-27"), _d("2021-09-20"), 5_200_000, 0, pay_2025_cents=5_044_000
        ),
        Person(
            "219-11-1010",
            "Ivan",
            "Marsh",
            _d("1998-08-08"),
            _d("2023-04-03"),
            4_784_000,
            300,
            balance_2025_cents=402_117,
            pay_2025_cents=4_576_000,
        ),
        Person(
            "219-11-1011",
            "Joyce",
            "Tran",
            _d("1981-10-16"),
            _d("2016-11-28"),
            4_680_000,
            400,
            balance_2025_cents=2_510_873,
            pay_2025_cents=4_524_000,
        ),
        Person("219-11-1012", "Kurt", "Weller", _d("1992-04-04"), _d("2026-02-16"), 4_420_000, 0),
    ),
)

BIRCH = Company(
    name="Birch Street Bakery LLC",
    plan_name="Birch Street Bakery 401(k) Plan",
    ein="98-7654321",
    established_on=_d("2014-02-10"),
    adopted_on=_d("2020-07-01"),
    people=(
        Person(
            "318-22-2001",
            "Nora",
            "Lindqvist",
            _d("1976-04-18"),
            _d("2014-02-10"),
            16_900_000,
            550,
            0,
            10_000,
            True,
            balance_2025_cents=14_010_000,
            pay_2025_cents=16_500_000,
        ),
        Person(
            "318-22-2002",
            "Oscar",
            "Bell",
            _d("1983-03-03"),
            _d("2016-05-02"),
            6_500_000,
            600,
            balance_2025_cents=5_301_000,
            pay_2025_cents=6_240_000,
        ),
        Person(
            "318-22-2003",
            "Priya",
            "Shah",
            _d("1991-12-24"),
            _d("2018-09-04"),
            5_980_000,
            0,
            700,
            balance_2025_cents=4_120_440,
            pay_2025_cents=5_720_000,
        ),
        Person(
            "318-22-2004",
            "Quentin",
            "Moss",
            _d("1969-07-07"),
            _d("2015-01-12"),
            5_460_000,
            500,
            balance_2025_cents=6_015_210,
            pay_2025_cents=5_252_000,
        ),
        Person(
            "318-22-2005",
            "Ruth",
            "Okafor",
            _d("1987-01-30"),
            _d("2019-03-18"),
            5_200_000,
            500,
            balance_2025_cents=3_002_118,
            pay_2025_cents=5_044_000,
        ),
        Person(
            "318-22-2006",
            "Samir",
            "Haddad",
            _d("1996-06-21"),
            _d("2022-06-06"),
            4_680_000,
            400,
            balance_2025_cents=1_010_905,
            pay_2025_cents=4_524_000,
        ),
    ),
)
