"""What a code seems to be for: its words, how a file adds up, and when both are enough to be called certain."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import payroll
from open401k.census import Doubted, Side, Word
from open401k.law.pay_items import PayKind
from open401k.payroll import CodesOfPlan, CodeWatch, PayrollRow, Seen, codes_by, propose_kind, seen_from
from open401k.payroll.code_proposals import MOST_CODES, parts_in
from open401k.payroll.code_watch import _Calm
from open401k.payroll.code_words import KIND_OF_TYPE, alike
from open401k.plan import EARNING_KINDS, Compensation

TERMS = Compensation(excluded_kinds=(PayKind.BONUS,))


def row(number: int, gross: int, plan_pay: int | None = None, **codes: int) -> PayrollRow:
    """One person's pay by code."""
    return PayrollRow(
        number, number, gross_cents=gross, plan_compensation_cents=plan_pay, earnings=tuple(codes.items())
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("REG", PayKind.REGULAR),
        ("Regular Pay", PayKind.REGULAR),
        ("OT", PayKind.OVERTIME),
        ("Overtme", PayKind.OVERTIME),
        ("DoubleTime", PayKind.OVERTIME),
        ("Year-End Bonus", PayKind.BONUS),
        ("Bonus Annual", PayKind.BONUS),
        ("PTO Payout", PayKind.LEAVE_CASHOUT),
        ("Expense Reimbursement", PayKind.ACCOUNTABLE_EXPENSES),
        ("Mileage reimb", PayKind.ACCOUNTABLE_EXPENSES),
        ("Reg Hrs", PayKind.REGULAR),
        ("Shift Diff.", PayKind.SHIFT_DIFFERENTIAL),
        ("GTL", PayKind.TAXABLE_GROUP_TERM_LIFE),
        ("Military Differential", PayKind.DIFFERENTIAL_WAGE),
        ("3rd Party Sick Pay", PayKind.INSURED_SICK_PAY),
        ("1099-NEC", PayKind.CONTRACTOR_PAY),
    ],
)
def test_a_usual_wording_is_known_in_any_spelling(text: str, kind: PayKind) -> None:
    found = alike(text)
    assert found is not None
    assert found[0] is kind


@pytest.mark.parametrize("text", ["X7", "Project Zeta", "", "B", "MISC", "Total"])
def test_what_is_no_usual_wording_is_nothing(text: str) -> None:
    assert alike(text) is None


def test_every_kind_that_is_proposed_is_one_of_earnings() -> None:
    assert set(KIND_OF_TYPE.values()) <= set(EARNING_KINDS)


@given(st.lists(st.integers(-50, 50), max_size=MOST_CODES), st.integers(-200, 200))
def test_parts_add_up_in_one_way_or_it_is_not_said(parts: list[int], whole: int) -> None:
    ways = [
        chosen
        for count in range(len(parts) + 1)
        for chosen in combinations(range(len(parts)), count)
        if sum(parts[place] for place in chosen) == whole
    ]
    found = parts_in(parts, whole)
    if sum(parts) == whole:
        assert found == (True,) * len(parts)
    elif len(ways) == 1 and parts:
        assert found == tuple(place in ways[0] for place in range(len(parts)))
    else:
        assert found is None


def watched(rows: list[PayrollRow], codes: CodesOfPlan | None = None, **names: str) -> CodeWatch:
    """A file that went by."""
    watch = CodeWatch(codes or payroll.NO_CODES, names)
    watch.look(rows)
    return watch


def proposal(code: str, rows: list[PayrollRow], **names: str) -> payroll.Proposal:
    """What one code of a file seems to be."""
    (seen,) = [each for each in watched(rows, None, **names).told() if each.code == code]
    assert seen_from(seen.as_json()) == seen
    return propose_kind(seen, TERMS)


def test_a_wording_that_adds_up_is_certain() -> None:
    rows = [row(2, 3_000, 2_500, REG=2_500, BON=500), row(3, 2_000, 2_000, REG=2_000)]
    found = proposal("BON", rows, BON="Annual bonus")
    assert (found.kind, found.in_gross, found.certain) == (PayKind.BONUS, True, True)
    assert "Payroll does not count it as plan compensation." in found.evidence
    assert "1 of 2 people have it" in found.evidence[-1]


def test_a_wording_that_payroll_contradicts_is_not_certain() -> None:
    found = proposal("BON", [row(2, 3_000, 3_000, REG=2_500, BON=500)])
    assert (found.kind, found.confidence, found.certain) == (PayKind.BONUS, 40, False)
    assert any("payroll does otherwise" in each for each in found.evidence)


def test_a_reimbursement_beside_gross_pay_is_told_by_the_totals() -> None:
    found = proposal("Mileage", [row(2, 2_500, REG=2_500, Mileage=120)])
    assert (found.kind, found.in_gross, found.certain) == (PayKind.ACCOUNTABLE_EXPENSES, False, True)


def test_arithmetic_without_a_wording_and_a_wording_without_arithmetic_are_not_certain() -> None:
    assert not proposal("X7", [row(2, 3_000, REG=2_500, X7=500)]).certain
    assert not proposal("BON", [row(2, 9_999, REG=2_500, BON=500)]).certain


def test_a_provider_that_types_it_otherwise_than_its_name_says_lowers_the_confidence() -> None:
    seen = Seen("BON", "Bonus", "commission", rows=1, in_gross=1)
    found = propose_kind(seen, Compensation())
    assert (found.kind, found.confidence, found.certain) == (PayKind.BONUS, 50, False)
    assert propose_kind(Seen("X7", "", "tips", rows=1, in_gross=1), Compensation()).kind is PayKind.TIPS


def test_a_code_and_a_name_of_different_kinds_are_not_certain() -> None:
    assert propose_kind(Seen("BON", "Vacation pay", rows=1, in_gross=1), TERMS).confidence == 50


CONFIRMED = {"most_cents": 50_000, "in_gross_seen": True, "in_plan_seen": False, "name": "Bonus"}


@pytest.mark.parametrize(
    ("paid", "name", "why"),
    [
        (row(2, 300_000, 250_000, REG=250_000, BON=50_000), "BONUS", None),
        (row(2, 750_000, 250_000, REG=250_000, BON=500_000), "Bonus", None),  # ten times the most
        (row(2, 750_001, 250_000, REG=250_000, BON=500_001), "Bonus", "amount"),
        (row(2, 250_000, None, REG=250_000, BON=50_000), "Bonus", "gross"),
        (row(2, 300_000, 300_000, REG=250_000, BON=50_000), "Bonus", "plan_pay"),
        (row(2, 300_000, 250_000, REG=250_000, BON=50_000), "Gift", "name"),
        (row(2, 300_000, 299_000, REG=250_000, BON=50_000), "Bonus", None),  # what does not add up says nothing
    ],
)
def test_a_code_drifts_at_the_edge_of_how_it_was_confirmed(paid: PayrollRow, name: str, why: str | None) -> None:
    words = {
        "REG": Word("REG", None, PayKind.REGULAR, True, {}),
        "BON": Word("BON", None, PayKind.BONUS, True, CONFIRMED),
    }
    watch = CodeWatch(codes_by(words, TERMS), {"BON": name})
    assert watch.look([paid]) == ({} if why is None else {2: (Doubted(Side.EARNING, "BON", why),)})


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("bonus", "commission", "type"),
        ("salary", "wage", None),  # two words for regular pay
        ("bonus", "other", None),  # says nothing
        ("", "commission", None),  # confirmed before types were kept
    ],
)
def test_a_code_that_its_provider_types_as_another_kind_of_pay_drifts(was: str, now: str, why: str | None) -> None:
    words = {"BON": Word("BON", None, PayKind.BONUS, True, {**CONFIRMED, "type": was})}
    watch = CodeWatch(codes_by(words, TERMS), {}, types={"BON": now})
    assert watch.look([row(2, 50_000, BON=50_000)]) == (
        {} if why is None else {2: (Doubted(Side.EARNING, "BON", why),)}
    )


amounts = st.integers(-1_000_000, 1_000_000)


@given(
    st.lists(st.tuples(amounts, amounts), min_size=1, max_size=4),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, True, False]),
    st.sampled_from([0, 500, -500]),
    st.sampled_from(["Bonus", "Gift"]),
)
def test_a_row_that_is_passed_over_quickly_has_nothing_in_doubt(
    paid: list[tuple[int, int]], gross_seen: bool | None, plan_seen: bool | None, off: int, name: str
) -> None:
    then = {**CONFIRMED, "in_gross_seen": gross_seen, "in_plan_seen": plan_seen}
    words = {
        "REG": Word("REG", True, None, True, {}),
        "BON": Word("BON", None, PayKind.BONUS, True, then),
    }
    rows = [
        row(place, reg + bon + off, reg + bon if place % 2 else None, REG=reg, BON=bon)
        for place, (reg, bon) in enumerate(paid)
    ]
    codes = codes_by(words, TERMS)
    closely = CodeWatch(codes, {"BON": name}, _calm=_Calm({}, gross_tells=True, plan_pay_tells=True))
    assert CodeWatch(codes, {"BON": name}).look(rows) == closely.look(rows)


def test_rows_looked_at_again_are_counted_once_and_answered_the_same() -> None:
    rows = [row(2, 3_000, REG=2_500, BON=500), row(3, 2_000, REG=2_000), row(4, 100)]
    watch = CodeWatch()
    first = watch.look(rows)
    assert watch.look(rows[1:]) == {3: (Doubted(Side.EARNING, "REG", "new"),)}
    assert watch.look(rows) == first
    assert [(each.code, each.rows, each.cents, each.of_rows) for each in watch.told()] == [
        ("BON", 1, 500, 3),
        ("REG", 2, 4_500, 3),
    ]


def test_a_file_without_codes_and_a_code_that_the_plan_names_are_not_asked_about() -> None:
    assert CodeWatch().look([row(2, 1_000)]) == {}
    named = codes_by({}, Compensation(("BON",)))
    said = codes_by({"BON": Word("BON", True, None, True, {})}, Compensation())
    for codes, adds in ((named, -1), (said, 0)):
        assert CodeWatch(codes).look([row(2, 500, BON=500)]) == {}
        assert codes.plan_pay.get("BON", 0) == adds


words = st.builds(
    Word,
    st.just("A"),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(EARNING_KINDS),
    st.booleans(),
    st.just({}),
)


@given(words, st.booleans())
def test_plan_pay_of_a_row_is_gross_with_what_each_code_adds(word: Word, named: bool) -> None:
    terms = Compensation(("A",) if named else (), excluded_kinds=(PayKind.BONUS,))
    effect = codes_by({"A": word}, terms).plan_pay
    counted = row(2, 1_000, A=100).plan_pay_cents(effect)
    assert counted in ({1_000, 900} if word.in_gross else {1_000, 1_100})
    if word.counts is not None:
        assert (counted == 1_000) is (word.counts is word.in_gross)
