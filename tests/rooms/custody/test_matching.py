"""Which payroll a line of a statement pays, by itself: no database."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from open401k.custody.matching import Expected, Part, Recorded, decide
from open401k.custody.statements import Kind, masked
from open401k.kernel import EntryId, RunId
from open401k.wire import BankLine

PAID = date(2026, 1, 16)
CAME = date(2026, 1, 21)


def run(number: int) -> RunId:
    return RunId(UUID(int=number))


def owed(number: int, cents: int, *, pay_date: date = PAID, deposits: list[Recorded] | None = None) -> Expected:
    return Expected(run(number), pay_date, f"KREF{number:04}", cents, deposits or [])


def came(cents: int, text: str = "", *, on: date = CAME, returned: str | None = None) -> BankLine:
    return BankLine("line 2", on, on, cents, (), "", text, returned)


def deposit(number: int, cents: int, *, on: date = CAME) -> Recorded:
    return Recorded(EntryId(UUID(int=1000 + number)), run(number), on, cents)


def test_a_reference_finds_its_payroll_whatever_else_fits() -> None:
    parts = decide(came(500, "ACH krEF0002"), expected=[owed(1, 500), owed(2, 500)], standing=[])
    assert parts == [Part(Kind.DEPOSIT, 500, "reference", run(2))]


def test_the_very_sum_pays_the_oldest_payroll_of_that_sum() -> None:
    parts = decide(came(500), expected=[owed(1, 500), owed(2, 500), owed(3, 700)], standing=[])
    assert parts == [Part(Kind.DEPOSIT, 500, "amount", run(1))]


def test_one_sum_for_several_payrolls_pays_each_in_full() -> None:
    expected = [owed(1, 500), owed(2, 300), owed(3, 900)]
    assert [(part.run_id, part.cents) for part in decide(came(1_700), expected=expected, standing=[])] == [
        (run(1), 500), (run(2), 300), (run(3), 900),
    ]  # fmt: skip
    assert [part.run_id for part in decide(came(1_200), expected=expected, standing=[])] == [run(2), run(3)]


def test_a_sum_that_two_sets_of_payrolls_would_make_waits_for_a_person() -> None:
    expected = [owed(1, 700), owed(2, 100), owed(3, 850), owed(4, 250)]  # 700 + 250 = 100 + 850
    assert decide(came(950), expected=expected, standing=[]) == []


def test_short_money_with_a_reference_is_taken_and_named_short() -> None:
    parts = decide(came(400, "KREF0001"), expected=[owed(1, 500)], standing=[])
    assert parts == [Part(Kind.DEPOSIT, 400, "reference, short", run(1))]


def test_money_over_waits_as_the_employers() -> None:
    parts = decide(came(650, "KREF0001"), expected=[owed(1, 500)], standing=[])
    assert parts == [Part(Kind.DEPOSIT, 500, "reference", run(1)), Part(Kind.EMPLOYER_MONEY, 150, "reference, over")]


def test_a_sum_that_nobody_owes_waits_for_a_person() -> None:
    assert decide(came(501), expected=[owed(1, 500)], standing=[]) == []
    assert decide(came(500, on=date(2026, 1, 15)), expected=[owed(1, 500)], standing=[]) == [], "before the pay date"
    assert decide(came(500, on=date(2026, 4, 15)), expected=[owed(1, 500)], standing=[]) == [], "months later"


def test_what_was_recorded_by_hand_is_not_posted_again() -> None:
    known = deposit(1, 500, on=date(2026, 1, 19))
    parts = decide(came(500), expected=[owed(1, 0, deposits=[known]), owed(2, 500)], standing=[known])
    assert parts == [Part(Kind.SEEN_BEFORE, 500, "same_money", run(1), known.entry_id)]


def test_a_return_undoes_the_deposit_it_names_or_the_last_of_its_sum() -> None:
    first, second = deposit(1, 500, on=date(2026, 1, 20)), deposit(2, 500)
    expected = [owed(1, 0), owed(2, 0)]
    (named,) = decide(came(-500, "KREF0001", returned="R01"), expected=expected, standing=[first, second])
    assert (named.kind, named.entry_id) == (Kind.RETURNED, first.entry_id)
    (last,) = decide(came(-500, returned="R02"), expected=expected, standing=[first, second])
    assert last.entry_id == second.entry_id
    assert decide(came(-500), expected=expected, standing=[first]) == [], "no word of a return: a person looks"


def test_a_return_that_a_file_of_returns_told_before_is_not_posted_again() -> None:
    undone = deposit(1, 500)
    (part,) = decide(came(-500, returned="R01"), expected=[owed(1, 500)], standing=[], taken_back=[undone])
    assert part.kind is Kind.SEEN_BEFORE


def test_the_total_of_a_file_of_debits_pays_its_payrolls() -> None:
    expected = [owed(1, 500), owed(2, 400), owed(3, 900)]
    parts = decide(came(900), expected=expected, standing=[], files={"900": [run(1), run(2)]})
    assert [(part.run_id, part.rule) for part in parts] == [(run(1), "ach_file"), (run(2), "ach_file")]


@given(
    cents=st.integers(1, 3_000),
    sums=st.lists(st.integers(0, 1_000), max_size=6),
    named=st.sets(st.integers(1, 6)),
)
def test_the_parts_of_a_line_are_the_line_and_nobody_is_paid_too_much(
    cents: int, sums: list[int], named: set[int]
) -> None:
    expected = [owed(number, amount) for number, amount in enumerate(sums, 1)]
    line = came(cents, " ".join(f"KREF{number:04}" for number in sorted(named)))
    parts = decide(line, expected=expected, standing=[])
    assert not parts or sum(part.cents for part in parts) == cents
    for each in expected:
        assert sum(part.cents for part in parts if part.run_id == each.run_id) <= each.outstanding_cents


def test_long_numbers_are_masked_and_dates_and_references_are_not() -> None:
    assert masked("ACCT 0975312468 ON 0313 K1A2B3C4D5E6F") == "ACCT ****2468 ON 0313 K1A2B3C4D5E6F"


def test_what_is_beyond_the_debt_is_first_what_was_recorded_by_hand() -> None:
    """One remittance of two payrolls, or with more than is due: what a person recorded is not booked again."""
    known = deposit(1, 500)
    expected = [owed(1, 0, deposits=[known]), owed(2, 300)]
    seen = Part(Kind.SEEN_BEFORE, 500, "part of same money", run(1), known.entry_id)
    assert decide(came(810, "KREF0001 KREF0002"), expected=expected, standing=[known]) == [
        seen, Part(Kind.DEPOSIT, 300, "reference", run(2)), Part(Kind.EMPLOYER_MONEY, 10, "reference, over"),
    ]  # fmt: skip
    assert decide(came(510, "KREF0001"), expected=expected, standing=[known]) == [
        seen, Part(Kind.EMPLOYER_MONEY, 10, "reference, over"),
    ]  # fmt: skip


def test_a_line_pays_the_payroll_it_names_though_another_of_its_sum_was_recorded_by_hand() -> None:
    known = deposit(1, 500)
    expected = [owed(1, 0, deposits=[known]), owed(2, 500)]
    parts = decide(came(500, "KREF0002"), expected=expected, standing=[known])
    assert parts == [Part(Kind.DEPOSIT, 500, "reference", run(2))]
