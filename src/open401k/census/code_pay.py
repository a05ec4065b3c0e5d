"""Pay under some earnings codes, as far as it is plan pay: bonuses, for elections. Not here: what a code means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId

from . import _code_pay_store
from .pay_codes import Word, counts_as_plan_pay, words_on


@dataclass(frozen=True, slots=True)
class PayUnderCodes:
    """Cents of one person and pay date."""

    employee_id: EmployeeId
    pay_date: date
    cents: int


def pay_under_codes(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    codes: Sequence[str],
    terms: plan.Compensation,
    start: date,
    end: date,
) -> list[PayUnderCodes]:
    """What came under these codes and is plan pay by ``terms``, by person and pay date; without codes none."""
    if not codes:
        return []
    rows = _code_pay_store.pay_under(tx, tenant_id=tenant_id, plan_id=plan_id, codes=codes, start=start, end=end)
    words: dict[date, dict[str, Word]] = {}
    for _, on, _, _ in rows:
        if on not in words:
            words[on] = words_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=on)
    named = frozenset(terms.excluded_pay_codes)
    return [
        PayUnderCodes(EmployeeId(who), on, cents)
        for who, on, code, cents in rows
        if counts_as_plan_pay(words[on].get(code), code in named, terms)
    ]
