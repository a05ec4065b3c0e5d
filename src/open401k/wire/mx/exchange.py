"""A file of messages: several Documents in one head.002 envelope, or one Document alone. Not here: any message.

A file counts as a whole: one message that cannot be read, or a number that does not fit, and nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, TypeVar
from xml.etree.ElementTree import Element, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from ..banklines import too_large
from ..problems import Problem, Unreadable
from . import payments, transfers
from .shapes import MAX_35, NUMBER, TIME, Message, Part, el, group, leaf, local, many, moment, problems_of, said, space

_FIX: Final = "Ask whoever wrote it for the file again."
_SPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
HEAD: Final = "head.002.001.01"
Known: TypeAlias = (
    transfers.Instruction
    | transfers.Confirmation
    | transfers.Cancellation
    | transfers.Status
    | transfers.Holding
    | payments.CreditTransfer
    | payments.PaymentStatus
    | payments.PaymentReturn
    | payments.Advice
)
#: One of them.
KnownT = TypeVar("KnownT", bound=Known)
#: By the standard's name: what it looks like, and who reads it.
MESSAGES: Final[Mapping[str, tuple[Part, Callable[[Element], Known]]]] = {
    "sese.011.001.09": (transfers.STATUS, transfers.status),
    "sese.012.001.11": (transfers.INSTRUCTION, transfers.instruction),
    "sese.013.001.11": (transfers.CONFIRMATION, transfers.confirmation),
    "sese.014.001.09": (transfers.CANCELLATION, transfers.cancellation),
    "sese.018.001.09": (transfers.HOLDING, transfers.holding),
    "pacs.002.001.15": (payments.PAYMENT_STATUS, payments.payment_status),
    "pacs.004.001.14": (payments.PAYMENT_RETURN, payments.payment_return),
    "pacs.008.001.13": (payments.CREDIT_TRANSFER, payments.credit_transfer),
    "camt.054.001.13": (payments.ADVICE, payments.advice),
}
_NAMES: Final = {shape.name: name for name, (shape, _) in MESSAGES.items()}
_HEAD_SHAPE: Final = group(
    "PyldDesc", group("PyldData", leaf("PyldIdr", MAX_35), leaf("CreDtAndTm", TIME)),
    group("ApplSpcfcs", leaf("TtlNbOfDocs", NUMBER)), leaf("PyldTp", MAX_35),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """A file that was read: its id (empty for a message alone) and its messages in order."""

    id: str
    messages: tuple[Known, ...]


def write(messages: Sequence[Message], *, name: str, at: datetime) -> bytes:
    """Messages in one envelope. A message that does not fit its schema is a bug: ValueError names the element."""
    description = el(
        "PyldDesc", el("PyldData", el("PyldIdr", name), el("CreDtAndTm", moment(at))),
        el("ApplSpcfcs", el("TtlNbOfDocs", str(len(messages)))), el("PyldTp", "rollovers"),
    )  # fmt: skip
    envelope = el("Xchg", description, *(el("Pyld", _document(each)) for each in messages), xmlns=_SPACE + HEAD)
    return _written(envelope)


def write_one(message: Message) -> bytes:
    """One message as a file of its own, as banks send them."""
    return _written(_document(message))


def read(data: bytes) -> Exchange | Unreadable:
    """Every message of a file, or all that is wrong with it, by the path of the element."""
    problems = too_large(data)
    if problems:
        return Unreadable.because(problems)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        return Unreadable((Problem("/", "file", "A document type or entity stands in it; a message has none.", _FIX),))
    except (ParseError, ValueError, LookupError) as error:
        return Unreadable((Problem("/", "file", f"It is no XML: {error}.", _FIX),))
    if local(root) == "Document":
        problems = _wrong_in(root, "/Document")
        return Unreadable.because(problems) if problems else Exchange("", (_read_one(root),))
    if local(root) != "Xchg" or space(root) != _SPACE + HEAD:
        told = f"{local(root)[:40]!r} is neither a Document nor an Xchg of {HEAD}."
        return Unreadable((Problem("/", "file", told, _FIX),))
    return _exchange(root)


def _exchange(root: Element) -> Exchange | Unreadable:
    documents = [node for payload in root if local(payload) == "Pyld" for node in payload]
    shape = group("Xchg", _HEAD_SHAPE, many(Part("Pyld", passed_over=frozenset({"Document"}))))
    bare = el("Xchg", *(el(each.tag) if local(each) == "Pyld" else each for each in root))
    problems = list(problems_of(bare, shape, "", _SPACE + HEAD))
    for at, payload in enumerate((each for each in root if local(each) == "Pyld"), 1):
        if len(payload) != 1:
            problems.append(Problem(f"/Xchg/Pyld[{at}]", "element", "must hold one Document, and nothing else.", _FIX))
    for at, node in enumerate(documents, 1):
        problems += _wrong_in(node, f"/Xchg/Pyld[{at}]/Document")
    told = said(root, "PyldDesc/ApplSpcfcs/TtlNbOfDocs")
    if told != str(len(documents)):
        where = "/Xchg/PyldDesc/ApplSpcfcs/TtlNbOfDocs"
        problems.append(Problem(where, "number", f"{told[:10] or 'nothing'} told, {len(documents)} there.", _FIX))
    if problems:
        return Unreadable.because(problems)
    return Exchange(said(root, "PyldDesc/PyldData/PyldIdr"), tuple(map(_read_one, documents)))


def _wrong_in(document: Element, path: str) -> list[Problem]:
    name = space(document).removeprefix(_SPACE)
    if local(document) != "Document" or name not in MESSAGES:
        told = f"{name[:80]!r} is no message that is read here: {', '.join(MESSAGES)}."
        return [Problem(path, "namespace", told, _FIX)]
    shape, _ = MESSAGES[name]
    whole = Part("Document", parts=(shape,))
    return list(problems_of(document, whole, path.removesuffix("/Document"), space(document)))


def _read_one(document: Element) -> Known:
    _, reader = MESSAGES[space(document).removeprefix(_SPACE)]
    return reader(document[0])


def _document(message: Message) -> Element:
    body = message.element()
    name = _NAMES[body.tag]
    wrong = next(problems_of(body, MESSAGES[name][0], "", ""), None)
    if wrong is not None:
        raise ValueError(f"{name}: {wrong}")
    return el("Document", body, xmlns=_SPACE + name)


def _written(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
