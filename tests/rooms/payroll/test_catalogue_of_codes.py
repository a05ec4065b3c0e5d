"""What payroll calls its codes, and how it types them, reaches the proposal of what they are for."""

from datetime import date

import pytest

from open401k import plan
from open401k.law.pay_items import PayKind
from open401k.payroll import CalledCode, CodeWatch, PayrollRow, as_json, propose_kind, read_codes
from open401k.payroll.providers import Earning, PayrollKind, PayStatement, ProviderPayroll
from open401k.payroll.pulled_rows import codes_of

PAID = date(2026, 3, 13)
ROW = PayrollRow(1, 1, "123456789", pay_date=PAID, gross_cents=500_00, earnings=(("E17", 500_00),))


def proposed(code: CalledCode) -> tuple[PayKind | None, tuple[str, ...]]:
    """From the body of a run to the proposal."""
    called = read_codes(as_json([ROW], pay_date=PAID, period_start=None, period_end=None, codes=[code]))
    watch = CodeWatch(names=called.names, types=called.types)
    watch.look([ROW])
    (seen,) = watch.told()
    found = propose_kind(seen, plan.Compensation())
    return found.kind, found.evidence


@pytest.mark.parametrize(
    ("code", "kind", "evidence"),
    [
        (CalledCode("E17"), None, "Its name is no usual wording."),
        (CalledCode("E17", "Annual bonus"), PayKind.BONUS, 'Its name is the usual wording "annual bonus".'),
        (CalledCode("E17", "", "Commission"), PayKind.COMMISSION, 'The provider types it "commission".'),
        (
            CalledCode("E17", "Annual bonus", "commission"),
            PayKind.BONUS,
            "Its name and its provider's type say different things.",
        ),
    ],
)
def test_names_and_types_are_evidence(code: CalledCode, kind: PayKind | None, evidence: str) -> None:
    found, told = proposed(code)
    assert found is kind
    assert evidence in told


def test_a_pull_keeps_the_types_of_its_provider() -> None:
    earned = (Earning("E17", 500_00, "bonus"), Earning("Salary", 1_00, "salary"))
    statement = PayStatement("p-1", 501_00, earned)
    told = ProviderPayroll("pay-1", PAID, None, None, PayrollKind.REGULAR, (statement,))
    assert codes_of(told) == [CalledCode("E17", "", "bonus"), CalledCode("Salary", "", "salary")]


def test_a_body_without_them_is_what_it_was() -> None:
    assert set(as_json([ROW], pay_date=PAID, period_start=None, period_end=None)) == {"pay_date", "lines"}
