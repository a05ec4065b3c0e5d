"""A stand-in for a custodian's core that speaks ISO 20022 in files: sese.012 and sese.014 in, sese.011, 013, 018 out.

Not here: its books (_core_store.py), the bank behind it (bank_iso.py). A file that is not whole is left alone: whoever
sent it sends again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from ._core_store import Answer, Books
from ._iso_xml import Tree, all_at, cents, cents_of, document, documents_of, dollars, envelope, info, put, text

OWN = "OPEN401K"


@dataclass
class Night:
    """What a core does in a night with the files of one folder; ``at`` is the time that its messages carry."""

    books: Books
    folder: Path
    at: str

    def run(self) -> list[str]:
        """Work through every file that was not answered yet, then say how things stand; returns names of files."""
        done = []
        for path in sorted((self.folder / "out").glob("orders-*.xml")):
            answers = self.folder / "in" / path.name.replace("orders", "answers")
            if answers.exists():
                continue
            orders = documents_of(path.read_bytes())
            if orders is None:
                continue
            told = [self._do(order[0], f"{path.stem}-{at}") for at, order in enumerate(orders, 1)]
            put(answers, envelope(answers.stem, self.at, told))
            done.append(answers.name)
        number = 1 + len(list((self.folder / "in").glob("positions-*.xml")))
        name = f"positions-{number:06}"
        put(self.folder / "in" / f"{name}.xml", envelope(name, self.at, self._positions(name)))
        return done

    def _do(self, order: Any, name: str) -> Element:
        if order.tag.endswith("PrtflTrfCxlReq"):
            ticket = text(order, "TrfRefs/TrfRef")
            return self._status(name, order, ticket, "LIFT", self.books.lift(ticket))
        product = next(all_at(order, "PdctTrf"))
        ticket, action = text(product, "TrfId"), info(product, "ACTION")
        into = text(product, "FinInstrmAsstForTrf/TrfeeAcct/AcctId")
        way, account = ("in", into) if into else ("out", text(order, "TrfrAcct/Id"))
        lines = list(all_at(product, "FinInstrmAsstForTrf"))
        amounts = [_amount(line) for line in lines]
        if action == "HOLD":
            return self._status(name, order, ticket, action, self.books.freeze(ticket, way, account, amounts))
        answer = self.books.book(ticket, way, account, amounts)
        if not answer.ok:
            return self._status(name, order, ticket, action, answer)
        return self._confirmation(name, order, ticket, account, amounts, answer)

    def _status(self, name: str, order: Any, ticket: str, action: str, answer: Answer) -> Element:
        own = (("Id", answer.word), ("Issr", OWN))
        outcome: Tree = ("Rjctd", (("Rsn", (("Prtry", own),)),))
        if answer.ok:
            outcome = ("Canc", (("NoSpcfdRsn", "NORE"),)) if action == "LIFT" else ("Sts", (("Sts", "PACK"),))
        facts = {"ACTION": action, "REFERENCE": answer.reference, "AGAIN": "NY"[answer.again]}
        report: list[Tree] = [("TrfRef", ticket), ("TrfSts", (outcome,)), ("TtlTrfVal", answer.cents), *_told(facts)]
        after = ("Ref", (("RltdRef", (("Ref", text(order, "MsgRef/Id")),)),))
        head = ("MsgId", (("Id", name), ("CreDtTm", self.at)))
        return document("sese.011.001.09", ("TrfInstrStsRpt", (head, after, ("StsRpt", report))))

    def _confirmation(
        self, name: str, order: Any, ticket: str, account: str, amounts: list[dict[str, Any]], answer: Answer
    ) -> Element:
        amounts[0]["cents"] += answer.cents - sum(each["cents"] for each in amounts)  # what was done, not what was told
        lines: list[Tree] = [
            ("FinInstrmAsstForTrf", (*_line(each["line"], each["fund"], each["cents"]), ("TrfTp", (("Cd", "CASH"),))))
            for each in amounts
        ]
        names: list[Tree] = [("TrfInstrRef", ticket), ("TrfConfId", answer.reference)]
        product = ("PdctTrf", (*names, *lines, *_told({"AGAIN": "NY"[answer.again]})))
        after = ("RltdRef", (("Ref", text(order, "MsgRef/Id")),))
        told = (self._head(name), after, *_accounts(account), product)
        return document("sese.013.001.11", ("PrtflTrfConf", told))

    def _positions(self, name: str) -> list[Element]:
        made = []
        for at, number in enumerate(self.books.numbers(), 1):
            found = self.books.account(number)
            if found is None:
                continue
            lines: list[Tree] = []
            for place, (fund, money) in enumerate(found["balance"].items(), 1):
                frozen = dollars(found["frozen"].get(fund, 0))
                lines.append(("FinInstrmAsstForTrf", (*_line(place, fund, money), *_told({"FROZEN": frozen}))))
            product = ("PdctTrf", (("TrfId", "NOTPROVIDED"), *lines, *_told({"OPEN": "NY"[found["is_open"]]})))
            told = (self._head(f"{name}-A{at}"), *_accounts(number), product)
            made.append(document("sese.018.001.09", ("AcctHldgInf", told)))
        for at, ticket in enumerate(self.books.tickets(), 1):
            known = self.books.ticket(ticket)
            outcome: Tree = {
                "FROZEN": ("Sts", (("Sts", "PACK"),)),
                "BOOKED": ("Sts", (("Sts", "SETT"),)),
                "LIFTED": ("Canc", (("NoSpcfdRsn", "NORE"),)),
            }[known["state"]]
            forms = _told({"TAX_FORMS": str(known["tax_forms"])})
            report = ("StsRpt", (("TrfRef", ticket), ("TrfSts", (outcome,)), ("TtlTrfVal", known["cents"]), *forms))
            head = ("MsgId", (("Id", f"{name}-T{at}"), ("CreDtTm", self.at)))
            made.append(document("sese.011.001.09", ("TrfInstrStsRpt", (head, report))))
        return made

    def _head(self, name: str) -> Tree:
        return ("MsgRef", (("Id", name), ("CreDtTm", self.at)))


def _amount(line: Any) -> dict[str, Any]:
    since = info(line, "ROTH_SINCE")
    return {
        "line": int(text(line, "LineId")),
        "fund": text(line, "Instrm/CshAsst/CshAsstTp/Prtry/Id"),
        "cents": cents(line, "Qty/CshAmt"),
        "basis": cents_of(info(line, "BASIS")),
        "roth_year": int(since) if since else None,
    }


def _line(number: int, fund: str, money: int) -> tuple[Tree, ...]:
    own = ("Prtry", (("Id", fund), ("Issr", OWN)))
    asset = ("CshAsst", (("CshAsstTp", (own,)), ("HldgCcy", "USD")))
    return ("LineId", str(number)), ("Instrm", (asset,)), ("Qty", (("CshAmt", money),))


def _accounts(account: str) -> tuple[Tree, Tree]:
    return ("TrfrAcct", (("Id", account),)), ("Trfee", (("PrtryId", (("Id", "NOTPROVIDED"),)),))


def _told(facts: Mapping[str, str]) -> list[Tree]:
    return [
        ("AddtlInf", (("InfTp", (("Id", name), ("Issr", OWN))), ("InfVal", value)))
        for name, value in facts.items()
        if value
    ]


def night_at(path: str, folder: Path, accounts: Mapping[str, Mapping[str, int]], *, at: str) -> Night:
    """A core with books in this file and these accounts, in cents by fund, over the files of this folder."""
    books = Books(path)
    for number, amounts in accounts.items():
        books.open(number, amounts)
    for name in ("out", "in"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Night(books, folder, at)
