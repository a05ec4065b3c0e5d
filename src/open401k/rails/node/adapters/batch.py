"""A core that works overnight: orders in files, answers in files. Not here: how records are written (layouts.py).

Every order is a file of its own in ``spool`` before anything is said about it. ``close_day`` puts all that are not
answered into one numbered file in ``out``; the core's answers and positions arrive in ``in``. What is sent twice is
answered twice: tickets are idempotent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from open401k.kernel import Clock

from ..codes import ACCOUNT_UNKNOWN, KIND_NOT_TAKEN, OTHER_ORDER
from ..core import Account, Answer, Done, HoldState, Order, Refused, Side, SilentError, Status, Waiting
from . import iso
from .layouts import Layout, Row, UnreadableFileError, read, write
from .rest import FUNDS, STATES, WAYS, refused, ticket_of


@dataclass
class BatchCore:
    """The core that shares ``folder`` with us, by files of this layout. Messages (``iso``) need a ``clock``."""

    folder: Path
    layout: Layout = Layout.FIXED
    clock: Clock | None = None
    _read: dict[Path, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.layout is Layout.ISO and self.clock is None:
            raise ValueError("the layout iso needs a clock: each message says when it was made")
        for name in ("spool", "out", "in"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def look_up(self, account: str) -> Account | Refused:
        rows = [row.record for row in self._newest("P") if row.record["account"] == account]
        if not rows:
            return Refused(ACCOUNT_UNKNOWN, f"no account {account} in the newest positions of the core")
        money = {FUNDS.index(row["fund"]): int(row["amount"]) for row in rows}
        held = {FUNDS.index(row["fund"]): int(row["frozen"]) for row in rows if int(row["frozen"])}
        return Account(account, rows[0]["open"] == "Y", money, held)

    def hold(self, order: Order) -> Answer:
        return self._order("HOLD", order)

    def release(self, rollover: bytes, side: Side) -> Answer:
        empty = dict.fromkeys(("way", "account", "fund", "roth"), "") | {"line": "0", "amount": "0", "basis": "0"}
        ticket = self._ticket(rollover, side)
        return self._ordered("LIFT", ticket, [empty | {"action": "LIFT", "ticket": ticket}])

    def post(self, order: Order) -> Answer:
        return self._order("BOOK", order)

    def status(self, rollover: bytes, side: Side) -> Status:
        """As of the core's last night."""
        ticket = self._ticket(rollover, side)
        for row in self._newest("K"):
            told = row.record
            if told["ticket"] == ticket:
                return Status(STATES[told["state"]], row.amount, ticket, int(told["forms"]))
        return Status(HoldState.UNKNOWN)

    def close_day(self) -> Path | None:
        """All orders without an answer in one file for the core; None if there is none."""
        answered = {(row.record["action"], row.record["ticket"]) for row in self._rows("answers", "A")}
        rows = []
        for path in sorted((self.folder / "spool").glob("*.json")):
            records = json.loads(path.read_text())
            if (records[0]["action"], records[0]["ticket"]) not in answered:
                rows += [Row("O", record) for record in records]
        if not rows:
            return None
        out = self.folder / "out"
        number = 1 + max((int(path.stem.split("-")[1]) for path in out.glob(f"orders-*{self._ends}")), default=0)
        while not kept(out / f"orders-{number:06}{self._ends}", self._written(rows, number)):
            number += 1  # another process closes the day, too
        return out / f"orders-{number:06}{self._ends}"

    @property
    def _ends(self) -> str:
        return ".xml" if self.layout is Layout.ISO else ".txt"

    def _written(self, rows: list[Row], number: int) -> bytes:
        if self.clock is not None and self.layout is Layout.ISO:
            return iso.write(rows, name=f"orders-{number:06}", at=self.clock.now())
        return write(rows, self.layout)

    def _ticket(self, rollover: bytes, side: Side) -> str:
        return iso.transfer_of(rollover, side) if self.layout is Layout.ISO else ticket_of(rollover, side)

    def _order(self, action: str, order: Order) -> Answer:
        if any(part.kind >= len(FUNDS) for part in order.parts):
            return Refused(KIND_NOT_TAKEN, "the core has no word for a kind of this money")
        ticket, way = self._ticket(order.rollover, order.side), WAYS[order.side]
        records = [
            {
                "action": action, "ticket": ticket, "way": way, "account": order.account, "line": str(part.leg),
                "fund": FUNDS[part.kind], "amount": str(part.cents), "basis": str(part.basis),
                "roth": str(part.roth_since or ""),
            }
            for part in order.parts
        ]  # fmt: skip
        held = self._spooled("HOLD", ticket)
        as_held = [record | {"action": "HOLD"} for record in records]
        if action == "BOOK" and held.exists() and json.loads(held.read_text()) != as_held:
            return Refused(OTHER_ORDER, f"{held.name} is another order")
        return self._ordered(action, ticket, records)

    def _spooled(self, action: str, ticket: str) -> Path:
        return self.folder / "spool" / f"{action}-{ticket}.json"

    def _ordered(self, action: str, ticket: str, records: list[dict[str, str]]) -> Answer:
        path = self._spooled(action, ticket)
        if not path.exists():
            kept(path, json.dumps(records).encode())
        if json.loads(path.read_text()) != records:
            return Refused(OTHER_ORDER, f"{path.name} is another order")
        for row in self._rows("answers", "A"):
            told = row.record
            if (told["action"], told["ticket"]) == (action, ticket):
                if told["ok"] == "Y":
                    return Done(told["reference"], row.amount, again=told["again"] == "Y")
                return refused(told["word"])
        return Waiting(path.name)

    def _rows(self, name: str, kind: str) -> Iterator[Row]:
        for path in self._files(name):
            yield from (row for row in self._whole(path) if row.type == kind)

    def _newest(self, kind: str) -> list[Row]:
        files = self._files("positions")
        if not files:
            raise SilentError(f"no positions of the core in {self.folder / 'in'} yet")
        return [row for row in self._whole(files[-1]) if row.type == kind]

    def _files(self, name: str) -> list[Path]:
        return sorted((self.folder / "in").glob(f"{name}-*{self._ends}"))

    def _whole(self, path: Path) -> list[Row]:
        if path not in self._read:
            try:
                data = path.read_bytes()
                self._read[path] = iso.read(data) if self.layout is Layout.ISO else read(data, self.layout)
            except UnreadableFileError as why:
                raise SilentError(f"{path.name}: {why}") from why
        return self._read[path]


def kept(path: Path, data: bytes) -> bool:
    """The whole file under its name, on the disk, or none; False if there is one by this name, which stays."""
    with NamedTemporaryFile(dir=path.parent, suffix=".part") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o640)  # the core reads it as somebody else of the same group
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return False
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
