"""Letters that come from other custodians: each taken once, in order, in the transaction of what it changes.

Who sent a letter was proven before it came here (post). What cannot be read, or does not fit where the case stands, is
an exception of that case and changes nothing else. Not here: our own verbs (deals).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from open401k.base.faults import fault

from ..transfer_file.leaves import FileRefusedError
from .again import begun_there, closed_there
from .ballots import Ballot
from .batch_letters import KINDS, batch_kept_out, take_batch
from .cases import State
from .codec import BadInputError
from .codes import (
    CLOSED_TWICE,
    ELECTION_UNFIT,
    ELECTION_UNSOUND,
    EXPIRED,
    FILE_UNFIT,
    LETTER_DIFFERS,
    LETTER_KEPT_OUT,
    LETTER_NOT_UNDERSTOOD,
    LETTER_UNEXPECTED,
    LETTER_UNREAD,
    NOTHING_COMES,
    RETURN_UNFIT,
    TERMS_UNFIT,
    WITHDRAWN,
)
from .core import Side
from .deal import Deal, DealUnit, Noted
from .desk import Desk
from .elections import LATE, unfit, unsound
from .explaining import came as paper_came
from .explaining import paper_to
from .file_of import Making, values_of
from .joined import MOST, Joined
from .judging import end, is_closed, judged, raise_for, taken_over
from .letters import (
    VERSION,
    Again,
    Came,
    Elected,
    Ended,
    FactsTold,
    Letter,
    LetterKind,
    Note,
    OffRail,
    Outgoing,
    Request,
    Stands,
    Taken,
    TermsTold,
    Unread,
    body_of,
    file_from,
)
from .lineage import newest_of, withdraw
from .nays import no_came
from .opening import agree, move, note_forgotten, open_case
from .papers import PaperTold
from .returning import asked_back, changed_wish, wrong_return
from .terms_of import Worked, agreed_with, unfit_terms, worked
from .together import awaited, joins, others_from, tell_all, tell_facts, with_other
from .views import is_hidden
from .voting import ballots_for, came

#: Random bits of a control number: each is used once, also after a restore from an older backup.
_NUMBER_BYTES: Final = 6
_MOST_NOTES: Final = 200
_HASH: Final = 32
_LONGEST_KIND: Final = 60
HOLDING: Final = (State.HELD, State.VOTED, State.POSTED)


class UnexpectedError(Exception):
    """A letter that does not fit where the case stands; nothing was changed by it."""


def take(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter) -> Taken:
    """A letter that came from a member, taken once and in order."""
    if letter.kind in KINDS:
        taken = take_batch(unit, desk, peer, letter)
        fault("deals.letter_taken")
        return taken
    deal = unit.deal_of(peer, letter.reference)
    if deal is None and unit.was_erased(peer, letter.reference):
        return Taken(Came.REFUSED, words="the records of this case were erased after their time")
    taken = _asked(unit, desk, peer, letter) if deal is None else _take(unit, desk, deal, peer, letter)
    fault("deals.letter_taken")
    return taken


def kept_out(unit: DealUnit, desk: Desk, sent: Outgoing) -> None:
    """The other side keeps a letter of ours out for ever: it is not sent again, and somebody looks."""
    deal = unit.deal_of(sent.to, sent.letter.reference)
    if deal is not None:
        raise_for(unit, desk, deal.case, LETTER_KEPT_OUT, f"{sent.letter.kind}, number {sent.letter.number}")
    else:
        batch_kept_out(unit, sent)
    unit.letter_sent(sent.to, sent.letter.reference, sent.letter.number)


def _asked(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter) -> Taken:
    """A reference that we do not know: a request, a case that is proposed again, or nothing for us."""
    if letter.kind == LetterKind.AGAIN:
        return begun_there(unit, desk, peer, letter)
    if letter.kind != LetterKind.REQUEST and letter.number != 1:
        return Taken(Came.EARLY, words="no case of this reference; its request is missing")
    if letter.kind != LetterKind.REQUEST or letter.number != 1:
        return Taken(Came.REFUSED, words="no case of this reference; a rollover begins with a request")
    try:
        body = body_of(letter)
    except BadInputError as wrong:
        return Taken(Came.REFUSED, words=str(wrong))
    if not isinstance(body, Request) or body.source != desk.us or body.receiving.member != peer or peer == desk.us:
        return Taken(Came.REFUSED, words="the request names other custodians than who sent it to whom")
    if body.salt is not None:
        return Taken(Came.EARLY, words="the request of who leads is missing")
    if len(body.receivers) >= MOST or len({*body.receivers, peer, desk.us}) != len(body.receivers) + 2:
        return Taken(Came.REFUSED, words="the request names receivers who cannot be meant")
    if body.parent is not None and body.undoes is not None:
        return Taken(Came.REFUSED, words="the request names two rollovers that it gives back")
    if body.parent is not None or body.undoes is not None:
        return asked_back(unit, desk, peer, letter, body, number=_number(desk))
    case = f"{Side.SOURCE}-{desk.random.token(8).hex()}"
    open_case(unit, case, side=Side.SOURCE, account=body.receiving.source_account)
    deal = Deal(case, letter.reference, Side.SOURCE, desk.us, peer, desk.now(), number=_number(desk),
                receiving=body.receiving, their_edition=1)  # fmt: skip
    unit.add_deal(deal)
    unit.change_deal(deal, awaited(unit, deal, body.receivers))
    unit.take_letter(peer, letter)
    move(unit, case, State.DATA_REQUESTED)
    return Taken(Came.TAKEN, case)


def _number(desk: Desk) -> int:
    return int.from_bytes(desk.random.token(_NUMBER_BYTES), "big")


def _take(unit: DealUnit, desk: Desk, deal: Deal, peer: bytes, letter: Letter) -> Taken:
    came = unit.take_letter(peer, letter)
    if came is Came.REFUSED:
        raise_for(unit, desk, deal.case, LETTER_DIFFERS, f"number {letter.number}")
        return Taken(came, deal.case, "another letter came under this number")
    if came is not Came.TAKEN:
        return Taken(came, deal.case)
    try:
        body = body_of(letter)
    except BadInputError as wrong:
        _say_unread(unit, deal, peer, letter)
        raise_for(unit, desk, deal.case, LETTER_UNREAD, f"number {letter.number}: {str(wrong)[:300]}")
        return Taken(came, deal.case, str(wrong))
    try:
        _read(unit, desk, deal, peer, letter.kind, body)
    except UnexpectedError as wrong:
        raise_for(unit, desk, deal.case, LETTER_UNEXPECTED, f"{letter.kind}: {wrong}")
        return Taken(came, deal.case, str(wrong))
    return Taken(came, deal.case)


def _read(unit: DealUnit, desk: Desk, deal: Deal, peer: bytes, kind: str, body: object) -> None:
    match body:
        case Request():
            _joins(unit, desk, deal, peer, body)
        case FactsTold() if peer != deal.peer:
            _facts_of_other(unit, desk, deal, peer, body)
        case FactsTold():
            _facts(unit, desk, deal, body)
        case Elected():
            _elected(unit, desk, deal, body)
        case TermsTold():
            _terms(unit, desk, deal, body)
        case Ended():
            _ended(unit, desk, deal, peer, kind, body)
        case Note():
            notes = (*deal.notes, Noted(desk.now(), False, body.words))[-_MOST_NOTES:]
            unit.change_deal(deal, replace(deal, notes=notes))
            unit.put_event(deal.case, "a note came")
        case Again():
            if body.after == deal.reference or body.part != deal.part:
                raise UnexpectedError(f"this is proposal {deal.part} of its election already")
        case OffRail():
            if (why := closed_there(unit, deal, body, peer)) is not None:
                words = f"the other side closed it by {body.way} {body.reference}"
                if unit.case(deal.case).state is not State.OFF_RAIL:
                    raise UnexpectedError(f"{words}: {why}")
                way, ours = unit.off_rail(deal.case) or ("", "")
                raise_for(unit, desk, deal.case, CLOSED_TWICE, f"{words}, we by {way} {ours}")
        case Ballot():
            voted = came if body.no is None else no_came
            if (why := voted(unit, desk, deal, body)) is not None:
                raise UnexpectedError(why)
        case Stands() if peer != deal.peer:
            one = replace(_other(deal, peer), state=body.state, since=body.at)
            unit.change_deal(deal, replace(with_other(deal, one), edition=deal.edition))
            unit.put_event(deal.case, "another receiver moved")
        case Unread():
            raise_for(unit, desk, deal.case, LETTER_NOT_UNDERSTOOD, _not_understood(body))
        case PaperTold():
            if (why := paper_came(unit, deal, body)) is not None:
                raise UnexpectedError(why)
        case Stands():
            named = _named(unit, desk, deal, body.rollover)
            held = deal.they_held or body.state in HOLDING
            unit.change_deal(
                deal, replace(deal, their_state=body.state, their_since=body.at, they_held=held, named=named)
            )
            unit.put_event(deal.case, "the other side moved")
        case _:
            raise AssertionError(f"{type(body).__name__} is no body of a letter")


def _say_unread(unit: DealUnit, deal: Deal, peer: bytes, letter: Letter) -> None:
    """The other desk hears of it, once until ours has closed it; a letter that says so is never answered by one."""
    is_said = any(each.is_open and each.code == LETTER_UNREAD for each in unit.raised(deal.case))
    if letter.kind != LetterKind.UNREAD and not is_said:
        told = Unread(letter.number, letter.kind[:_LONGEST_KIND], letter.version, VERSION)
        unit.put_letter(peer, letter.reference, LetterKind.UNREAD, told)


def _not_understood(told: Unread) -> str:
    words = f"our letter {told.number} ({_kind(told.kind)}) is of version {told.version}; they read "
    if told.version != told.reads:
        return f"{words}{told.reads}"
    return f"{words}that version, too, but not its kind or a field of it: one node is of an older release"


def _kind(told: str) -> str:
    """What the other side calls a kind, where it is one of ours."""
    return told if told in set(LetterKind) else "of another kind"


def _named(unit: DealUnit, desk: Desk, deal: Deal, named: bytes | None) -> bytes | None:
    """Terms that a receiver names are ours: we made and signed them, once for each deal. Of those that no file knows
    the first stands in a file of its own; any more are not of this deal."""
    if named is None or deal.side is not Side.SOURCE or named == deal.named:
        return deal.named
    if len(named) != _HASH or (deal.named is not None and unit.case_of(named, deal.side) is None):
        raise UnexpectedError(f"it names terms that are not of this case: {named[:_HASH].hex()}")
    note_forgotten(unit, named, deal.side, at=desk.now())
    return deal.named if unit.case_of(named, deal.side) is not None else named


def _joins(unit: DealUnit, desk: Desk, deal: Deal, peer: bytes, body: Request) -> None:
    case = unit.case(deal.case)
    if is_closed(case) or deal.elected is not None:
        raise UnexpectedError(f"the case is {case.state}")
    after = joins(unit, deal, case, peer, body)
    if isinstance(after, str):
        raise UnexpectedError(after)
    tell_facts(unit, judged(unit, desk, deal, after))
    paper_to(unit, unit.deal(deal.case), peer)


def _facts_of_other(unit: DealUnit, desk: Desk, deal: Deal, peer: bytes, body: FactsTold) -> None:
    """A newer half of a receiver that does not lead."""
    case, one, half = unit.case(deal.case), _other(deal, peer), body.receiving
    if is_closed(case) or case.agreed is not None or deal.elected is not None:
        raise UnexpectedError(f"the case is {case.state}; its facts are closed")
    if half is None or one.half is None or body.edition <= one.edition:
        raise UnexpectedError("it tells no half of its own, or an older one")
    if half.member != peer or (half.source_account, half.account) != (case.account, one.half.account):
        raise UnexpectedError("it names another custodian or account than before")
    after = with_other(deal, replace(one, half=half, edition=body.edition))
    tell_facts(unit, judged(unit, desk, deal, after))


def _other(deal: Deal, peer: bytes) -> Joined:
    found = next((each for each in deal.others if each.member == peer), None)
    if found is None:
        raise UnexpectedError("it is of nobody who takes part")
    return found


def _facts(unit: DealUnit, desk: Desk, deal: Deal, body: FactsTold) -> None:
    case = unit.case(deal.case)
    if is_closed(case) or case.agreed is not None:
        raise UnexpectedError(f"the case is {case.state}; its facts are closed")
    if body.edition <= deal.their_edition:
        raise UnexpectedError(f"edition {body.edition} is older than {deal.their_edition}, which we have")
    after = replace(deal, their_edition=body.edition)
    if deal.side is Side.RECEIVER:
        if body.releasing is None or body.number is None or body.receiving is not None:
            raise UnexpectedError("the source tells its own half and its control number")
        if deal.number not in (None, body.number):
            raise UnexpectedError("the control number is another one than before")
        after = replace(after, releasing=body.releasing, number=body.number)
        if body.others:
            after = _placed(after, body)
        if deal.elected is not None and (fields := unfit(deal.elected.election, after, desk)):
            raise UnexpectedError(f"it was signed with another {', '.join(fields)}")
    else:
        half = body.receiving
        if half is None or body.releasing is not None:
            raise UnexpectedError("the receiver tells its own half")
        if deal.elected is not None:
            raise UnexpectedError("it was signed as it is")
        if half.member != deal.peer or half.source_account != case.account:
            raise UnexpectedError("it names another custodian or account than the request")
        if wrong := changed_wish(unit, desk, deal, half):
            raise UnexpectedError("; ".join(str(each) for each in wrong))
        after = replace(after, receiving=half)
        if deal.many > 1:
            after = replace(after, edition=after.edition + (after.releasing is not None))
            tell_facts(unit, judged(unit, desk, deal, after))
            return
    judged(unit, desk, deal, after)


def _placed(deal: Deal, body: FactsTold) -> Deal:
    """What we may see of other receivers: who leads knows who they are, others learn their own place by it."""
    if not 0 <= body.place <= len(body.others) or (deal.place == 0) is not (body.place == 0):
        raise UnexpectedError("it tells another place of ours")
    others = others_from(body.others, body.place)
    if deal.place == 0 and [each.member for each in others] != [each.member for each in deal.others]:
        raise UnexpectedError("it tells other receivers than were asked for")
    return replace(deal, many=1 + len(others), place=body.place, others=others)


def _elected(unit: DealUnit, desk: Desk, deal: Deal, body: Elected) -> None:
    """Both signatures hold and the election fits: taken over; else the case ends and the receiver asks anew."""
    case = unit.case(deal.case)
    leads = deal.side is Side.RECEIVER and deal.place == 0
    if leads or is_closed(case) or deal.elected is not None:
        raise UnexpectedError(f"the case is {case.state} at the {deal.side}")
    if deal.releasing is None:
        raise UnexpectedError("we have told no facts yet")
    if wrong := unsound(body.election, body.signature, body.attestation, body.attested, desk):
        _refuse(unit, desk, deal, ELECTION_UNSOUND, "; ".join(wrong))
    elif fields := unfit(body.election, deal, desk):
        _refuse(unit, desk, deal, ELECTION_UNFIT, ", ".join(fields))
    else:
        after = replace(deal, elected=body, election=None, elected_at=desk.now())
        if deal.side is Side.SOURCE:
            tell_all(unit, deal, LetterKind.ELECTED, body, but=deal.peer)
        taken_over(unit, desk, judged(unit, desk, deal, after))


def _terms(unit: DealUnit, desk: Desk, deal: Deal, body: TermsTold) -> None:
    """The exact terms: within the election and just what both halves work out to, with a file that says the same."""
    case = unit.case(deal.case)
    if deal.side is not Side.RECEIVER or case.state is not State.LIQUIDATING or case.agreed is not None:
        raise UnexpectedError(f"the case is {case.state} at the {deal.side}")
    if desk.now() >= body.terms.deadline:  # before anything that is only wrong since
        _refuse(unit, desk, deal, EXPIRED, "the terms came after their deadline", LetterKind.DECLINED)
        return
    done = worked(deal, desk)
    if done is None or done.reasons:
        told = ", ".join(str(each.code.value) for each in done.reasons) if done else "rules that we do not know"
        _refuse(unit, desk, deal, TERMS_UNFIT, told, LetterKind.DECLINED)
        return
    wrong = _wrong_terms(deal, desk, done, body)
    if wrong is None and (outside := wrong_return(unit, deal, body.terms.legs)):
        wrong = RETURN_UNFIT, "; ".join(outside)
    if wrong is not None:
        _refuse(unit, desk, deal, *wrong, LetterKind.DECLINED)
        return
    unit.change_deal(deal, replace(deal, terms=body.terms, file=body.file, voters=ballots_for(body.terms)))
    agree(unit, deal.case, agreed_with(deal, body, done))
    unit.put_event(deal.case, "the exact terms were agreed")


def _wrong_terms(deal: Deal, desk: Desk, done: Worked, body: TermsTold) -> tuple[int, str] | None:
    """A code and fields; None where everything is right."""
    if deal.elected is None or deal.releasing is None or deal.receiving is None:
        return TERMS_UNFIT, "nothing was signed here"
    election = deal.elected.election
    if fields := unfit_terms(body.terms, deal, desk, done, election=election):
        return TERMS_UNFIT, ", ".join(fields)
    try:
        file = file_from(body.file)
    except FileRefusedError as refused:
        return FILE_UNFIT, ", ".join(each.label for each in refused.problems)
    if file.root != body.terms.data_root:
        return FILE_UNFIT, "its root is not the one that the terms name"
    hidden = {each.label for each in body.file if each.digest is not None}
    if any(not is_hidden(label, deal, deal.place) for label in hidden):
        return FILE_UNFIT, "an item is hidden that is ours to see"
    made_at = _seconds(file.values["case.created_at"])
    if not (deal.elected_at or 0) - LATE <= made_at <= desk.now() + LATE:
        return FILE_UNFIT, "case.created_at: not within an hour of our clock"
    making = Making(
        deal, deal.releasing, (deal.halves or (deal.receiving,))[0], done, election, desk, made_at, body.terms.deadline
    )
    expected, problems = values_of(making)
    ours = {label: value for label, value in expected.items() if not is_hidden(label, deal, deal.place)}
    differs = [label for label, value in ours.items() if file.values.get(label) != value]
    if found := [*differs, *(each.label for each in problems if each.label in ours)]:
        return FILE_UNFIT, ", ".join(found)
    return None


def _ended(unit: DealUnit, desk: Desk, deal: Deal, peer: bytes, kind: str, body: Ended) -> None:
    if not 100 <= body.code <= 699:
        raise UnexpectedError(f"{body.code} is no code of a work queue")
    if kind == LetterKind.DECLINED and deal.side is not Side.SOURCE:
        raise UnexpectedError("only a receiver declines")
    if body.code == NOTHING_COMES and (deal.side is Side.SOURCE or not deal.moved):
        raise UnexpectedError("only of what came in after all was moved may nothing come to a receiver")
    noted = replace(deal, notes=(*deal.notes, Noted(desk.now(), False, body.words))[-_MOST_NOTES:])
    if body.words:
        unit.change_deal(deal, noted)
    if body.code == WITHDRAWN:
        deal = _withdrawn(unit, deal)
    if end(unit, deal, body.code):
        if body.code != NOTHING_COMES:  # nobody needs to look: it goes elsewhere, as was signed
            raise_for(unit, desk, deal.case, body.code, "the other custodian ended it")
        if deal.side is Side.SOURCE:
            tell_all(unit, deal, LetterKind.STOP, Ended(body.code), but=peer)


def _withdrawn(unit: DealUnit, deal: Deal) -> Deal:
    """What the participant signed is used no more: the last proposal under it is the one that ends, or has ended."""
    newest = newest_of(unit, deal)
    case = unit.case(newest.case)
    if is_closed(case) and case.stop != WITHDRAWN:
        withdraw(unit, case)
    return newest


def _refuse(unit: DealUnit, desk: Desk, deal: Deal, code: int, words: str, kind: LetterKind = LetterKind.STOP) -> None:
    """What came cannot be: the case ends on both sides, each with the code."""
    end(unit, deal, code)
    raise_for(unit, desk, deal.case, code, words)
    tell_all(unit, deal, kind, Ended(code, words[:2_000]))


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())
