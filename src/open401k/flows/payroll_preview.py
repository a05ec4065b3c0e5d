"""What posting a file would compute for its people, before anything is recorded. Not here: the checks that tell it."""

from dataclasses import replace

import numpy as np

from open401k import census, payroll, recordkeeping
from open401k.base.db import Tx


def scope_of(asked: payroll.Asked) -> recordkeeping.Scope:
    """The plan's books of the pay date, of everybody."""
    return recordkeeping.Scope(asked.tenant_id, asked.plan_id, asked.pay_date, asked.pay_date)


def previewed(
    tx: Tx,
    asked: payroll.Asked,
    before: recordkeeping.Before | None,
    standing: payroll.Standing,
    people: list[census.Employee],
    rows: list[payroll.PayrollRow],
) -> payroll.Standing:
    """What posting will compute for the people of these rows: the match by the formula, and what it will hold."""
    paid = [(standing.place[row.key], row) for row in rows if row.key in standing.place]
    if not paid or before is None:
        return standing
    places = np.array([place for place, _ in paid], dtype=np.int64)

    def column(values: list[int]) -> recordkeeping.Cents:
        out = np.zeros(len(standing), dtype=np.int64)
        np.add.at(out, places, np.array(values, dtype=np.int64))
        return out

    excluded = _codes_left_out(tx, asked)
    found = recordkeeping.preview(
        tx,
        scope=scope_of(asked),
        provisions=asked.provisions,
        employees=people,
        before=before,
        pay=recordkeeping.Reported(
            compensation=column(
                [row.gross_cents - sum(c for code, c in row.earnings if code in excluded) for _, row in paid]
            ),
            pre_tax=column([row.pre_tax_cents + row.pre_tax_catch_up_cents for _, row in paid]),
            roth=column([row.roth_cents + row.roth_catch_up_cents for _, row in paid]),
            after_tax=column([row.after_tax_cents for _, row in paid]),
            coded_catch_up_pre_tax=column([row.pre_tax_catch_up_cents for _, row in paid]),
            coded_catch_up_roth=column([row.roth_catch_up_cents for _, row in paid]),
        ),
    )
    held = {(source, str(reason)): cents for (source, reason), cents in found.held.items()}
    match = found.match if found.match is not None else standing.computed_match
    return replace(standing, computed_match=match, held=held)


def _codes_left_out(tx: Tx, asked: payroll.Asked) -> frozenset[str]:
    """The pay codes that are no plan compensation on the pay date: what the sponsor said goes before the provisions."""
    said = {
        each.code: each.counts
        for each in census.pay_codes(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id)
        if each.event_on <= asked.pay_date
    }
    named = {code for code in asked.provisions.compensation.excluded_pay_codes if code not in said}
    return frozenset(named | {code for code, counts in said.items() if not counts})
