"""Cells of one row that slid: refused, or asked about; never other money without a question."""

from datetime import date
from itertools import product
from uuid import UUID

from tests.rooms.payroll.test_catalogue import EXPECTED, GOOD, HEADER, NAMES, cents, codes, lines, standing

from open401k.kernel import EmployeeId
from open401k.payroll import Opened, Outcome, PayrollRow, check, open_upload

PAID = (("200.00", "0.00"), ("0.00", "240.00"), ("150.00", "60.00"), ("0.00", "0.00"), ("90.00", "0.00"))


def five() -> list[dict[str, str]]:
    """Five people who defer otherwise, each with half of it as match."""
    rows = []
    for place, (pre_tax, roth) in enumerate(PAID):
        match = f"{(float(pre_tax) + float(roth)) / 2:.2f}"
        gross = f"{4_000 + 137 * place}.00"
        told = {
            "ssn": f"{place + 1}23-45-6789",
            "first_name": ["Ana", "Ben", "Cy", "Dee", "Eve"][place],
            "gross_comp": gross,
        }
        rows.append(GOOD | told | {"pre_tax": pre_tax, "roth": roth, "match": match})
    return rows


def of_five(opened: Opened, **other: object) -> Outcome:
    """Held against the same payroll before, with the plan's match of what is read."""
    chunks = list(opened.chunks())
    matched = {row.key: round((row.pre_tax_cents + row.roth_cents) / 2) for rows in chunks for row in rows}
    before = {name: cents(*[round(float(row[name]) * 100) for row in five()]) for name in ("pre_tax", "roth", "match")}
    known = standing(
        place={row["ssn"].replace("-", ""): place for place, row in enumerate(five())},
        employee_id=[EmployeeId(UUID(int=place)) for place in range(5)],
        first_name=[row["first_name"] for row in five()],
        last_name=["Lee"] * 5,
        ssn_last4=["6789"] * 5,
        birth_date=[date(1979, 4, 2)] * 5,
        employment=[[(date(2015, 2, 2), None)]] * 5,
        eligible_on=[date(2016, 7, 1)] * 5,
        ytd_hours_hundredths=cents(*[80_00] * 5),
        previous_gross=cents(*[int(row["gross_comp"][:4]) * 100 for row in five()]),
        previous_pre_tax=before["pre_tax"],
        previous_roth=before["roth"],
        previous_match=before["match"],
        computed_match=cents(*[matched.get(f"{place + 1}23456789", 0) for place in range(5)]),
        **other,
    )
    return check(chunks, known, EXPECTED, mapping=opened.mapping, findings=opened.findings)


def of_money(row: PayrollRow) -> tuple[object, ...]:
    return (row.gross_cents, row.pre_tax_cents, row.roth_cents, row.after_tax_cents, row.loan_payments)


def test_no_row_that_slid_by_a_cell_posts_other_money_without_a_question() -> None:
    right = [row for rows in open_upload(lines(*five()), file_name="payroll.csv").chunks() for row in rows]
    assert codes(of_five(open_upload(lines(*five()), file_name="payroll.csv")).findings) == []
    asked = 0
    for who, gone, new in product(range(5), range(len(NAMES)), range(len(NAMES))):
        table = [list(row.values()) for row in five()]
        table[who].pop(gone)
        table[who].insert(new, "")
        data = "\n".join([HEADER, *(",".join(row) for row in table)]).encode()
        slid = open_upload(data, file_name="payroll.csv")
        rows = [row for rows in slid.chunks() for row in rows]
        outcome = of_five(slid)
        same = len(rows) == 5 and of_money(rows[who]) == of_money(right[who])
        assert same or not outcome.may_post or outcome.findings.needs_confirmation, (who, gone, new)
        asked += "row.slid" in codes(outcome.findings)
    assert asked > 20


def found(rows: list[dict[str, str]], **other: object) -> list[str]:
    return codes(of_five(open_upload(lines(*rows), file_name="payroll.csv"), **other).findings)


def test_what_people_and_payrolls_do_is_not_asked_about() -> None:
    ana, *rest = five()
    assert found([ana | {"pre_tax": "250.00", "match": "125.00"}, *rest]) == []  # she defers more
    assert found([ana | {"gross_comp": "4400.00"}, *rest]) == []  # a raise
    to_roth = [ana | {"pre_tax": "0.00", "roth": "200.00"}, *rest]
    assert found(to_roth) == ["row.slid"]
    elected = {"elected_pre_tax": cents(0, -1, -1, -1, -1), "elected_roth": cents(200_00, -1, -1, -1, -1)}
    assert found(to_roth, **elected) == []
    nothing = dict.fromkeys(("pre_tax", "roth", "match"), "0.00")
    bonus = [row | nothing | {"gross_comp": "500.00", "hours": ""} for row in five()]
    assert found(bonus) == found(bonus[:1]) == []
    away = nothing | {"gross_comp": "0.00", "hours": ""}
    assert found([ana | away, *rest]) == []  # on leave
    assert found([ana | {"gross_comp": "1200.00", "hours": "", "pre_tax": "60.00", "match": "30.00"}, *rest]) == []
    otherwise = [row | {"pre_tax": "10.00", "roth": "0.00", "match": "9.00"} for row in five()]
    assert set(found(otherwise)) == {"match.mismatch"}  # payroll counts it otherwise: no row is alone
