"""The bad-input catalogue, case by case: each says where, what and how to fix it, and nothing is half read."""

import re
from datetime import date
from uuid import UUID

import numpy as np
import pytest

from open401k.kernel import EmployeeId, Source
from open401k.payroll import (
    Code,
    Expectation,
    Findings,
    Opened,
    Outcome,
    PayrollRow,
    PlanTerms,
    Said,
    Severity,
    Standing,
    check,
    open_upload,
    tables,
)

HEADER = (
    "ssn,first_name,last_name,dob,hire_date,term_date,pay_date,gross_comp,hours,pre_tax,roth,match,loan_id,loan_payment"
)
NAMES = HEADER.split(",")
GOOD = {
    "ssn": "123-45-6789",
    "first_name": "Ana",
    "last_name": "Lee",
    "dob": "1979-04-02",
    "hire_date": "2015-02-02",
    "term_date": "",
    "pay_date": "2026-03-13",
    "gross_comp": "4000.00",
    "hours": "80",
    "pre_tax": "200.00",
    "roth": "0.00",
    "match": "100.00",
    "loan_id": "",
    "loan_payment": "",
}
SECOND = GOOD | {"ssn": "234567890", "first_name": "Ben", "last_name": "Cole", "dob": "1970-05-05"}
THIRD = GOOD | {"ssn": "345-67-8901", "first_name": "Cy", "last_name": "Dunn", "dob": "1964-08-08"}
NEW = GOOD | {"ssn": "456-78-9012", "first_name": "Dee", "last_name": "Earl", "hire_date": "2026-02-02"}


def cents(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def standing(**over: object) -> Standing:
    known: dict[str, object] = {
        "place": {"123456789": 0, "234567890": 1, "345678901": 2},
        "employee_id": [EmployeeId(UUID(int=place)) for place in range(3)],
        "first_name": ["Ana", "Ben", "Cy"],
        "last_name": ["Lee", "Cole", "Dunn"],
        "ssn_last4": ["6789", "7890", "8901"],
        "birth_date": [date(1979, 4, 2), date(1970, 5, 5), date(1964, 8, 8)],
        "employment": [[(date(2015, 2, 2), None)]] * 3,
        "eligible_on": [date(2016, 7, 1)] * 3,
    }
    return Standing(**(known | over))  # type: ignore[arg-type]


EXPECTED = Expectation(today=date(2026, 3, 13), closed_before=date(2026, 1, 1))


def lines(*rows: dict[str, str], header: str = HEADER) -> bytes:
    return "\n".join([header, *(",".join(row.values()) for row in rows)]).encode() + b"\n"


def read(data: bytes, expected: Expectation = EXPECTED, known: Standing | None = None, **how: str) -> Outcome:
    opened = open_upload(data, file_name="payroll.csv", **how)  # type: ignore[arg-type]
    return check(opened.chunks(), known or standing(), expected, mapping=opened.mapping, findings=opened.findings)


def codes(findings: Findings) -> list[str]:
    return [str(finding.code) for finding in findings.by_place()]


def only(data: bytes, **how: object) -> tuple[Severity, str, int | None, str, str, str]:
    outcome = read(data, **how)  # type: ignore[arg-type]
    assert outcome.findings.total == 1, outcome.findings.listed
    found = outcome.findings.listed[0]
    return found.severity, str(found.code), found.row, found.column, found.value_masked, found.reason + " " + found.fix


def accepted(data: bytes, **how: object) -> Outcome:
    outcome = read(data, **how)  # type: ignore[arg-type]
    assert outcome.findings.total == 0, outcome.findings.listed
    return outcome


def opened(data: bytes) -> Opened:
    return open_upload(data, file_name="payroll.csv")


def test_base_file_is_accepted_without_a_word() -> None:
    outcome = accepted(lines(GOOD, SECOND, THIRD))
    assert (outcome.rows, outcome.totals["pre_tax"], outcome.pay_date) == (3, 600_00, date(2026, 3, 13))


def test_01_empty_file() -> None:
    severity, code, *_, text = only(b"")
    assert (severity, code) == (Severity.REJECT, "file.empty")
    assert "Export it again" in text


def test_02_header_only_needs_an_explicit_statement() -> None:
    severity, code, *_, text = only(HEADER.encode())
    assert (severity, code) == (Severity.REJECT, "file.no_rows")
    assert "no contributions this period" in text


def test_02_statement_of_no_contributions_is_taken() -> None:
    opened = open_upload(HEADER.encode(), no_contributions=True)
    expected = Expectation(today=date(2026, 3, 13), pay_date=date(2026, 3, 13), said=Said(no_contributions=True))
    outcome = check(opened.chunks(), standing(), expected, mapping=opened.mapping, findings=opened.findings)
    assert (outcome.may_post, outcome.rows, outcome.findings.total) == (True, 0, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "0050-12-31", "9999-12-31", "2026-02-28", "2031-05-05"])
@pytest.mark.parametrize("name", ["dob", "hire_date", "term_date", "pay_date"])
def test_any_day_anywhere_is_a_finding_never_a_crash(name: str, day: str) -> None:
    for row in (GOOD, NEW):
        outcome = read(lines(row | {name: day}))
        assert outcome.rows == 1


def test_03_utf8_mark_is_stripped() -> None:
    accepted(b"\xef\xbb\xbf" + lines(GOOD))


def test_04_windows_1252_byte_is_named_by_row_and_column() -> None:
    data = lines(GOOD, SECOND).replace(b"Cole", b"Col\xe9")
    severity, code, row, column, _, text = only(data)
    assert (severity, code, row, column) == (Severity.REJECT, "file.encoding", 3, "C last_name")
    assert "0xE9" in text


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_04_pieces_in_which_bytes_are_decoded_change_nothing(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_PIECE", piece)
    assert read(lines(GOOD | {"last_name": "Zo\xeb"})).may_post
    _, code, row, *_ = only(lines(GOOD, SECOND).replace(b"Cole", b"Col\xe9"))
    assert (code, row) == ("file.encoding", 3)
    _, code, row, *_ = only(lines(GOOD, SECOND).replace(b"Cole", "Col\ufffd".encode()))
    assert (code, row) == ("file.encoding", 3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [b",", b"\t"])
def test_04_utf16_with_its_mark_is_read(encoding: str, separator: bytes) -> None:
    """What a spreadsheet saves as "Unicode text"; the mark says it, so nothing is guessed."""
    data = lines(NEW | {"first_name": "Zo\xeb 李"}).replace(b",", separator).decode()
    marked = data if encoding == "utf-16" else "\ufeff" + data
    assert read(marked.encode(encoding)).new_people[0].first_name == "Zoë 李"


def test_04_a_second_mark_is_no_part_of_a_heading() -> None:
    assert only("\ufeff".encode("utf-16") + lines(GOOD).decode().encode("utf-16-le"))[1] == "header.missing"


@pytest.mark.parametrize("cut", [b"\xff\xfe\x00\xd8a\x00", b"\xff\xfea", b"\xff\xfe\x00\x00a\x00\x00\x00"])
def test_04_damaged_utf16_is_refused(cut: bytes) -> None:
    """A lone half of a letter, half a letter at the end, and UTF-32, which begins alike."""
    assert only(cut)[1] == "file.encoding"


def test_04_windows_1252_is_read_when_declared() -> None:
    data = lines(GOOD | {"ssn": "456-78-9012", "first_name": "Zo\xeb"}).decode().encode("cp1252")
    outcome = read(data, encoding="cp1252")
    assert outcome.new_people[0].first_name == "Zoë"


def test_05_missing_column_is_named() -> None:
    rows = [{name: cell for name, cell in GOOD.items() if name != "roth"}]
    unsettled = opened(lines(*rows, header=HEADER.replace(",roth", "")))
    assert unsettled.mapping is None
    assert [(finding.code, finding.column) for finding in unsettled.findings.listed] == [(Code.HEADER_MISSING, "roth")]
    assert "Optional columns: after_tax" in unsettled.findings.listed[0].fix


def test_05_missing_column_of_an_unknown_layout_is_named() -> None:
    rows = [{name: cell for name, cell in GOOD.items() if name != "gross_comp"}]
    unsettled = opened(lines(*rows, header=HEADER.replace(",gross_comp", "").replace("dob", "Birthday")))
    found = [finding.column for finding in unsettled.findings.listed if finding.code is Code.HEADER_MISSING]
    assert found == ["gross"]


def test_06_misspelt_column_is_offered_never_guessed() -> None:
    unsettled = opened(lines(GOOD, header=HEADER.replace("pre_tax", "pre_taxx")))
    assert unsettled.mapping is None
    assert list(unsettled.chunks()) == []
    found = unsettled.findings.listed[0]
    assert (found.code, found.column, found.fix) == (Code.HEADER_UNKNOWN, "J pre_taxx", "Is it pre_tax?")


def test_07_semicolons_are_detected_and_told() -> None:
    severity, code, *_ = only(lines(GOOD).replace(b",", b";"))
    assert (severity, code) == (Severity.NOTE, "file.delimiter")


def test_08_narrow_row() -> None:
    severity, code, row, *_, text = only(lines(GOOD, {k: v for k, v in SECOND.items() if k != "hours"}))
    assert (severity, code, row) == (Severity.REJECT, "row.width", 3)
    assert "13 cells, expected 14" in text


def test_09_unquoted_thousands_comma_is_explained() -> None:
    *_, code, row, _, _, text = only(lines(GOOD | {"gross_comp": "1,234.56"}))
    assert (code, row) == ("row.width", 2)
    assert 'Write the amount as 1234.56. Quote amounts with commas: "1,234.56", if the layout has them.' in text


def test_a_line_that_tells_a_spreadsheet_the_separator_is_named_as_what_it_is() -> None:
    for line, mark in ((b"sep=,\r\n", b","), (b"SEP=;\n", b";")):
        _, code, row, *_, text = only(line + lines(GOOD).replace(b",", mark))
        assert (code, row) == ("header.missing", 1)
        assert "Remove the first row." in text


def test_an_ssn_that_a_spreadsheet_rounded_cannot_be_written_in_another_way() -> None:
    _, code, row, column, _, text = only(lines(GOOD | {"ssn": "1.23457E+08"}))
    assert (code, row, column) == ("ssn.invalid", 2, "A ssn")
    assert "digits of the SSN are lost" in text


def test_10_quoted_thousands_only_where_the_layout_allows_them() -> None:
    _, code, row, column, value, text = only(lines(GOOD | {"gross_comp": '"4,234.56"'}))
    assert (code, row, column, value) == ("amount.format", 2, "H gross_comp", "4,234.56")
    assert "Write it as 4234.56." in text


@pytest.mark.parametrize(
    ("case", "text", "code"),
    [
        (11, "$200.00", "amount.format"),
        (12, "(200.00)", "amount.negative_not_allowed"),
        (12, "($200.00)", "amount.negative_not_allowed"),
        (13, "-200.00", "amount.negative_not_allowed"),
        (13, "200.00-", "amount.negative_not_allowed"),
        (13, "\u2212200.00", "amount.negative_not_allowed"),
        (13, "200.00 CR", "amount.negative_not_allowed"),
        (13, "200.00cr", "amount.negative_not_allowed"),
        (13, "-$200.00", "amount.negative_not_allowed"),
        (13, "200.00 DR", "amount.format"),
        (14, "NaN", "amount.format"),
        (14, "Infinity", "amount.format"),
        (14, "1e5", "amount.format"),
        (14, "٢٠٠.00", "amount.format"),
        (14, "２００.00", "amount.format"),
        (14, "+200.00", "amount.format"),
        (14, "200,00", "amount.format"),
        (14, "200.00\u00a0", "amount.format"),
        (14, "0x10", "amount.format"),
        (14, "1_000.00", "amount.format"),
        (16, "200.123", "amount.precision"),
        (17, "", "amount.missing"),
        (18, "9999999999.00", "amount.implausible"),
        (18, "99999999999999999999.00", "amount.implausible"),
        (19, "4000.01", "amount.exceeds_pay"),
    ],
)
def test_11_to_19_amounts(case: int, text: str, code: str) -> None:
    severity, found, row, column, *_ = only(lines(GOOD, SECOND | {"pre_tax": f'"{text}"'}))
    assert (severity, found, row, column) == (Severity.REJECT, code, 3, "J pre_tax")


def test_15_one_decimal_is_exact() -> None:
    assert accepted(lines(GOOD | {"pre_tax": "200.5"})).totals["pre_tax"] == 200_50


def test_20_ssn_with_and_without_dashes() -> None:
    assert accepted(lines(GOOD, SECOND)).rows == 2


@pytest.mark.parametrize(
    ("case", "ssn", "code", "shown"),
    [
        (21, "000-12-3456", "ssn.invalid", "***-**-3456"),
        (21, "666-12-3456", "ssn.invalid", "***-**-3456"),
        (21, "912-34-5678", "ssn.invalid", "***-**-5678"),
        (21, "123-00-4567", "ssn.invalid", "***-**-4567"),
        (21, "123-45-0000", "ssn.invalid", "***-**-0000"),
        (22, "078-05-1120", "ssn.known_invalid", "***-**-1120"),
        (23, "12345678", "ssn.length", "***-**-5678"),
    ],
)
def test_21_to_23_ssns_are_refused_and_masked(case: int, ssn: str, code: str, shown: str) -> None:
    severity, found, row, column, value, text = only(lines(GOOD | {"ssn": ssn}))
    assert (severity, found, row, column, value) == (Severity.REJECT, code, 2, "A ssn", shown)
    assert ssn not in text
    assert ("ITIN" in text) == ssn.startswith("9")


def test_23_leading_zero_that_a_file_still_has_is_kept() -> None:
    outcome = read(lines(NEW | {"ssn": "012-34-5678"}))
    assert [row.ssn for row in outcome.new_people] == ["012345678"]


@pytest.mark.parametrize("ssn", ["12345678", "1.23457E+08", "123456789.0", "'12345678", "1234567890", " 12345678"])
def test_23_a_number_that_a_spreadsheet_damaged_is_never_mended(ssn: str) -> None:
    severity, code, *_ = only(lines(GOOD | {"ssn": ssn}))
    assert (severity, code[:4]) == (Severity.REJECT, "ssn.")


def test_24_same_person_twice_names_both_rows() -> None:
    _, code, row, *_, text = only(lines(GOOD, SECOND, GOOD))
    assert (code, row) == ("row.duplicate", 4)
    assert "Rows 2 and 4" in text


def test_25_same_ssn_with_two_names() -> None:
    found = codes(read(lines(GOOD, SECOND, THIRD | {"ssn": GOOD["ssn"]})).findings)
    assert "person.conflict" in found


def test_26_changed_name_waits_for_a_confirmation() -> None:
    outcome = read(lines(GOOD | {"last_name": "Ruiz"}))
    assert codes(outcome.findings) == ["person.name_changed"]
    assert outcome.findings.needs_confirmation
    assert outcome.may_post


def test_27_unknown_person_lists_what_a_new_hire_needs() -> None:
    severity, code, *_, text = only(lines(NEW | {"dob": "", "hire_date": ""}))
    assert (severity, code) == (Severity.REJECT, "person.unknown")
    assert "birth date, hire date" in text


def test_27_wrong_digit_of_a_known_person_is_recognised() -> None:
    severity, code, *_, text = only(lines(GOOD | {"ssn": "123-45-6780"}))
    assert (severity, code) == (Severity.REJECT, "person.unknown")
    assert "***-**-6789" in text


def test_27_complete_new_hire_is_told() -> None:
    outcome = read(lines(NEW))
    assert codes(outcome.findings) == ["person.unknown"]
    assert (outcome.may_post, [row.ssn for row in outcome.new_people]) == (True, ["456789012"])


def test_27_missing_hire_date_of_a_new_person() -> None:
    assert only(lines(NEW | {"hire_date": ""}))[1] == "hire_date.missing"


@pytest.mark.parametrize("dob", ["1900-01-01", "1980-01-01"])
def test_28_placeholder_birth_date(dob: str) -> None:
    outcome = read(lines(NEW | {"dob": dob}))
    assert codes(outcome.findings) == ["person.unknown", "dob.placeholder"]
    assert outcome.findings.needs_confirmation


@pytest.mark.parametrize("dob", ["2030-01-05", "2013-06-01", "1920-02-02"])
def test_29_birth_date_out_of_range(dob: str) -> None:
    assert "dob.range" in codes(read(lines(NEW | {"dob": dob})).findings)


@pytest.mark.parametrize(
    ("case", "text", "code"),
    [
        (30, "02/29/2025", "date.invalid"),
        (30, "2025-02-29", "date.invalid"),
        (31, "03/04/2026", "date.format"),
        (32, "1/2/26", "date.format"),
    ],
)
def test_30_to_32_dates(case: int, text: str, code: str) -> None:
    severity, found, row, column, value, _ = only(lines(GOOD | {"hire_date": text}))
    assert (severity, found, row, column, value) == (Severity.REJECT, code, 2, "E hire_date", text)


def test_33_hired_after_the_pay_date() -> None:
    assert codes(read(lines(GOOD | {"hire_date": "2026-03-14"})).findings) == ["date.order", "hire_date.changed"]


def test_34_terminated_before_hired() -> None:
    assert "date.order" in codes(read(lines(GOOD | {"term_date": "2014-01-01"})).findings)


def test_35_long_terminated_person_is_held() -> None:
    gone = standing(employment=[[(date(2015, 2, 2), date(2025, 12, 1))]] * 3)
    outcome = read(lines(GOOD), known=gone)
    assert codes(outcome.findings) == ["hours.after_leaving", "person.terminated"]
    assert [(hold.source, hold.cents) for hold in outcome.holds] == [(Source.PRE_TAX, 200_00)]


@pytest.mark.parametrize(("begins", "hours", "told"), [
    ("2026-02-21", "80", ["hours.after_leaving"]),
    ("2026-02-21", "0", []),
    ("2026-02-20", "80", []),
])  # fmt: skip
def test_hours_of_a_period_after_the_last_day_count_and_are_told(begins: str, hours: str, told: list[str]) -> None:
    period = {"period_start": begins, "period_end": "2026-03-06"}
    data = lines(GOOD | {"hours": hours} | period, header=HEADER + ",period_start,period_end")
    gone = standing(employment=[[(date(2015, 2, 2), date(2026, 2, 20))]] * 3)
    assert codes(read(data, known=gone).findings) == told


@pytest.mark.parametrize(("left", "told"), [("2026-01-26", []), ("2026-01-25", ["hours.after_leaving"])])
def test_hours_long_after_the_last_day_are_told_where_no_period_is(left: str, told: list[str]) -> None:
    """Nobody said that they came back: on 2026-03-12 pay of a month before, two weeks late, is as old as that."""
    gone = standing(employment=[[(date(2015, 2, 2), date.fromisoformat(left))]] * 3)
    outcome = read(lines(GOOD | {"pay_date": "2026-03-12"}), known=gone)
    assert codes(outcome.findings) == told


@pytest.mark.parametrize("day", ["2026-03-21", "2025-12-31"])
def test_36_pay_date_out_of_range(day: str) -> None:
    assert only(lines(GOOD | {"pay_date": day}))[1] == "pay_date.range"


def test_37_two_pay_dates() -> None:
    _, code, row, column, *_ = only(lines(GOOD, SECOND | {"pay_date": "2026-03-06"}))
    assert (code, row, column) == ("pay_date.mixed", 3, "G pay_date")


@pytest.mark.parametrize("hours", ["-5", "900"])
def test_38_hours(hours: str) -> None:
    assert only(lines(GOOD | {"hours": hours}))[1] == "hours.range"


def test_39_over_402g_holds_exactly_the_excess() -> None:
    outcome = read(lines(GOOD), known=standing(ytd_pre_tax=cents(24_400_00, 0, 0)))
    assert codes(outcome.findings) == ["limit.402g"]
    assert outcome.may_post
    assert [(hold.row, hold.source, hold.cents) for hold in outcome.holds] == [(2, Source.PRE_TAX, 100_00)]
    assert ("remaining_cents", "10000") in outcome.findings.listed[0].detail


def test_39_catch_up_room_is_used_first() -> None:
    assert read(lines(SECOND), known=standing(ytd_pre_tax=cents(0, 24_400_00, 0))).holds == []


CATCH_UP = HEADER + ",pre_tax_catch_up"


def test_40_catch_up_before_50() -> None:
    row = GOOD | {"pre_tax_catch_up": "50.00"}
    outcome = read(lines(row, header=CATCH_UP))
    assert codes(outcome.findings) == ["limit.catchup_age"]
    assert [hold.cents for hold in outcome.holds] == [50_00]


def test_41_pre_tax_catch_up_of_a_high_earner() -> None:
    known = standing(ytd_pre_tax=cents(0, 24_450_00, 0), fica_prior_year=cents(-1, 150_000_01, -1))
    outcome = read(lines(SECOND), known=known)
    assert codes(outcome.findings) == ["limit.roth_catchup"]
    assert [(hold.source, hold.cents) for hold in outcome.holds] == [(Source.PRE_TAX, 150_00)]


def test_41_what_is_coded_catch_up_below_the_limit_is_an_ordinary_deferral_and_told() -> None:
    """Reg. 1.414(v)-1(a)(1), (c)(1): catch-up is what exceeds a limit, so below it nothing has to be Roth."""
    high = {"ytd_pre_tax": cents(0, 20_000_00, 0), "fica_prior_year": cents(-1, 150_000_01, -1)}
    row = SECOND | {"pre_tax_catch_up": "50.00"}
    outcome = read(lines(row, header=CATCH_UP), known=standing(**high))
    assert codes(outcome.findings) == ["limit.roth_catchup"]
    assert outcome.findings.listed[0].severity is Severity.NOTE
    assert not outcome.holds
    near = high | {"ytd_pre_tax": cents(0, 24_450_00, 0)}
    passed = read(lines(row, header=CATCH_UP), known=standing(**near))
    assert sum(hold.cents for hold in passed.holds) == 200_00
    assert [each.severity for each in passed.findings.listed] == [Severity.HOLD]


def test_41_exactly_the_threshold_is_not_over_it() -> None:
    known = standing(ytd_pre_tax=cents(0, 24_450_00, 0), fica_prior_year=cents(-1, 150_000_00, -1))
    assert read(lines(SECOND), known=known).holds == []


@pytest.mark.parametrize("elected", [150_00, 199_98, 200_02, 250_00, 0])
def test_42_other_than_elected_is_told_and_asked_about(elected: int) -> None:
    outcome = read(lines(GOOD), known=standing(elected_pre_tax=cents(elected, -1, -1)))
    assert codes(outcome.findings) == ["election.mismatch"]
    assert outcome.findings.needs_confirmation
    assert not outcome.holds


def test_42_after_tax_is_held_against_its_own_election() -> None:
    outcome = read(lines(GOOD), known=standing(elected_after_tax=cents(10_00, -1, -1)))
    assert codes(outcome.findings) == ["election.mismatch"]


def test_42_a_cent_of_rounding_is_no_mismatch() -> None:
    accepted(lines(GOOD), known=standing(elected_pre_tax=cents(200_01, -1, -1)))


@pytest.mark.parametrize(("loan", "code"), [("L-9", "loan.unknown"), ("L-1", "loan.overpay")])
def test_43_money_that_no_loan_takes_refuses_the_file(loan: str, code: str) -> None:
    known = standing(loans=[{"L-1": 30_00}, {}, {}])
    outcome = read(lines(GOOD | {"loan_id": loan, "loan_payment": "50.00"}), known=known)
    assert codes(outcome.findings) == [code]
    assert (outcome.may_post, outcome.holds) == (False, [])


def test_44_match_that_is_not_the_formula() -> None:
    severity, code, row, column, _, text = only(lines(GOOD), known=standing(computed_match=cents(120_00, -1, -1)))
    assert (severity, code, row, column) == (Severity.HOLD, "match.mismatch", 2, "L match")
    assert "$120.00" in text


def test_45_control_total() -> None:
    expected = Expectation(today=date(2026, 3, 13), said=Said({"pre_tax": 300_00, "rows": 2}))
    severity, code, *_, text = only(lines(GOOD, SECOND), expected=expected)
    assert (severity, code) == (Severity.REJECT, "total.mismatch")
    assert "$300.00" in text
    assert "$400.00" in text
    assert "$100.00" in text


def test_every_case_of_the_catalogue_has_a_test_that_names_it() -> None:
    """Cases 1 to 45 of the bad-input catalogue, by the numbers in the names of the tests above."""
    named: set[int] = set()
    for name in globals():
        found = re.match(r"test_(\d\d)(?:_to_(\d\d))?_", name)
        if found:
            named.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    assert named == set(range(1, 46))


def test_all_findings_come_at_once() -> None:
    found = codes(
        read(lines(GOOD | {"ssn": "12345678", "pre_tax": "x", "dob": "1/2/26"}, SECOND | {"roth": "-1.00"})).findings
    )
    assert found == ["ssn.length", "date.format", "amount.format", "amount.negative_not_allowed"]


def test_list_is_capped_and_the_count_is_not() -> None:
    rows = [GOOD | {"ssn": "12345678"}] * 1_200
    findings = read(lines(*rows)).findings
    assert (len(findings.listed), findings.total) == (1_000, 1_200)


@pytest.mark.parametrize("entry", [date(2026, 7, 1), None])
def test_whole_deferral_of_someone_not_eligible_is_held(entry: date | None) -> None:
    outcome = read(lines(GOOD | {"roth": "10.00"}), known=standing(eligible_on=[entry] * 3))
    assert codes(outcome.findings) == ["person.not_eligible"]
    assert {hold.source: hold.cents for hold in outcome.holds} == {Source.PRE_TAX: 200_00, Source.ROTH: 10_00}


def test_415_takes_after_tax_money_first() -> None:
    terms = PlanTerms(sources=frozenset({Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX, Source.MATCH}))
    row = GOOD | {"after_tax": "500.00"}
    known = standing(ytd_additions=cents(71_600_00, 0, 0))
    outcome = read(
        lines(row, header=HEADER + ",after_tax"),
        expected=Expectation(today=date(2026, 3, 13), terms=terms),
        known=known,
    )
    assert codes(outcome.findings) == ["limit.415"]
    assert [(hold.source, hold.cents) for hold in outcome.holds] == [(Source.AFTER_TAX, 400_00)]


def test_holds_never_exceed_what_was_sent() -> None:
    known = standing(
        ytd_pre_tax=cents(0, 40_000_00, 0),
        ytd_additions=cents(0, 90_000_00, 0),
        fica_prior_year=cents(0, 200_000_00, 0),
        elected_pre_tax=cents(-1, 10_00, -1),
    )
    outcome = read(lines(SECOND), known=known)
    assert sum(hold.cents for hold in outcome.holds) == 200_00


def test_swapped_columns_are_seen_by_the_last_payroll() -> None:
    known = standing(
        previous_gross=cents(4_000_00, 4_000_00, 4_000_00),
        previous_pre_tax=cents(200_00, 200_00, 200_00),
        previous_roth=cents(0, 0, 0),
        previous_match=cents(100_00, 100_00, 100_00),
    )
    swapped = [row | {"pre_tax": "0.00", "roth": "200.00"} for row in (GOOD, SECOND, THIRD)]
    outcome = read(lines(*swapped), known=known)
    assert codes(outcome.findings) == ["columns.swapped"]
    assert outcome.findings.needs_confirmation
    assert codes(read(lines(GOOD, SECOND, THIRD), known=known).findings) == []


def test_other_hire_date_than_on_file_is_told() -> None:
    severity, code, row, column, value, text = only(lines(GOOD | {"hire_date": "2015-03-02"}))
    assert (severity, code, row, column, value) == (Severity.NOTE, "hire_date.changed", 2, "E hire_date", "2015-03-02")
    assert "2015-02-02" in text


def test_ssn_and_employee_id_of_two_people_are_a_contradiction() -> None:
    known = standing(place={"123456789": 0, "emp_b": 1})
    row = PayrollRow(2, 2, "123456789", "emp_b", "Ana", "Lee", pay_date=date(2026, 3, 13), gross_cents=1)
    assert codes(check([[row]], known, EXPECTED).findings) == ["person.conflict"]


@pytest.mark.parametrize("column", ["match", "nonelective", "profit_sharing"])
def test_employer_money_that_the_plan_does_not_give_is_told(column: str) -> None:
    terms = PlanTerms(sources=frozenset({Source.PRE_TAX, Source.ROTH}))
    row = GOOD | {"match": "0.00"}
    header = HEADER if column == "match" else f"{HEADER},{column}"
    outcome = read(
        lines(row | {column: "50.00"}, header=header), expected=Expectation(today=date(2026, 3, 13), terms=terms)
    )
    assert codes(outcome.findings) == ["source.not_in_plan"]
    assert (outcome.may_post, outcome.holds) == (True, [])


@pytest.mark.parametrize(
    ("reason", "moved", "severity", "code", "words"),
    [
        ("over_limit", 75_00, Severity.HOLD, "limit.402g", "$75.00 of after-tax money of the other payroll"),
        ("over_limit", -75_00, Severity.NOTE, "limit.402g", "no longer waits but is credited"),
        ("catch_up_must_be_roth", -1_00, Severity.NOTE, "limit.roth_catchup", "IRC 414(v)(7)"),
        ("over_additions", 75_00, Severity.HOLD, "limit.415", "IRC 415(c)"),
    ],
)
def test_money_of_another_payroll_of_the_day_that_a_row_moves_is_told(
    reason: str, moved: int, severity: Severity, code: str, words: str
) -> None:
    known = standing(held={}, moved={(Source.AFTER_TAX, reason): cents(moved, 0, 0)})
    outcome = read(lines(GOOD, SECOND), known=known)
    (found,) = outcome.findings.listed
    assert (found.severity, found.code, found.row) == (severity, code, 2)
    assert words in found.reason
    (hold,) = outcome.holds
    assert (hold.cents, hold.source, hold.code) == (moved, Source.AFTER_TAX, code)


@pytest.mark.parametrize(("sent", "told"), [("4000.00", 0), ("4000.01", 0), ("3999.98", 1), ("4100.00", 1)])
def test_plan_compensation_a_cent_apart_is_rounding(sent: str, told: int) -> None:
    outcome = read(lines(GOOD | {"plan_comp": sent}, header=HEADER + ",plan_comp"))
    assert outcome.rows == 1
    assert codes(outcome.findings) == ["plan_compensation.mismatch"] * told
    assert outcome.may_post
