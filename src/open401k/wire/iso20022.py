"""ISO 20022 statements (camt.053) and notifications (camt.054), every sum proven. Not here: what lines mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element as Node

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from .banklines import MOST_LINES, REVERSED, BankLine, Statement, return_code_in, shown, too_large, unproven
from .problems import Problem, Unreadable

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[34])\.001\.(\d\d)")
_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,5}))?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T.{0,40}|Z|[+-]\d\d:\d\d)?", re.ASCII)
#: Opening or the closing before it; booked closing.
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_OLDEST, _NEWEST = 2, 13


def read(data: bytes) -> tuple[Statement, ...] | Unreadable:
    """A statement for each account of the message, or all that is wrong."""
    problems = too_large(data)
    if problems:
        return Unreadable.because(problems)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        told = "A document type or entity stands in it; a statement has none."
        return Unreadable((Problem("/", "file", told, "Ask the bank for the file again."),))
    except (ParseError, ValueError, LookupError) as error:
        return Unreadable((Problem("/", "file", f"It is no XML: {error}.", "Ask the bank for the file again."),))
    reader = _Reader()
    reader.document(root)
    if not reader.problems and not reader.statements:
        reader.wrong("/Document", "statement", "There is no statement in it.")
    return Unreadable.because(reader.problems) if reader.problems else tuple(reader.statements)


@dataclass(slots=True)
class _Reader:
    """What was read of a message, and what is wrong with it."""

    problems: list[Problem] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def wrong(self, path: str, name: str, reason: str) -> None:
        """One problem more."""
        self.problems.append(Problem(path, name, reason, "Ask the bank for the file again."))

    def document(self, root: Node) -> None:
        """The message itself, which may stand in an envelope."""
        document = root if _name(root) == "Document" else next((e for e in root.iter() if _name(e) == "Document"), None)
        if document is None:
            self.wrong("/", "Document", f"{_name(root)[:40]!r} holds no Document.")
            return
        namespace = document.tag.rpartition("}")[0].lstrip("{")
        known = _NAMESPACE.fullmatch(namespace)
        if known is None or not _OLDEST <= int(known[2]) <= _NEWEST:
            told = f"{namespace[:80]!r} is neither camt.053 nor camt.054 in version 02 to 13."
            self.wrong("/Document", "namespace", told)
            return
        message = next(iter(document), None)
        part = "Stmt" if known[1] == "camt.053" else "Ntfctn"
        for number, node in enumerate(_all(message, part), 1):
            self._statement(node, known[1], f"{part}[{number}]")

    def _statement(self, node: Node, kind: str, path: str) -> None:
        account = _text(node, "Acct/Id/IBAN") or _text(node, "Acct/Id/Othr/Id")
        if not account:
            self.wrong(f"{path}/Acct/Id", "account", "No account number.")
        self._currency(f"{path}/Acct/Ccy", _text(node, "Acct/Ccy"))
        opening, _ = self._balance(node, path, _OPENING)
        closing, closed_on = self._balance(node, path, _CLOSING)
        if kind == "camt.053" and (opening is None or closing is None):
            self.wrong(f"{path}/Bal", "balance", "An opening (OPBD or PRCD) and a closing (CLBD) are needed.")
        entries = _all(node, "Ntry")
        if len(entries) > MOST_LINES:
            self.wrong(path, "Ntry", f"{len(entries):,} entries, at most {MOST_LINES:,} are read.")
            return
        lines: list[BankLine] = []
        amounts: list[int] = []
        for number, entry in enumerate(entries, 1):
            found = list(self._entry(entry, f"{path}/Ntry[{number}]"))
            lines += found
            amounts += [sum(line.cents for line in found)] if found else []
        self._summary(node, path, amounts)
        made = Statement(kind, account, tuple(lines), opening, closing, closed_on)
        self.problems.extend(unproven(made, path))
        self.statements.append(made)

    def _balance(self, node: Node, path: str, kinds: tuple[str, ...]) -> tuple[int | None, date | None]:
        for number, balance in enumerate(_all(node, "Bal"), 1):
            if _text(balance, "Tp/CdOrPrtry/Cd") in kinds:
                where = f"{path}/Bal[{number}]"
                cents = self._cents(balance, "Amt", where) * self._sign(balance, where)
                return cents, self._day(balance, "Dt", where)
        return None, None

    def _entry(self, entry: Node, path: str) -> Iterator[BankLine]:
        """The lines of an entry: one, or one for each transaction of a batch. What is not booked yet is left out."""
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts") or "BOOK"
        if status not in ("BOOK", "PDNG", "INFO", "FUTR"):
            self.wrong(f"{path}/Sts", "status", f"{status[:10]!r} is none of BOOK, PDNG, INFO, FUTR.")
        if status != "BOOK":
            return
        sign, whole = self._sign(entry, path), self._cents(entry, "Amt", path)
        booked = self._day(entry, "BookgDt", path)
        if booked is None:
            self.wrong(f"{path}/BookgDt", "booking date", "Missing.")
            return
        value_on = self._day(entry, "ValDt", path) or booked
        parts = [part for details in _all(entry, "NtryDtls") for part in _all(details, "TxDtls")]
        amounts = [self._part(part, f"{path}/NtryDtls/TxDtls[{at}]") for at, part in enumerate(parts, 1)]
        if len(parts) > 1 and all(each is not None for each in amounts):
            if sum(each or 0 for each in amounts) != whole:
                told = f"the transactions make {shown(sum(each or 0 for each in amounts))}, the entry {shown(whole)}."
                self.wrong(f"{path}/Amt", "amount", told)
            for at, (part, cents) in enumerate(zip(parts, amounts, strict=True), 1):
                place = f"{path}/NtryDtls/TxDtls[{at}]"
                yield self._line(entry, [part], place, booked, value_on, sign * (cents or 0))
            return
        if len(parts) == 1 and amounts[0] is not None and amounts[0] != whole:
            told = f"the transaction is {shown(amounts[0])}, the entry {shown(whole)}."
            self.wrong(f"{path}/Amt", "amount", told)
        yield self._line(entry, parts, path, booked, value_on, sign * whole)

    def _part(self, part: Node, path: str) -> int | None:
        """The amount of a transaction in the account's currency, where it is given."""
        for where in ("Amt", "AmtDtls/TxAmt/Amt"):
            if _find(part, where) is not None:
                return self._cents(part, where, path)
        return None

    def _line(self, entry: Node, parts: list[Node], path: str, booked: date, value_on: date, cents: int) -> BankLine:
        names = ("Refs/EndToEndId", "Refs/InstrId", "Refs/TxId", "Refs/PmtInfId", "Refs/AcctSvcrRef")
        found = [_text(part, name) for part in parts for name in names]
        found += [each for part in parts for each in _texts(part, "RmtInf/Strd/CdtrRefInf/Ref")]
        found += [_text(entry, "NtryRef"), _text(entry, "AcctSvcrRef")]
        told = [each for part in parts for each in _texts(part, "RmtInf/Ustrd")] + [_text(entry, "AddtlNtryInf")]
        side = "Dbtr" if cents > 0 else "Cdtr"
        party = [_text(p, f"RltdPties/{side}/{n}") for p in parts for n in ("Nm", "Pty/Nm")]
        reasons = [_text(part, f"RtrInf/Rsn/{name}") for part in parts for name in ("Cd", "Prtry")]
        text = " ".join(each for each in told if each)
        reversed_ = REVERSED if _text(entry, "RvslInd").lower() in ("true", "1") else None
        returned = next((each for each in reasons if each), None) or return_code_in(text) or reversed_
        references = tuple(dict.fromkeys(each for each in found if each and each != "NOTPROVIDED"))
        counterparty = next((each for each in party if each), "")
        return BankLine(path, booked, value_on, cents, references, counterparty, text, returned)

    def _summary(self, node: Node, path: str, amounts: list[int]) -> None:
        """The totals that the bank gives itself, where it does."""
        sides = {"TtlNtries": amounts, "TtlCdtNtries": [each for each in amounts if each > 0]}
        sides["TtlDbtNtries"] = [each for each in amounts if each < 0]
        for name, counted in sides.items():
            summary, where = _find(node, f"TxsSummry/{name}"), f"{path}/TxsSummry/{name}"
            if summary is None:
                continue
            number = _text(summary, "NbOfNtries")
            if number and number != str(len(counted)):
                self.wrong(f"{where}/NbOfNtries", "number", f"{number[:10]} told, {len(counted)} booked entries.")
            total = sum(abs(each) for each in counted)
            if _find(summary, "Sum") is not None and self._cents(summary, "Sum", where) != total:
                told = f"{shown(self._cents(summary, 'Sum', where))} told, {shown(total)} from the entries."
                self.wrong(f"{where}/Sum", "sum", told)

    def _sign(self, node: Node, path: str) -> int:
        said = _text(node, "CdtDbtInd")
        if said not in ("CRDT", "DBIT"):
            self.wrong(f"{path}/CdtDbtInd", "direction", f"{said[:10]!r}, CRDT or DBIT expected.")
        return -1 if said == "DBIT" else 1

    def _cents(self, node: Node, name: str, path: str) -> int:
        found = _find(node, name)
        said = (found.text or "").strip() if found is not None else ""
        match = _AMOUNT.fullmatch(said)
        if match is None or (match[2] or "").ljust(2, "0")[2:].strip("0"):
            self.wrong(f"{path}/{name}", "amount", f"{said[:30]!r} is no amount in dollars and cents.")
            return 0
        if found is not None and found.get("Ccy") is not None:
            self._currency(f"{path}/{name}", found.get("Ccy") or "")
        return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")[:2])

    def _day(self, node: Node, name: str, path: str) -> date | None:
        said = _text(node, f"{name}/Dt") or _text(node, f"{name}/DtTm")
        match = _DAY.fullmatch(said)
        if not said:
            return None
        try:
            if match is not None:
                return date.fromisoformat(match[1])
        except ValueError:
            pass
        self.wrong(f"{path}/{name}", "date", f"{said[:30]!r} is no day.")
        return None

    def _currency(self, path: str, said: str) -> None:
        if said not in ("", "USD"):
            self.wrong(path, "currency", f"{said[:10]!r}; only US dollars are read.")


def _name(node: Node) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _all(node: Node | None, name: str) -> list[Node]:
    return [each for each in node if _name(each) == name] if node is not None else []


def _each(node: Node, path: str) -> list[Node]:
    found = [node]
    for name in path.split("/"):
        found = [child for each in found for child in _all(each, name)]
    return found


def _find(node: Node, path: str) -> Node | None:
    return next(iter(_each(node, path)), None)


def _texts(node: Node, path: str) -> list[str]:
    return [" ".join((each.text or "").split()) for each in _each(node, path)]


def _text(node: Node, path: str) -> str:
    return next(iter(_texts(node, path)), "")
