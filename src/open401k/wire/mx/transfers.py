"""Messages of a portfolio transfer between a node and a core. Not here: what an order is (the rails' adapters).

sese.012 PortfolioTransferInstruction, sese.013 PortfolioTransferConfirmation, sese.014
PortfolioTransferCancellationRequest, sese.011 TransferInstructionStatusReport, sese.018 AccountHoldingInformation. What
the standard has no element for (kinds of money of a plan, basis, first Roth year) stands where it asks for it:
proprietary types and AdditionalInformation, issued by ``ISSUER``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element

from .shapes import (
    CURRENCY,
    MAX_35,
    MAX_350,
    TIME,
    cents_in,
    choice,
    dollars,
    each,
    el,
    group,
    leaf,
    local,
    many,
    maybe,
    moment,
    money,
    one_of,
    optional,
    said,
    time_in,
)

ISSUER: Final = "OPEN401K"
NOT_PROVIDED: Final = "NOTPROVIDED"
_LINES: Final = "FinInstrmAsstForTrf"


class Outcome(StrEnum):
    """What a status report says: the standard's code, or the element that stands for it."""

    ACCEPTED = "PACK"
    SETTLED = "SETT"
    REJECTED = "Rjctd"
    CANCELED = "Canc"


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of money of an account, in cents, with what is said about it."""

    id: str
    kind: str
    cents: int
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instruction:
    """sese.012: transfer these lines. ``is_incoming``: into ``account``; else out of it. ``after``: an earlier one."""

    id: str
    at: datetime
    transfer: str
    account: str
    is_incoming: bool
    lines: tuple[Line, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    after: str = ""

    def element(self) -> Element:
        into = el("TrfeeAcct", el("AcctId", self.account)) if self.is_incoming else None
        lines = [
            el(
                _LINES, *_money_of(line), el("TrfTp", el("Cd", "CASH")), into, *_told(line.facts),
            )
            for line in self.lines
        ]  # fmt: skip
        product = el("PdctTrf", el("TrfId", self.transfer), *lines, *_told(self.facts))
        return el(
            "PrtflTrfInstr", _reference("MsgRef", self.id, self.at), _after(self.after),
            _account(NOT_PROVIDED if self.is_incoming else self.account), _transferee(), product,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Confirmation:
    """sese.013: transferred, under this reference."""

    id: str
    at: datetime
    transfer: str
    reference: str
    account: str
    lines: tuple[Line, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    after: str = ""

    def element(self) -> Element:
        lines = [
            el(
                _LINES, *_money_of(line), el("TrfTp", el("Cd", "CASH")), *_told(line.facts),
            )
            for line in self.lines
        ]  # fmt: skip
        names = el("TrfInstrRef", self.transfer), el("TrfConfId", self.reference)
        return el(
            "PrtflTrfConf", _reference("MsgRef", self.id, self.at), _after(self.after), _account(self.account),
            _transferee(), el("PdctTrf", *names, *lines, *_told(self.facts)),
        )  # fmt: skip

    @property
    def cents(self) -> int:
        """All lines together."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """sese.014: give free what was instructed under this transfer."""

    id: str
    at: datetime
    transfer: str
    reason: str

    def element(self) -> Element:
        references = el("TrfRefs", el("TrfRef", self.transfer), maybe("CxlRsn", self.reason))
        return el("PrtflTrfCxlReq", _reference("MsgRef", self.id, self.at), references)


@dataclass(frozen=True, slots=True)
class Status:
    """sese.011: what became of an instruction, for how many cents; ``reason`` where it was rejected."""

    id: str
    at: datetime
    transfer: str
    outcome: Outcome
    cents: int = 0
    reason: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    after: str = ""

    def element(self) -> Element:
        match self.outcome:
            case Outcome.REJECTED:
                code = el("Prtry", el("Id", self.reason), el("Issr", ISSUER))
                told = el("Rjctd", el("Rsn", code))
            case Outcome.CANCELED:
                told = el("Canc", el("NoSpcfdRsn", "NORE"))
            case Outcome.ACCEPTED | Outcome.SETTLED:
                told = el("Sts", el("Sts", self.outcome.value))
        after = el("Ref", el("RltdRef", el("Ref", self.after))) if self.after else None
        report = el(
            "StsRpt", el("TrfRef", self.transfer), el("TrfSts", told), dollars("TtlTrfVal", self.cents),
            *_told(self.facts),
        )  # fmt: skip
        return el("TrfInstrStsRpt", _reference("MsgId", self.id, self.at), after, report)


@dataclass(frozen=True, slots=True)
class Holding:
    """sese.018: what is in an account."""

    id: str
    at: datetime
    account: str
    lines: tuple[Line, ...]
    facts: Mapping[str, str] = field(default_factory=dict)

    def element(self) -> Element:
        lines = [
            el(
                _LINES, *_money_of(line),
                *_told(line.facts),
            )
            for line in self.lines
        ]  # fmt: skip
        product = el("PdctTrf", el("TrfId", NOT_PROVIDED), *lines, *_told(self.facts))
        return el("AcctHldgInf", _reference("MsgRef", self.id, self.at), _account(self.account), _transferee(), product)


# ---- shapes

_MESSAGE = (leaf("Id", MAX_35), leaf("CreDtTm", TIME))
_MSG_REF, _RLTD_REF = group("MsgRef", *_MESSAGE), optional(group("RltdRef", leaf("Ref", MAX_35)))
_INFO = many(group("AddtlInf", group("InfTp", leaf("Id", MAX_35), leaf("Issr", MAX_35)), leaf("InfVal", MAX_350)))
_OWN = group("Prtry", leaf("Id", MAX_35), leaf("Issr", MAX_35))
_INSTRUMENT = group("Instrm", group("CshAsst", group("CshAsstTp", _OWN), leaf("HldgCcy", CURRENCY)))
_HEAD = (leaf("LineId", MAX_35), _INSTRUMENT, group("Qty", money("CshAmt")))
_TRANSFERRED = (*_HEAD, group("TrfTp", leaf("Cd", one_of("CASH"))))
_INTO = optional(group("TrfeeAcct", leaf("AcctId", MAX_35)))
_ACCOUNTS = (group("TrfrAcct", leaf("Id", MAX_35)), group("Trfee", group("PrtryId", leaf("Id", MAX_35))))
INSTRUCTION: Final = group(
    "PrtflTrfInstr", _MSG_REF, _RLTD_REF, *_ACCOUNTS,
    group("PdctTrf", leaf("TrfId", MAX_35), many(group(_LINES, *_TRANSFERRED, _INTO, _INFO), least=1), _INFO),
)  # fmt: skip
CONFIRMATION: Final = group(
    "PrtflTrfConf", _MSG_REF, _RLTD_REF, *_ACCOUNTS,
    group(
        "PdctTrf", leaf("TrfInstrRef", MAX_35), leaf("TrfConfId", MAX_35),
        many(group(_LINES, *_TRANSFERRED, _INFO), least=1), _INFO,
    ),
)  # fmt: skip
CANCELLATION: Final = group(
    "PrtflTrfCxlReq", _MSG_REF, group("TrfRefs", leaf("TrfRef", MAX_35), optional(leaf("CxlRsn", MAX_35)))
)
HOLDING: Final = group(
    "AcctHldgInf", _MSG_REF, *_ACCOUNTS,
    group("PdctTrf", leaf("TrfId", MAX_35), many(group(_LINES, *_HEAD, _INFO)), _INFO),
)  # fmt: skip
STATUS: Final = group(
    "TrfInstrStsRpt", group("MsgId", *_MESSAGE),
    optional(group("Ref", group("RltdRef", leaf("Ref", MAX_35)))),
    group(
        "StsRpt", leaf("TrfRef", MAX_35),
        choice(
            "TrfSts", group("Sts", leaf("Sts", one_of(Outcome.ACCEPTED, Outcome.SETTLED))),
            group("Rjctd", group("Rsn", _OWN)), group("Canc", leaf("NoSpcfdRsn", one_of("NORE"))),
        ),
        optional(money("TtlTrfVal")), _INFO,
    ),
)  # fmt: skip


# ---- reading: the shape was checked before


def instruction(node: Element) -> Instruction:
    """A sese.012 that was checked."""
    (product,) = each(node, "PdctTrf")
    into = said(product, f"{_LINES}/TrfeeAcct/AcctId")
    account = into or said(node, "TrfrAcct/Id")
    return Instruction(
        *_named(node), said(product, "TrfId"), account, bool(into), _lines(product), _facts(product),
        said(node, "RltdRef/Ref"),
    )  # fmt: skip


def confirmation(node: Element) -> Confirmation:
    """A sese.013 that was checked."""
    (product,) = each(node, "PdctTrf")
    names = said(product, "TrfInstrRef"), said(product, "TrfConfId"), said(node, "TrfrAcct/Id")
    return Confirmation(*_named(node), *names, _lines(product), _facts(product), said(node, "RltdRef/Ref"))


def cancellation(node: Element) -> Cancellation:
    """A sese.014 that was checked."""
    return Cancellation(*_named(node), said(node, "TrfRefs/TrfRef"), said(node, "TrfRefs/CxlRsn"))


def holding(node: Element) -> Holding:
    """A sese.018 that was checked."""
    (product,) = each(node, "PdctTrf")
    return Holding(*_named(node), said(node, "TrfrAcct/Id"), _lines(product), _facts(product))


def status(node: Element) -> Status:
    """A sese.011 that was checked."""
    (report,) = each(node, "StsRpt")
    (told,) = each(report, "TrfSts")[0]
    outcome = Outcome(said(told, "Sts") or local(told))
    return Status(
        *_named(node, "MsgId"), said(report, "TrfRef"), outcome, cents_in(report, "TtlTrfVal"),
        said(told, "Rsn/Prtry/Id"), _facts(report), said(node, "Ref/RltdRef/Ref"),
    )  # fmt: skip


def _named(node: Element, name: str = "MsgRef") -> tuple[str, datetime]:
    return said(node, f"{name}/Id"), time_in(node, f"{name}/CreDtTm")


def _lines(product: Element) -> tuple[Line, ...]:
    return tuple(
        Line(
            said(node, "LineId"), said(node, "Instrm/CshAsst/CshAsstTp/Prtry/Id"), cents_in(node, "Qty/CshAmt"),
            _facts(node),
        )
        for node in each(product, _LINES)
    )  # fmt: skip


def _facts(node: Element) -> dict[str, str]:
    return {said(told, "InfTp/Id"): said(told, "InfVal") for told in each(node, "AddtlInf")}


def _reference(name: str, told: str, at: datetime) -> Element:
    return el(name, el("Id", told), el("CreDtTm", moment(at)))


def _after(told: str) -> Element | None:
    return el("RltdRef", el("Ref", told)) if told else None


def _account(account: str) -> Element:
    return el("TrfrAcct", el("Id", account))


def _transferee() -> Element:
    return el("Trfee", el("PrtryId", el("Id", NOT_PROVIDED)))


def _money_of(line: Line) -> tuple[Element, Element, Element]:
    own = el("CshAsstTp", el("Prtry", el("Id", line.kind), el("Issr", ISSUER)))
    instrument = el("Instrm", el("CshAsst", own, el("HldgCcy", "USD")))
    return el("LineId", line.id), instrument, el("Qty", dollars("CshAmt", line.cents))


def _told(facts: Mapping[str, str]) -> list[Element]:
    return [
        el("AddtlInf", el("InfTp", el("Id", name), el("Issr", ISSUER)), el("InfVal", value))
        for name, value in facts.items()
    ]
