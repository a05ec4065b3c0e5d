"""A stand-in for the bank behind a core: pacs.008 in, pacs.002, camt.054 and pacs.004 out, with books of its own.

Not here: any core. It knows an instruction by its id and pays it once; whom it pays is told by camt.054, in the same
folder. ``trouble.json`` in the folder has it lose, refuse, delay, return, split or tell twice, and pay another amount.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from ._bank_store import Payment, Payments
from ._iso_xml import Tree, all_at, alone, cents, document, documents_of, put, text

#: What it can be told to do wrong: how many nights late, and how often.
LOSE, REJECT, DELAY, RETURN, SPLIT, REPEAT, WRONG = "lose", "reject", "delay", "return", "split", "repeat", "wrong_by"


@dataclass
class Bank:
    """A bank over the files of one folder; ``at`` is the time that its messages carry, ``day`` the day it books."""

    path: str
    folder: Path
    at: str
    day: str
    _trouble: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("out", "in"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._books = Payments(self.path)

    def close(self) -> None:
        """Close its books."""
        self._books.close()

    def run(self) -> list[str]:
        """Take new instructions, pay what is due, say so; returns names of files."""
        trouble = self.folder / "trouble.json"
        self._trouble = json.loads(trouble.read_text()) if trouble.exists() else {}
        before = set((self.folder / "in").iterdir())
        for path in sorted((self.folder / "out").glob("*.xml")):
            taken = self.folder / "out" / f"{path.name}.taken"
            documents = None if taken.exists() else documents_of(path.read_bytes())
            for each in documents or ():
                for payment in all_at(each[0], "CdtTrfTxInf"):
                    self._take(payment)
            if documents is not None:
                taken.touch()
        for payment in self._books.due():
            self._pay(payment)
        return sorted(path.name for path in set((self.folder / "in").iterdir()) - before)

    def _take(self, told: Any) -> None:
        if self._once(LOSE):
            return
        instruction, end_to_end = text(told, "PmtId/InstrId"), text(told, "PmtId/EndToEndId")
        state = self._books.state(instruction)
        if state is None:  # else it is the same instruction again: say again what became of it
            state = "REFUSED" if self._once(REJECT) else "TAKEN"
            payment = Payment(instruction, end_to_end, cents(told, "IntrBkSttlmAmt"), text(told, "CdtrAcct/Id/Othr/Id"))
            self._books.take(payment, state=state, nights=self._trouble.get(DELAY, 0))
        self._say_status(instruction, end_to_end, "RJCT" if state == "REFUSED" else "ACSC")

    def _pay(self, payment: Payment) -> None:
        amount = payment.cents + self._trouble.get(WRONG, 0)
        part = amount // 2 if self._once(SPLIT) else amount
        name, end_to_end, account = payment.instruction, payment.end_to_end, payment.account
        self._say_credit(account, end_to_end, part, f"{name}-1"[-35:])
        if self._once(REPEAT):
            self._say_credit(account, end_to_end, part, f"{name}-1"[-35:])
        self._books.paid(name)
        if part != amount:
            rest = Payment(f"{name}/2", end_to_end, amount - part, account)
            self._books.take(rest, state="TAKEN", nights=1)
        elif self._once(RETURN):
            self._say_return(end_to_end, amount)
            self._say_credit(account, end_to_end, -amount, f"{name}-R"[-35:])

    def _once(self, what: str) -> bool:
        """Whether it is told to; each time once less, also for the next night."""
        left = self._trouble.get(what, 0)
        if left:
            self._trouble[what] = left - 1
            (self.folder / "trouble.json").write_text(json.dumps(self._trouble))
        return bool(left)

    # ---- what it says

    def _say_status(self, instruction: str, end_to_end: str, status: str) -> None:
        reason: tuple[Tree, ...] = (("StsRsnInf", (("Rsn", (("Cd", "AM04"),)),)),) if status == "RJCT" else ()
        name = self._name("status")
        told = (("OrgnlInstrId", instruction), ("OrgnlEndToEndId", end_to_end), ("TxSts", status), *reason)
        head = ("GrpHdr", (("MsgId", name), ("CreDtTm", self.at)))
        self._say(name, document("pacs.002.001.15", ("FIToFIPmtStsRpt", (head, ("TxInfAndSts", told)))))

    def _say_credit(self, account: str, end_to_end: str, amount: int, reference: str) -> None:
        name = self._name("advice")
        side = "CRDT" if amount > 0 else "DBIT"
        returned: tuple[Tree, ...] = (("RtrInf", (("Rsn", (("Cd", "AC04"),)),)),) if amount < 0 else ()
        references = ("Refs", (("AcctSvcrRef", reference), ("EndToEndId", end_to_end)))
        details: Tree = ("TxDtls", (references, ("Amt", abs(amount)), ("CdtDbtInd", side), *returned))
        entry = (
            ("Amt", abs(amount)), ("CdtDbtInd", side), ("Sts", (("Cd", "BOOK"),)), ("BookgDt", (("Dt", self.day),)),
            ("AcctSvcrRef", reference), ("BkTxCd", (("Prtry", (("Cd", "ROLLOVER"),)),)), ("NtryDtls", (details,)),
        )  # fmt: skip
        owner = ("Acct", (("Id", (("Othr", (("Id", account),)),)), ("Ccy", "USD")))
        told = ("Ntfctn", (("Id", name), owner, ("Ntry", entry)))
        head = ("GrpHdr", (("MsgId", name), ("CreDtTm", self.at)))
        self._say(name, document("camt.054.001.13", ("BkToCstmrDbtCdtNtfctn", (head, told))))

    def _say_return(self, end_to_end: str, amount: int) -> None:
        name = self._name("return")
        settled = ("SttlmInf", (("SttlmMtd", "CLRG"),))
        head = ("GrpHdr", (("MsgId", name), ("CreDtTm", self.at), ("NbOfTxs", "1"), settled))
        reason = ("RtrRsnInf", (("Rsn", (("Cd", "AC04"),)),))
        told = ("TxInf", (("RtrId", name), ("OrgnlEndToEndId", end_to_end), ("RtrdIntrBkSttlmAmt", amount), reason))
        self._say(name, document("pacs.004.001.14", ("PmtRtr", (head, told))))

    def _name(self, what: str) -> str:
        return f"{what}-{self._books.number(what):06}"

    def _say(self, name: str, made: Element) -> None:
        put(self.folder / "in" / f"{name}.xml", alone(made))
