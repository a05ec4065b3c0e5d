"""Messages of a payment between banks, and a bank's advice. Not here: what a payment is for (the rails' adapters).

pacs.008 FIToFICustomerCreditTransfer, pacs.002 FIToFIPaymentStatusReport, pacs.004 PaymentReturn, camt.054
BankToCustomerDebitCreditNotification. Banks fill in more of a message than is read here: elements of the schema that
are not used are passed over by name. A bank's camt.054 in any version since 2 is read by ../iso20022.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from xml.etree.ElementTree import Element

from .shapes import (
    CODE,
    CURRENCY,
    DAY,
    MAX_34,
    MAX_35,
    MAX_140,
    TIME,
    Part,
    cents_in,
    dollars,
    each,
    el,
    group,
    leaf,
    many,
    moment,
    money,
    one_of,
    optional,
    said,
    time_in,
)


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid: name, account, and the member number of its bank."""

    name: str
    account: str
    bank: str


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """pacs.008: pay this. ``instruction`` is the id by which a bank knows the same one again."""

    id: str
    at: datetime
    instruction: str
    end_to_end: str
    cents: int
    debtor: Party
    creditor: Party

    def element(self) -> Element:
        header = el(
            "GrpHdr", el("MsgId", self.id), el("CreDtTm", moment(self.at)), el("NbOfTxs", "1"),
            el("SttlmInf", el("SttlmMtd", "CLRG")),
        )  # fmt: skip
        names = el("PmtId", el("InstrId", self.instruction), el("EndToEndId", self.end_to_end))
        transaction = el(
            "CdtTrfTxInf", names, dollars("IntrBkSttlmAmt", self.cents), el("ChrgBr", "SLEV"),
            el("Dbtr", el("Nm", self.debtor.name)), _account("DbtrAcct", self.debtor.account),
            _bank("DbtrAgt", self.debtor.bank), _bank("CdtrAgt", self.creditor.bank),
            el("Cdtr", el("Nm", self.creditor.name)), _account("CdtrAcct", self.creditor.account),
        )  # fmt: skip
        return el("FIToFICstmrCdtTrf", header, transaction)


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """pacs.002: what the bank says of an instruction: a code of the external list, a reason where it is rejected."""

    id: str
    at: datetime
    instruction: str
    end_to_end: str
    status: str
    reason: str = ""

    def element(self) -> Element:
        header = el("GrpHdr", el("MsgId", self.id), el("CreDtTm", moment(self.at)))
        reason = el("StsRsnInf", el("Rsn", el("Cd", self.reason))) if self.reason else None
        told = el(
            "TxInfAndSts", el("OrgnlInstrId", self.instruction), el("OrgnlEndToEndId", self.end_to_end),
            el("TxSts", self.status), reason,
        )  # fmt: skip
        return el("FIToFIPmtStsRpt", header, told)


@dataclass(frozen=True, slots=True)
class PaymentReturn:
    """pacs.004: this comes back, for this reason."""

    id: str
    at: datetime
    return_id: str
    end_to_end: str
    cents: int
    reason: str

    def element(self) -> Element:
        header = el(
            "GrpHdr", el("MsgId", self.id), el("CreDtTm", moment(self.at)), el("NbOfTxs", "1"),
            el("SttlmInf", el("SttlmMtd", "CLRG")),
        )  # fmt: skip
        told = el(
            "TxInf", el("RtrId", self.return_id), el("OrgnlEndToEndId", self.end_to_end),
            dollars("RtrdIntrBkSttlmAmt", self.cents), el("RtrRsnInf", el("Rsn", el("Cd", self.reason))),
        )  # fmt: skip
        return el("PmtRtr", header, told)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an advice; cents are positive where money came."""

    reference: str
    end_to_end: str
    cents: int
    booked_on: date
    returned: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """camt.054: what was booked on an account of ours."""

    id: str
    at: datetime
    account: str
    entries: tuple[Entry, ...]

    def element(self) -> Element:
        header = el("GrpHdr", el("MsgId", self.id), el("CreDtTm", moment(self.at)))
        account = el("Acct", el("Id", el("Othr", el("Id", self.account))), el("Ccy", "USD"))
        return el("BkToCstmrDbtCdtNtfctn", header, el("Ntfctn", el("Id", self.id), account, *map(_entry, self.entries)))


def _entry(told: Entry) -> Element:
    returned = el("RtrInf", el("Rsn", el("Cd", told.returned))) if told.returned else None
    side = "CRDT" if told.cents > 0 else "DBIT"
    details = el(
        "TxDtls", el("Refs", el("AcctSvcrRef", told.reference), el("EndToEndId", told.end_to_end)),
        dollars("Amt", abs(told.cents)), el("CdtDbtInd", side), returned,
    )  # fmt: skip
    return el(
        "Ntry", dollars("Amt", abs(told.cents)), el("CdtDbtInd", side), el("Sts", el("Cd", "BOOK")),
        el("BookgDt", el("Dt", told.booked_on.isoformat())), el("AcctSvcrRef", told.reference),
        el("BkTxCd", el("Prtry", el("Cd", "ROLLOVER"))), el("NtryDtls", details),
    )  # fmt: skip


# ---- shapes


def _over(part: Part, *names: str) -> Part:
    """With elements that the schema has in this place and nobody here reads."""
    return replace(part, passed_over=frozenset(names))


def _party(name: str) -> tuple[Part, Part]:
    return group(name, leaf("Nm", MAX_140)), group(f"{name}Acct", group("Id", group("Othr", leaf("Id", MAX_34))))


def _agent(name: str) -> Part:
    return group(name, group("FinInstnId", group("ClrSysMmbId", leaf("MmbId", MAX_35))))


_HEADER = (leaf("MsgId", MAX_35), leaf("CreDtTm", TIME))
_CODE = group("Rsn", leaf("Cd", CODE))
_GROUP = _over(
    group(
        "GrpHdr", *_HEADER, leaf("NbOfTxs", one_of("1")),
        _over(group("SttlmInf", leaf("SttlmMtd", one_of("INDA", "INGA", "COVE", "CLRG"))), "SttlmAcct", "ClrSys"),
    ),
    "XpryDtTm", "Authstn", "BtchBookg", "CtrlSum", "GrpRtr", "TtlIntrBkSttlmAmt", "TtlRtrdIntrBkSttlmAmt",
    "IntrBkSttlmDt", "PmtTpInf", "InstgAgt", "InstdAgt",
)  # fmt: skip
CREDIT_TRANSFER: Final = group(
    "FIToFICstmrCdtTrf", _GROUP,
    group(
        "CdtTrfTxInf", group("PmtId", leaf("InstrId", MAX_35), leaf("EndToEndId", MAX_35)), money("IntrBkSttlmAmt"),
        leaf("ChrgBr", one_of("DEBT", "CRED", "SHAR", "SLEV")), *_party("Dbtr"), _agent("DbtrAgt"),
        _agent("CdtrAgt"), *_party("Cdtr"),
    ),
)  # fmt: skip
PAYMENT_STATUS: Final = group(
    "FIToFIPmtStsRpt", _over(group("GrpHdr", *_HEADER), "InstgAgt", "InstdAgt", "OrgnlBizQry"),
    _over(
        group(
            "TxInfAndSts", leaf("OrgnlInstrId", MAX_35), leaf("OrgnlEndToEndId", MAX_35), leaf("TxSts", CODE),
            optional(_over(group("StsRsnInf", _CODE), "Orgtr", "AddtlInf")),
        ),
        "StsId", "OrgnlGrpInf", "OrgnlTxId", "OrgnlUETR", "ChrgsInf", "AccptncDtTm", "PrcgDt", "FctvIntrBkSttlmDt",
        "AcctSvcrRef", "ClrSysRef", "CdtSttlmKey", "InstgAgt", "InstdAgt", "OrgnlTxRef", "SplmtryData",
    ),
)  # fmt: skip
PAYMENT_RETURN: Final = group(
    "PmtRtr", _GROUP,
    _over(
        group(
            "TxInf", leaf("RtrId", MAX_35), leaf("OrgnlEndToEndId", MAX_35), money("RtrdIntrBkSttlmAmt"),
            _over(group("RtrRsnInf", _CODE), "Orgtr", "AddtlInf"),
        ),
        "OrgnlGrpInf", "OrgnlInstrId", "OrgnlTxId", "OrgnlUETR", "OrgnlClrSysRef", "OrgnlIntrBkSttlmAmt",
        "OrgnlIntrBkSttlmDt", "PmtTpInf", "IntrBkSttlmDt", "SttlmPrty", "SttlmTmIndctn", "SttlmTmReq", "RtrdInstdAmt",
        "XchgRate", "AgrdRate", "CompstnAmt", "ChrgBr", "ChrgsInf", "ClrSysRef", "InstgAgt", "InstdAgt", "RtrChain",
        "OrgnlTxRef", "SplmtryData",
    ),
)  # fmt: skip
_SIDE = leaf("CdtDbtInd", one_of("CRDT", "DBIT"))
_DETAILS = group(
    "TxDtls", group("Refs", leaf("AcctSvcrRef", MAX_35), leaf("EndToEndId", MAX_35)), money("Amt"), _SIDE,
    optional(group("RtrInf", _CODE)),
)  # fmt: skip
ADVICE: Final = group(
    "BkToCstmrDbtCdtNtfctn", group("GrpHdr", *_HEADER),
    group(
        "Ntfctn", leaf("Id", MAX_35),
        group("Acct", group("Id", group("Othr", leaf("Id", MAX_34))), leaf("Ccy", CURRENCY)),
        many(
            group(
                "Ntry", money("Amt"), _SIDE, group("Sts", leaf("Cd", one_of("BOOK"))),
                group("BookgDt", leaf("Dt", DAY)),
                leaf("AcctSvcrRef", MAX_35), group("BkTxCd", group("Prtry", leaf("Cd", MAX_35))),
                group("NtryDtls", _DETAILS),
            ),
        ),
    ),
)  # fmt: skip


# ---- reading: the shape was checked before


def credit_transfer(node: Element) -> CreditTransfer:
    """A pacs.008 that was checked."""
    (paid,) = each(node, "CdtTrfTxInf")

    def party(name: str) -> Party:
        bank = said(paid, f"{name}Agt/FinInstnId/ClrSysMmbId/MmbId")
        return Party(said(paid, f"{name}/Nm"), said(paid, f"{name}Acct/Id/Othr/Id"), bank)

    names = said(paid, "PmtId/InstrId"), said(paid, "PmtId/EndToEndId")
    return CreditTransfer(*_named(node), *names, cents_in(paid, "IntrBkSttlmAmt"), party("Dbtr"), party("Cdtr"))


def payment_status(node: Element) -> PaymentStatus:
    """A pacs.002 that was checked."""
    (told,) = each(node, "TxInfAndSts")
    names = ("OrgnlInstrId", "OrgnlEndToEndId", "TxSts", "StsRsnInf/Rsn/Cd")
    return PaymentStatus(*_named(node), *(said(told, name) for name in names))


def payment_return(node: Element) -> PaymentReturn:
    """A pacs.004 that was checked."""
    (told,) = each(node, "TxInf")
    names = said(told, "RtrId"), said(told, "OrgnlEndToEndId")
    return PaymentReturn(*_named(node), *names, cents_in(told, "RtrdIntrBkSttlmAmt"), said(told, "RtrRsnInf/Rsn/Cd"))


def advice(node: Element) -> Advice:
    """A camt.054 that was checked."""
    (told,) = each(node, "Ntfctn")
    entries = tuple(
        Entry(
            said(line, "AcctSvcrRef"), said(line, "NtryDtls/TxDtls/Refs/EndToEndId"),
            cents_in(line, "Amt") * (1 if said(line, "CdtDbtInd") == "CRDT" else -1),
            date.fromisoformat(said(line, "BookgDt/Dt")), said(line, "NtryDtls/TxDtls/RtrInf/Rsn/Cd"),
        )
        for line in each(told, "Ntry")
    )  # fmt: skip
    return Advice(*_named(node), said(told, "Acct/Id/Othr/Id"), entries)


def _named(node: Element) -> tuple[str, datetime]:
    return said(node, "GrpHdr/MsgId"), time_in(node, "GrpHdr/CreDtTm")


def _account(name: str, account: str) -> Element:
    return el(name, el("Id", el("Othr", el("Id", account))))


def _bank(name: str, member: str) -> Element:
    return el(name, el("FinInstnId", el("ClrSysMmbId", el("MmbId", member))))
