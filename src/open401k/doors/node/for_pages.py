"""What a node's pages ask, answered from its deals: each call stands alone. Not here: pages, what cases look like."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date

from starlette.concurrency import run_in_threadpool

from open401k.base.faults import fault
from open401k.kernel import Open401kError
from open401k.rails.messages import Election, election_hash
from open401k.rails.node import again as onward
from open401k.rails.node import by_hand, deals
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.cases import MoveError, Way
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.deal import Deal, DealUnit
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.explaining import is_awaited, show, signed_paper
from open401k.rails.node.following import Verdict
from open401k.rails.node.halves import ReleasingHalf
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.mailing import Addresses
from open401k.rails.node.once import Answer, KeyReusedError
from open401k.rails.node.papers import Paper
from open401k.rails.node.report import listed
from open401k.rails.node.rest import half_of_rest
from open401k.rails.node.signed_here import attest_and_elect
from open401k.rails.node.taking_back import TakeBack, agreed_again, take_back_move, take_back_rest, take_back_screen
from open401k.rails.passkeys import Passkey

from .desk import Doors
from .provided import (
    CaseDetail,
    CasePage,
    CasesAsked,
    Exceptional,
    Followed,
    NewKey,
    Refusal,
    Signed,
    Signing,
    Staff,
    StaffRole,
    ToSign,
)
from .showing import detail_of, exceptions_of, followed_of, known_of, line_of, signing_of, standings_of

#: Cases of one page of the console.
SHOWN_AT_MOST = 100
#: What a desk is told in words.
REFUSALS = (NotNowError, MoveError, StillOpenError, BadInputError, Open401kError, KeyReusedError)


@dataclass
class NodePages:
    """The pages' side of a node's doors (provided.ForPages)."""

    doors: Doors

    @property
    def custodian(self) -> str:
        return self.doors.process.config.name

    @property
    def origin(self) -> str:
        return self.doors.process.config.shown_at

    @property
    def paper(self) -> str:
        return self.doors.process.config.paper

    def now(self) -> int:
        return self.doors.process.around.seconds()

    # ---- a participant's link

    def followed(self, link: str) -> Followed | None:
        case = self._case_of(link)
        if case is None:
            return None
        standing, last = standings_of(case, self.doors.process)
        with self._begin() as unit:
            return followed_of(unit, case, self.doors.process, standing, last)

    def to_sign(self, link: str) -> ToSign | None:
        case = self._case_of(link)
        kept = self.doors.process.vault.found(_key_name(case)) if case else None
        if case is None or kept is None:
            return None
        told = json.loads(kept)
        with self._begin() as unit:
            deal = unit.deal(case)
            election = self._election(unit, deal)
            on_file = signed_paper(unit, deal)
        paper, rules = on_file.paper if on_file else None, self.doors.office.desk.rules
        year = rules[election.rule_version].year if election else 0
        known = known_of(deal, f"The network's rules for {year}.", paper) if election else None
        if election is None or known is None:
            return None
        passkey = Passkey(bytes.fromhex(told["x"]), bytes.fromhex(told["y"]))
        is_read = on_file is None or on_file.shown_at is not None
        return ToSign(
            election, self.doors.process.domain, known, passkey, bytes.fromhex(told["credential"]), paper, is_read
        )

    def explanation(self, link: str) -> Paper | None:
        case = self._case_of(link)
        if case is None:
            return None
        with self._begin() as unit:
            found = signed_paper(unit, unit.deal(case))
            if found is not None:
                show(unit, self.doors.office.desk, case)
        return found.paper if found else None

    def _election(self, unit: KeptDealUnit, deal: Deal) -> Election | None:
        if deal.elected is not None:
            return deal.elected.election
        if signing_of(unit.case(deal.case), deal, awaits=is_awaited(unit, deal)) is not Signing.READY:
            return None
        return deals.election_of(unit, self.doors.office.desk, deal.case)

    def keep_key(self, link: str, key: NewKey) -> Refusal | None:
        case = self._case_of(link)
        if case is None:
            return _unknown()
        point = key.passkey.x + key.passkey.y
        told = {"x": key.passkey.x.hex(), "y": key.passkey.y.hex(), "credential": key.credential.hex(),
                "agreed_to": key.agreed_to, "at": self.now()}  # fmt: skip
        vault = self.doors.process.vault

        def work(unit: KeptDealUnit) -> None:
            deal = unit.deal(case)
            if deal.elected is not None or deal.receiving is None:
                raise NotNowError("it is signed already")
            half = replace(deal.receiving, key=point, e_sign_consent=True)
            deals.put_facts(unit, self.doors.office.desk, case, half)
            agreed_again(unit, case)
            Addresses(vault).may_again(unit, case)
            fault("pages.before_key_commit")
            vault.replace_with(unit.conn, _key_name(case), json.dumps(told).encode(), at=self.now())

        return self.done(work)

    def sign(self, link: str, signed: Signed) -> Refusal | None:
        case = self._case_of(link)
        if case is None:
            return _unknown()

        def work(unit: KeptDealUnit) -> None:
            deal = unit.deal(case)
            election = deal.elected.election if deal.elected else deal.election
            if election is None or self.doors.process.domain.digest(election_hash(election)) != signed.digest:
                raise NotNowError("what is to be signed has changed since it was shown; read it again")
            explained = signed_paper(unit, deal)
            if is_awaited(unit, deal) or (explained is not None and explained.shown_at is None):
                raise NotNowError("the explanation of your choices was not opened yet; open it, then sign")
            attest_and_elect(unit, self.doors.office, case, signed.signature)
            fault("pages.before_signature_commit")
            shown = signed.shown.encode()
            self.doors.process.vault.put_with(unit.conn, f"participant/{case}/shown", shown, at=self.now())

        return self.done(work)

    def take_back(self, link: str, what: TakeBack) -> Refusal | None:
        case = self._case_of(link)
        if case is None:
            return _unknown()
        _, last = standings_of(case, self.doors.process)
        return self.done(lambda unit: take_back(unit, self.doors, case, what, last.verdict if last else None))

    # ---- the console

    def staff(self, token: str) -> Staff | None:
        found = self.doors.entrances.who(token, at=self.now())
        return Staff(found.name, StaffRole(found.role)) if found else None

    def cases(self, asked: CasesAsked) -> CasePage:
        process, lines = self.doors.process, []
        found = listed(
            process.files, asked.pile, asked.states, begins=asked.begins, before=asked.before, limit=SHOWN_AT_MOST,
        )  # fmt: skip
        for case in found.cases:
            with self._begin() as unit:  # one after the other: a file is locked while it is read
                lines.append(line_of(unit, case, process))
        return CasePage(tuple(lines), found.older, found.total)

    def case(self, case: str) -> CaseDetail | None:
        with self._begin() as unit:
            return detail_of(unit, case, self.doors.process) if _is_deal(unit, case) else None

    def exceptions(self) -> Sequence[Exceptional]:
        with self._begin() as unit:
            named = {each.case for each in unit.raised() if each.is_open}
        found: list[Exceptional] = []
        for case in sorted(named):
            with self._begin() as unit:
                found += exceptions_of(unit, self.doors.process, case)
        return sorted(found, key=lambda each: (each.waiting.due_on, each.waiting.raised.raised_at))

    def again(self, staff: Staff, case: str, *, key: str) -> Refusal | None:
        return self._once(staff, key, f"again {case}", lambda unit: onward_again(unit, self.doors, case))

    def off_rail(self, staff: Staff, case: str, *, way: Way, reference: str, key: str) -> Refusal | None:
        if not reference.strip():
            return Refusal("reference", "It is empty.", "Name the check or the wire.")
        what = f"off-rail {case} {way} {reference}"
        return self._once(staff, key, what, lambda unit: onward.off_rail(unit, case, way, reference))

    def residual(self, staff: Staff, case: str, *, came: Sequence[int], payment_on: date, key: str) -> Refusal | None:
        def work(unit: KeptDealUnit) -> None:
            half = unit.deal(case).releasing
            if half is None:
                raise NotNowError(f"case {case} has no facts of the side that pays")
            onward_rest(unit, self.doors, case, half_of_rest(half, came, payment_on=payment_on))

        return self._once(staff, key, f"residual {case} {list(came)} {payment_on}", work)

    def stop(self, staff: Staff, case: str, *, code: int, key: str) -> Refusal | None:
        desk = self.doors.office.desk
        return self._once(staff, key, f"stop {case} {code}", lambda unit: deals.stop(unit, desk, case, code))

    def close_exception(
        self, staff: Staff, case: str, *, code: int, words: str, key: str, paid: tuple[Way, str] | None = None
    ) -> Refusal | None:
        def work(unit: KeptDealUnit) -> None:
            by_hand.close_exception(unit, case, code, words, by=staff.name, paid=paid)

        return self._once(staff, key, f"close {case} {code} {words}" + (f" {paid}" if paid else ""), work)

    async def changes(self, case: str | None, *, after: int | None) -> AsyncIterator[int | None]:
        start = await run_in_threadpool(self.doors.happenings.newest) if after is None else after
        async for each in self.doors.happenings.stream(case, after=start):
            yield each.seq if each else None

    # ---- inside

    def _begin(self) -> AbstractContextManager[KeptDealUnit]:
        return self.doors.process.files.begin()

    def _case_of(self, link: str) -> str | None:
        return self.doors.entrances.case_of(link, at=self.now())

    def done(self, work: Callable[[KeptDealUnit], object]) -> Refusal | None:
        """Do it in one transaction, and have the node look; why not, if it was refused."""
        try:
            asking_first(lambda: self._in_one(work))
        except REFUSALS as why:
            return refused(why)
        self.doors.wake()
        return None

    def _in_one(self, work: Callable[[KeptDealUnit], object]) -> None:
        with self._begin() as unit:
            work(unit)

    def _once(self, staff: Staff, key: str, asked: str, work: Callable[[KeptDealUnit], object]) -> Refusal | None:
        def answer(unit: KeptDealUnit) -> Answer:
            work(unit)
            return Answer(200, {})

        try:
            asking_first(
                lambda: self.doors.once.first(f"console {staff.name}", key, asked.encode(), at=self.now(), work=answer)
            )
        except REFUSALS as why:
            return refused(why)
        self.doors.wake()
        return None


def take_back(unit: KeptDealUnit, doors: Doors, case: str, what: TakeBack, verdict: Verdict | None) -> None:
    """What a participant takes back, on their page or through a desk."""
    desk, addresses = doors.office.desk, Addresses(doors.process.vault)
    match what:
        case TakeBack.MOVE:
            take_back_move(unit, desk, case, verdict)
        case TakeBack.REST:
            take_back_rest(unit, desk, case)
        case TakeBack.SCREEN:
            take_back_screen(unit, desk, case)
            addresses.stop(unit, case, at=desk.now())
        case TakeBack.MAIL:
            if addresses.stop(unit, case, at=desk.now()):
                unit.put_event(case, "the participant stopped e-mails")


def onward_again(unit: DealUnit, doors: Doors, case: str) -> Deal:
    """Propose it again, as the chain's final word on the proposal before allows."""
    file = unit.case(case)
    verdict = doors.office.verdict(file.agreed)
    new = f"rlv_{doors.process.around.random.token(12).hex()}"
    return onward.again(unit, doors.office.desk, case, new, verdict=verdict)


def onward_rest(unit: DealUnit, doors: Doors, case: str, half: ReleasingHalf) -> Deal:
    """Move what came in since, as the chain's final word on what moved before allows."""
    verdict = doors.office.verdict(unit.case(case).agreed)
    new = f"rlv_{doors.process.around.random.token(12).hex()}"
    return onward.residual(unit, doors.office.desk, case, new, half, verdict=verdict)


def _is_deal(unit: DealUnit, case: str) -> bool:
    try:
        unit.deal(case)
    except LookupError:
        return False
    return True


def _key_name(case: str) -> str:
    return f"participant/{case}/key"


def _unknown() -> Refusal:
    return Refusal("", "This link does not hold any more.", "Ask the company for a new one.")


def refused(why: Exception) -> Refusal:
    """Why nothing was done, as a page says it."""
    match why:
        case BadInputError():
            first = why.problems[0]
            return Refusal(first.path, _sentence(f"{first.path} {first.said}".strip()), "Correct it and try again.")
        case Open401kError():
            return Refusal("", why.message, why.fix)
        case KeyReusedError():
            return Refusal("", "This form was sent for something else before.", "Open the page anew.")
        case _:
            return Refusal("", _sentence(f"{why}"), "Read the case again.")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."
