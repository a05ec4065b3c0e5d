"""A made-up bank: takes files of debits, books them, sends some back, and writes BAI2 statements of the plan's account.

Not here: what the plan makes of them (flows.bank_statement, flows.debit_file).
"""

from dataclasses import dataclass, field, replace
from datetime import date

from open401k import wire
from open401k.kernel import Open401kError
from open401k.wire import nacha
from open401k.wire.nacha.layouts import fields_of

ACCOUNT = "55500011"
_CREDIT, _WIRE, _RETURN = "165", "195", "555"


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of the plan's account."""

    on: date
    cents: int
    code: str
    text: str


@dataclass(slots=True)
class MadeUpBank:
    """The plan's account there. ``bounces``: how many of the next debits come back for lack of funds."""

    booked: list[Booked] = field(default_factory=list)
    bounces: int = 0
    told: int = 0
    answers: list[bytes] = field(default_factory=list)
    sent_back: int = 0
    _waiting: list[tuple[date, nacha.AchFile]] = field(default_factory=list)
    _taken: set[bytes] = field(default_factory=set)

    def take(self, data: bytes, *, effective_on: date) -> None:
        """A file of debits comes in; the same file again is one file."""
        file = nacha.read(data)
        if isinstance(file, wire.Unreadable):
            raise Open401kError(f"The bank cannot read the file: {file}")
        if data not in self._taken:
            self._taken.add(data)
            self._waiting.append((effective_on, file))

    def settle(self, day: date) -> None:
        """Book every file that takes effect by a day; what comes back is told by files among ``answers``."""
        for effective_on, file in [each for each in self._waiting if each[0] <= day]:
            self._waiting.remove((effective_on, file))
            cents = sum(each.cents for each in file.entries)
            self.booked.append(Booked(effective_on, cents, _CREDIT, "ACH SETTLEMENT 401K DEP"))
            if self.bounces:
                self.bounces -= 1
                self.sent_back += 1
                first = file.entries[0]
                name = first.record["individual_id"].strip()
                self.booked.append(Booked(day, -first.cents, _RETURN, f"RETURN R01 {name}"))
                self.answers.append(_returned(file, "R01"))

    def wire_in(self, on: date, cents: int, text: str) -> None:
        """Money that the employer sends by itself."""
        self.booked.append(Booked(on, cents, _WIRE, text))

    def statement(self, on: date) -> bytes | None:
        """What was booked since the last statement that was read; None: nothing."""
        new = self.booked[self.told :]
        if not new:
            return None
        opening = sum(each.cents for each in self.booked[: self.told])
        return _bai2(new, opening, on)

    def was_read(self) -> None:
        """The statement is with the plan: the next one begins behind it."""
        self.told = len(self.booked)

    @property
    def balance_cents(self) -> int:
        """What the plan has there."""
        return sum(each.cents for each in self.booked)


def _bai2(lines: list[Booked], opening: int, on: date) -> bytes:
    """One group a day, as lines take the group's day; balances go from one to the next."""
    groups, total, records, balance = [], 0, 2, opening
    for day in sorted({each.on for each in lines}):
        mine = [each for each in lines if each.on == day]
        closing = balance + sum(each.cents for each in mine)
        account = [f"03,{ACCOUNT},USD,010,{balance},,,015,{closing},,/"]
        account += [f"16,{each.code},{abs(each.cents)},Z,,,{each.text}" for each in mine]
        control = balance + closing + sum(abs(each.cents) for each in mine)
        account.append(f"49,{control},{len(account) + 1}/")
        groups += [f"02,ACME,BANK,1,{day:%y%m%d},,USD,2/", *account, f"98,{control},1,{len(account) + 2}/"]
        total, records, balance = total + control, records + len(account) + 2, closing
    count = sum(each.startswith("02") for each in groups)
    text = [f"01,BANK,ACME,{on:%y%m%d},0600,1,80,1,2/", *groups, f"99,{total},{count},{records}/", ""]
    return "\n".join(text).encode()


def _returned(file: nacha.AchFile, code: str) -> bytes:
    """The first debit of a file sent back, with its addenda 99."""
    entry, batch = file.entries[0], file.batches[0]
    if batch.control is None or file.control is None:
        raise Open401kError("The bank was sent a file without its controls.")
    said = {"type": "7", "addenda_type": "99", "return_code": code, "original_trace": entry.trace}
    said |= {"original_rdfi": entry.trace[:8], "trace": "091000010000001"}
    addenda = nacha.Record("addenda_99", tuple(said.get(f.name, "").ljust(f.width) for f in fields_of("addenda_99")))
    record = _with(entry.record, code="26", addenda_indicator="1")
    sums = {"count": "000002", "hash": f"{int(entry.record['rdfi']):010}", "debit_cents": f"{entry.cents:012}"}
    whole = replace(
        batch,
        entries=(replace(entry, record=record, addenda=(addenda,)),),
        control=_with(batch.control, **sums),
    )
    end = _with(file.control, **(sums | {"count": "00000002"}))
    return nacha.write(replace(file, batches=(whole,), control=end, filler=("9" * 94 + "\n",) * 4))


def _with(record: nacha.Record, **said: str) -> nacha.Record:
    values = [
        said.get(field.name, value).ljust(field.width)[: field.width]
        for field, value in zip(fields_of(record.layout), record.values, strict=True)
    ]
    return replace(record, values=tuple(values))
