"""Bank statements as they came, their lines, and what each turned out to be. Not here: deciding that (matching.py)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EntryId, PlanId, RunId, SponsorId
from open401k.wire import BankLine, Statement

from . import _store
from .ids import StatementId

#: A line on file: its statement and number.
Name: TypeAlias = tuple[StatementId, int]
_LONG = re.compile(r"\b\d{5,}(?=\d{4}\b)")


class Kind(StrEnum):
    """What a line, or a part of one, turned out to be."""

    DEPOSIT = "deposit"
    SEEN_BEFORE = "seen_before"  # the deposit was recorded before the statement showed it
    EMPLOYER_MONEY = "employer_money"  # more than was due: it waits
    RETURNED = "returned"
    APPLIED = "applied"  # money that waited, used for a payroll
    GIVEN_BACK = "given_back"
    DISMISSED = "dismissed"  # a person says that it is none of the plan's deposits


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement on file."""

    statement_id: StatementId
    name: str
    kind: str
    account_last4: str
    opening_cents: int | None
    closing_cents: int | None
    closed_on: date | None
    recorded_at: datetime
    lines: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement on file, under its own name; ``file_id`` is the first statement of the file it came in."""

    statement_id: StatementId
    line_no: int
    line: BankLine
    file_id: StatementId

    @property
    def key(self) -> Name:
        """Which line it is."""
        return self.statement_id, self.line_no

    @property
    def name(self) -> str:
        """How it is named in addresses and keys."""
        return f"{self.statement_id}-{self.line_no}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a part of a line is, by which rule or person, and the entry that posted it."""

    statement_id: StatementId
    line_no: int
    part_no: int
    kind: Kind
    run_id: RunId | None
    cents: int
    entry_id: EntryId | None
    rule: str
    booked_on: date

    @property
    def key(self) -> Name:
        """Which line it is of."""
        return self.statement_id, self.line_no


def keep(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, name: str, data: bytes, read: Mapping[int, Statement]
) -> list[StatementId]:
    """Keep statements of a file, by their number in it, with their lines; the same bytes again are the first ones."""
    heads.lock(tx, tenant_id=tenant_id)
    kept: list[StatementId] = []
    for number, statement in read.items():
        # Keyed: the lines beside it are known, so an account number could be found by trying against a bare hash. What
        # was kept before it was keyed is found by the bare one.
        bare = hashlib.sha256(b"%d\0" % number + data)
        digest = tx.keyring.blind_index("custody.statement", bare.hexdigest())
        hashes = (digest, bare.digest())
        known = _store.statement_by_hash(tx, tenant_id=tenant_id, plan_id=plan_id, hashes=hashes)
        if known is not None:
            kept.append(StatementId(known))
            continue
        statement_id = tx.ids.new(StatementId)
        sealed = tx.keyring.seal(
            tx, tenant_id=tenant_id, table="custody.statement", column="sealed", row_id=statement_id, plaintext=data
        )
        last4 = statement.account[-4:] if len(statement.account) > 4 else ""
        balances = (statement.opening_cents, statement.closing_cents, statement.closed_on)
        columns = (digest, name[:200], statement.kind, sealed, last4, *balances, kept[0] if kept else statement_id)
        _store.add_statement(tx, tenant_id=tenant_id, plan_id=plan_id, statement_id=statement_id, columns=columns)
        rows = [_row(at, line) for at, line in enumerate(statement.lines, 1)]
        _store.add_lines(tx, tenant_id=tenant_id, statement_id=statement_id, rows=rows)
        told = {"kind": statement.kind, "lines": len(rows), "proven": statement.proven}
        audit.record(tx, tenant_id=tenant_id, action="custody.statement_kept", subject=statement_id, after=told)
        kept.append(statement_id)
    return kept


def kept(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Kept]:
    """Every statement, the newest first."""
    return [Kept(StatementId(row[0]), *row[1:]) for row in _store.statements(tx, tenant_id=tenant_id, plan_id=plan_id)]


def lines(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, open_only: bool = True) -> list[Line]:
    """Lines by day; those of which nothing was found yet, or all."""
    found = []
    for row in _store.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=open_only):
        line = BankLine(row[2], row[3], row[4], row[5], tuple(row[6]), row[7], row[8], row[9])
        found.append(Line(StatementId(row[0]), row[1], line, StatementId(row[10] or row[0])))
    return found


def note(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    line: Line,
    kind: Kind,
    cents: int,
    rule: str,
    run_id: RunId | None = None,
    entry_id: EntryId | None = None,
) -> None:
    """Remember what a part of a line is."""
    columns = (str(kind), run_id, cents, entry_id, rule)
    _store.add_finding(
        tx, tenant_id=tenant_id, plan_id=plan_id, statement_id=line.statement_id, line_no=line.line_no, columns=columns
    )
    told = {"line": line.name, "kind": kind, "cents": cents, "rule": rule}
    audit.record(tx, tenant_id=tenant_id, action="custody.line_found", subject=run_id or line.name, after=told)


def findings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Finding]:
    """Everything found, in order."""
    rows = _store.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        Finding(
            StatementId(row[0]),
            row[1],
            row[2],
            Kind(row[3]),
            RunId(row[4]) if row[4] else None,
            row[5],
            EntryId(row[6]) if row[6] else None,
            row[7],
            row[8],
        )
        for row in rows
    ]


def masked(text: str) -> str:
    """Long numbers of a free text (accounts, cards) shortened to their last four digits.

    >>> masked("ACH 021000021 ACCT 0975312468 INV 1042")
    'ACH ****0021 ACCT ****2468 INV 1042'
    """
    return _LONG.sub("****", text)


def _row(number: int, line: BankLine) -> tuple[object, ...]:
    references = "\t".join(each.replace("\t", " ")[:100] for each in line.references[:20])
    return (
        number, line.place[:100], line.booked_on, line.value_on, line.cents, references,
        masked(line.counterparty)[:200], masked(line.text)[:1_000], line.return_code or "",
    )  # fmt: skip
