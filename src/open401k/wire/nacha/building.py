"""Builds a file of debits from typed entries: digits, hashes, totals, blocks. Not here: which debits a plan sends."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..problems import Problem, Unreadable
from .codes import DEBITS, check_digit
from .layouts import fields_of
from .records import AchFile, Batch, Entry, Record
from .sums import sums_of, sums_of_all

CHECKING, SAVINGS = 27, 37
#: How a batch of entries is called that came back and are sent again (Nacha Operating Rules, 2.12.4).
RETRY = "RETRY PYMT"
#: Per entry: ten digits of cents; Nacha's same-day limit since 2022 is one million dollars.
MOST_CENTS = 9_999_999_999
MOST_SAME_DAY_CENTS = 100_000_000


@dataclass(frozen=True, slots=True)
class Originator:
    """Who sends: the bank that takes the file, and the company as the bank knows it."""

    bank_routing: str
    bank_name: str
    company_id: str
    company_name: str
    origin: str = ""  # as the bank assigned it; without it the company's identification


@dataclass(frozen=True, slots=True, repr=False)
class Debit:
    """Money to take from one account. ``reference`` comes back in returns, so it says what was meant."""

    routing: str
    account: str
    cents: int
    reference: str
    name: str
    code: int = CHECKING
    retry: bool = False  # it came back for want of funds, and is sent again


def debit_file(
    originator: Originator,
    debits: Sequence[Debit],
    *,
    sec: str,
    description: str,
    effective_on: date,
    created: datetime,
    modifier: str = "A",
    first_trace: int = 1,
    same_day: bool = False,
) -> AchFile | Unreadable:
    """A file of debits (PPD or CCD), ready to be written; or all that is wrong with what it is made of.

    One batch, and a second one for what is sent again: those come last, whatever their place in ``debits``.

    A same-day file says so: its effective day is the day it is made, and the descriptive date "SD" with the hour.
    """
    problems = _impossible(originator, debits, sec=sec, modifier=modifier, same_day=same_day)
    if same_day and effective_on != created.date():
        problems.append(Problem("file", "effective_on", f"A same-day file takes effect on {created.date()}."))
    if problems:
        return Unreadable.because(problems)
    odfi = originator.bank_routing[:8]
    batches: list[Batch] = []
    for retry, name in ((False, _plain(description)), (True, RETRY)):
        mine = [each for each in debits if each.retry is retry]
        if not mine:
            continue
        header = _record(
            "batch_header",
            type="5", service_class=DEBITS, company_name=_plain(originator.company_name),
            company_id=originator.company_id, sec=sec, description=name,
            descriptive_date=f"SD{created:%H%M}" if same_day else "", effective_on=f"{effective_on:%y%m%d}",
            originator_status="1", odfi=odfi, number=f"{len(batches) + 1:07}",
        )  # fmt: skip
        first = first_trace + sum(len(each.entries) for each in batches)
        entries = tuple(Entry(_entry(each, f"{odfi}{number % 10**7:07}")) for number, each in enumerate(mine, first))
        batches.append(Batch(header, entries, None))
    return _numbered(_closed(_file_header(originator, created, modifier), batches))


def _file_header(originator: Originator, created: datetime, modifier: str) -> Record:
    return _record(
        "file_header",
        type="1", priority="01", destination=f" {originator.bank_routing}",
        origin=(originator.origin or originator.company_id).rjust(10), created_on=f"{created:%y%m%d}",
        created_at=f"{created:%H%M}", modifier=modifier, record_size="094", blocking="10", format="1",
        destination_name=_plain(originator.bank_name), origin_name=_plain(originator.company_name),
    )  # fmt: skip


def _entry(debit: Debit, trace: str) -> Record:
    return _record(
        "entry",
        type="6", code=str(debit.code), rdfi=debit.routing[:8], check_digit=debit.routing[8], account=debit.account,
        cents=f"{debit.cents:010}", individual_id=_plain(debit.reference), name=_plain(debit.name),
        addenda_indicator="0", trace=trace,
    )  # fmt: skip


def _closed(header: Record, batches: Sequence[Batch]) -> AchFile:
    whole = tuple(_controlled(each) for each in batches)
    total, records = sums_of_all(whole), 2 + sum(2 + len(each.entries) for each in whole)
    end = _record(
        "file_control",
        type="9", batches=f"{len(whole):06}", blocks=f"{-(-records // 10):06}", count=f"{total.count:08}",
        hash=f"{total.hash:010}", debit_cents=f"{total.debit_cents:012}", credit_cents=f"{total.credit_cents:012}",
    )  # fmt: skip
    return AchFile(header, whole, end, ("9" * 94 + "\n",) * (-records % 10))


def _controlled(batch: Batch) -> Batch:
    of_batch, first = sums_of(batch), batch.header
    control = _record(
        "batch_control",
        type="8", service_class=first["service_class"], count=f"{of_batch.count:06}", hash=f"{of_batch.hash:010}",
        debit_cents=f"{of_batch.debit_cents:012}", credit_cents=f"{of_batch.credit_cents:012}",
        company_id=first["company_id"], odfi=first["odfi"], number=first["number"],
    )  # fmt: skip
    return Batch(first, batch.entries, control)


def _numbered(file: AchFile) -> AchFile:
    """Records know their place, as those of a file that was read do."""
    places = {id(record): number for number, record in enumerate(file.records(), 1)}

    def placed(record: Record) -> Record:
        return Record(record.layout, record.values, places[id(record)])

    batches = tuple(
        Batch(placed(b.header), tuple(Entry(placed(e.record)) for e in b.entries), b.control and placed(b.control))
        for b in file.batches
    )
    header, control = file.header and placed(file.header), file.control and placed(file.control)
    return AchFile(header, batches, control, file.filler)


def _record(layout: str, **given: str) -> Record:
    """A record of what is given, cut to its fields; what is not given is blank."""
    values = tuple(given.get(field.name, "").ljust(field.width)[: field.width] for field in fields_of(layout))
    return Record(layout, values)


def _impossible(
    originator: Originator, debits: Sequence[Debit], *, sec: str, modifier: str, same_day: bool
) -> list[Problem]:
    found = []
    if sec not in ("PPD", "CCD"):
        found.append(Problem("file", "sec", f"{sec!r}: debits are built as PPD (people) or CCD (companies)."))
    if not debits:
        found.append(Problem("file", "entries", "There is nothing to take.", "Send a file when something is due."))
    if len(modifier) != 1 or not (modifier.isascii() and modifier.isalnum()) or modifier != modifier.upper():
        found.append(Problem("file", "modifier", f"{modifier!r} is none of A to Z and 0 to 9."))
    if not is_routing(originator.bank_routing):
        found.append(Problem("file", "bank_routing", "Not a routing number: nine digits with a right check digit."))
    if not 1 <= len(originator.company_id) <= 10 or not _plain(originator.company_name):
        found.append(Problem("file", "company_id", "Company identification (1 to 10 characters) and name are needed."))
    most = MOST_SAME_DAY_CENTS if same_day else MOST_CENTS
    for number, each in enumerate(debits, 1):
        found.extend(_impossible_entry(f"entry {number}", each, most))
    if sum(each.cents for each in debits) > 10**12 - 1:
        found.append(Problem("file", "cents", "The total has more than twelve digits.", "Split the file."))
    return found


def _impossible_entry(where: str, debit: Debit, most: int) -> list[Problem]:
    found = []
    if not is_routing(debit.routing):
        found.append(Problem(where, "routing", "Not a routing number: nine digits with a right check digit."))
    if not is_account(debit.account):
        found.append(Problem(where, "account", "An account number has 1 to 17 letters, digits or hyphens."))
    if not 0 < debit.cents <= most:
        found.append(Problem(where, "cents", f"{debit.cents} cents; more than 0 and at most {most} per entry."))
    if debit.code not in (CHECKING, SAVINGS):
        found.append(Problem(where, "code", f"{debit.code} is neither {CHECKING} (checking) nor {SAVINGS} (savings)."))
    if not _plain(debit.name) or len(_plain(debit.reference)) > 15:
        found.append(Problem(where, "name", "A name is needed, and a reference of at most 15 characters."))
    return found


def is_routing(text: str) -> bool:
    """Nine digits of which the last is the check digit."""
    return len(text) == 9 and text.isascii() and text.isdigit() and text != "0" * 9 and check_digit(text) == text[8]


def is_account(text: str) -> bool:
    """What fits into the field of an account number."""
    return 1 <= len(text) <= 17 and text.isascii() and text.replace("-", "").isalnum()


def _plain(text: str) -> str:
    """The text in printable ASCII: letters lose their accents, what else is not printable becomes a question mark."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return "".join(each if " " <= each <= "~" else "?" for each in bare).strip()
