"""From a wish for a rollover to its exact terms: the verbs of a custodian's node. Not here: following (worker).

Every verb is one transaction of its unit: case file, deal, letters and events together. A verb that cannot be done now
is a :class:`NotNowError` that says what comes first; nothing happened. Letters that come are taken in taking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from open401k.base.faults import fault

from ..messages import Attestation, Election, Role
from ..transfer_file.leaves import FileRefusedError, TransferFile, made
from .ballots import ballot_of
from .cases import Agreed, Case, State
from .codec import MOST_LETTERS, BadInputError, Wrong
from .codes import EXPIRED, NOTHING_COMES, VOTER_REFUSED
from .core import Side
from .deal import Deal, DealUnit, Noted
from .desk import Desk
from .elections import election_for, is_of, unfit, unsound
from .file_of import Making, values_of
from .halves import Half, ReceivingHalf, ReleasingHalf
from .joined import Joined
from .judging import NotNowError, end, is_closed, judged, raise_for, taken_over
from .letters import Elected, Ended, FactsTold, LetterKind, Note, Request, TermsTold, file_from, leaves_of
from .nays import is_no, keep_no
from .opening import agree, move, open_case
from .returning import changed_wish, wrong_return
from .taking import take
from .terms_of import Worked, agreed_with, deadline_of, terms_for, voters_of, worked
from .together import BOUNDARIES as TOGETHER
from .together import join, leading, no_cash_for_persons, tell_all, tell_facts
from .views import file_for
from .voting import BOUNDARIES as VOTING
from .voting import HOW_NAMED, NAMES, ballots_for, is_asked, name_voter, paper_of, vote

#: Where a test may stop the process (base.faults): at the end of each verb, before its transaction is committed.
BOUNDARIES: Final = (
    "deals.requested", "deals.facts_put", "deals.election_made", "deals.elected", "deals.ready", "deals.stopped",
    "deals.letter_taken", *VOTING, *TOGETHER,
)  # fmt: skip


def request(
    unit: DealUnit, desk: Desk, case: str, *, source: bytes, half: ReceivingHalf, receivers: Sequence[bytes] = ()
) -> Deal:
    """We receive: somebody asks ``source`` for a rollover. The same case with the same half again is nothing new.

    ``receivers`` are members that receive a part of it, too, after us in the election; we lead (together.codes_of).
    """
    if half.member != desk.us:
        raise BadInputError([Wrong("member", "is not our own address in the network")])
    if source == desk.us:
        raise BadInputError([Wrong("source", "is our own address: nothing moves between custodians")])
    if cash := no_cash_for_persons(desk, half):
        raise BadInputError(cash)
    leading(receivers, desk, source)
    if (known := _known(unit, case)) is not None:
        if (known.side, known.peer, known.receiving) != (Side.RECEIVER, source, half):
            raise NotNowError(f"case {case} is another one; take another id, or put the facts of that one")
        return known
    open_case(unit, case, side=Side.RECEIVER, account=half.account)
    reference, now = desk.random.token(32), desk.now()
    others = tuple(Joined(at, member) for at, member in enumerate(receivers, 1))
    deal = Deal(case, reference, Side.RECEIVER, desk.us, source, now, receiving=half, edition=1, others=others)
    deal = replace(deal, many=1 + len(others))
    unit.add_deal(deal)
    move(unit, case, State.DATA_REQUESTED)
    unit.put_letter(source, reference, LetterKind.REQUEST, Request(source, half, receivers=tuple(receivers)))
    fault("deals.requested")
    return deal


def put_facts(unit: DealUnit, desk: Desk, case: str, half: Half) -> Deal:
    """Our half, newer than before; preflight runs when both are there. Answer: ``deal.reasons``."""
    deal, file = unit.deal(case), unit.case(case)
    if is_closed(file) or file.agreed is not None:
        raise NotNowError(f"case {case} is {file.state}; its facts are closed. Ask for a new rollover.")
    if isinstance(half, ReleasingHalf) is not (deal.side is Side.SOURCE):
        raise BadInputError([Wrong("", f"is the other side's half; we are the {deal.side} of case {case}")])
    _same_places(unit, desk, deal, file, half)
    if half in (deal.receiving, deal.releasing):
        return judged(unit, desk, deal, deal)
    edition = deal.edition + 1
    if isinstance(half, ReceivingHalf):
        if deal.elected is not None:
            raise NotNowError(f"case {case} was signed as it is; stop it and ask for a new rollover")
        after = replace(deal, receiving=half, edition=edition)
        unit.put_letter(deal.peer, deal.reference, LetterKind.FACTS, FactsTold(edition, receiving=half))
    else:
        after = replace(deal, releasing=half, edition=edition)
        if after.left_out != deal.left_out:
            raise NotNowError(f"other receivers are paid by it than case {case} was begun with; stop it, begin it anew")
        if deal.elected is not None and (fields := unfit(deal.elected.election, after, desk)):
            raise NotNowError(f"case {case} was signed with another {', '.join(fields)}; stop it and ask anew")
        tell_facts(unit, after)
    after = judged(unit, desk, deal, after)
    fault("deals.facts_put")
    return after


def judge_again(unit: DealUnit, desk: Desk, case: str) -> Deal:
    """Preflight of today with the same facts: what was in order yesterday may not be."""
    deal = unit.deal(case)
    file = unit.case(case)
    return deal if is_closed(file) or file.agreed is not None else judged(unit, desk, deal, deal)


def election_of(unit: DealUnit, desk: Desk, case: str) -> Election:
    """What the participant is to sign, made once preflight found nothing; made anew when the facts changed."""
    deal, file = unit.deal(case), unit.case(case)
    if deal.elected is not None:
        return deal.elected.election
    if deal.side is not Side.RECEIVER:
        raise NotNowError(f"we are the source of case {case}; the receiver has its participant sign")
    if deal.place:
        raise NotNowError(f"another custodian leads in case {case}, and has the participant sign")
    if file.state is not State.PREVALIDATED:
        raise NotNowError(f"case {case} is {file.state}; it is signed when everything is in order", deal.reasons or ())
    if deal.election is not None and is_of(deal.election, deal, desk):
        return deal.election
    election = election_for(deal, desk)
    if election is None:
        raise NotNowError(f"the participant of case {case} has not chosen a key yet")
    unit.change_deal(deal, replace(deal, election=election))
    fault("deals.election_made")
    return election


def elect(
    unit: DealUnit, desk: Desk, case: str, *, signature: bytes, attestation: Attestation, attested: bytes
) -> Deal:
    """The participant signed ``election_of``, and an attestor stands behind the key."""
    deal, file = unit.deal(case), unit.case(case)
    if deal.elected is not None and deal.elected.signature == signature:
        return deal
    if deal.election is None or deal.elected is not None or file.state is not State.PREVALIDATED:
        raise NotNowError(f"case {case} is {file.state} and has no election to be signed; show it first")
    told = Elected(deal.election, signature, attestation, attested)
    reasons = done.reasons if (done := worked(deal, desk)) else ()
    if reasons or unfit(deal.election, deal, desk):
        raise NotNowError(f"the facts of case {case} changed since the election was shown; show it anew", reasons)
    if wrong := unsound(told.election, signature, attestation, attested, desk):
        raise BadInputError([Wrong(*each.split(": ", 1)) for each in wrong])
    after = replace(deal, elected=told, elected_at=desk.now())
    unit.change_deal(deal, after)
    unit.put_letter(deal.peer, deal.reference, LetterKind.ELECTED, told)
    taken_over(unit, desk, after)
    fault("deals.elected")
    return after


def ready(unit: DealUnit, desk: Desk, case: str) -> Agreed:
    """We pay: the cash is there. Exact terms and the transfer file are made, agreed by us, and sent."""
    deal, file = unit.deal(case), unit.case(case)
    if file.agreed is not None:
        return file.agreed
    if deal.side is not Side.SOURCE or file.state is not State.LIQUIDATING or deal.elected is None:
        raise NotNowError(f"case {case} is {file.state} at the {deal.side}; terms are made by the source when it sold")
    if desk.now() >= deal.elected.election.deadline:
        raise NotNowError(f"the election of case {case} is over; ask for a new rollover")
    done = worked(deal, desk)
    if done is None or done.reasons:
        raise NotNowError(f"case {case} is not in order any more", done.reasons if done else ())
    told = _terms(deal, desk, done, deal.elected)
    if wrong := wrong_return(unit, deal, told.terms.legs):
        raise NotNowError(f"case {case} does not go back so: {'; '.join(wrong)}")
    agreed = agreed_with(deal, told, done)
    unit.change_deal(deal, replace(deal, terms=told.terms, file=told.file, voters=ballots_for(told.terms)))
    agree(unit, case, agreed)
    for place, (member, reference) in enumerate(deal.desks):
        if member in deal.left_out:
            continue
        mine = replace(told, file=file_for(deal, file_from(told.file), place)) if deal.many > 1 else told
        unit.put_letter(member, reference, LetterKind.TERMS, mine)
    fault("deals.ready")
    return agreed


def decline(unit: DealUnit, desk: Desk, case: str, code: int, words: str = "") -> Deal:
    """We receive, and will not agree to what is signed or proposed; the source stops its case with this code."""
    deal = unit.deal(case)
    if deal.side is not Side.RECEIVER or deal.elected is None:
        raise NotNowError(f"case {case} has nothing that we could decline; stop it instead")
    return _ended(unit, desk, deal, code, words, LetterKind.DECLINED)


def stop(unit: DealUnit, desk: Desk, case: str, code: int, words: str = "") -> Deal:
    """We want it ended, for a code of the work queues; the other side is told. Who voted waits for the chain's word."""
    return _ended(unit, desk, unit.deal(case), code, words, LetterKind.STOP)


def refuse(unit: DealUnit, desk: Desk, case: str, role: Role) -> Deal:
    """A further voter does not agree: their desk ends the case; what is held comes back by the chain's word.

    It is said on a page that no desk looks at, so it is on a desk, too: what follows is to be settled with them.
    """
    is_asked(unit.deal(case), role)
    before = unit.case(case).stop
    after = stop(unit, desk, case, VOTER_REFUSED, f"{NAMES[role]} does not agree")
    if before is None and unit.case(case).stop == VOTER_REFUSED:
        raise_for(unit, desk, case, VOTER_REFUSED, NAMES[role])
    return after


def say_no(unit: DealUnit, desk: Desk, case: str, role: Role, signature: bytes) -> Deal:
    """A further voter signed that they do not agree to the exact terms: either node sends it, and their desk stops too,
    for what is not on chain yet."""
    deal, file = unit.deal(case), unit.case(case)
    is_asked(deal, role)
    ballot, paper = ballot_of(deal.voters, role), paper_of(deal, desk, role)
    if ballot is not None and ballot.no == signature:
        return deal
    if ballot is None or paper is None or file.agreed is None:
        raise NotNowError(f"case {case} has no exact terms to sign a no to; a refusal without a signature ends it")
    if is_closed(file):
        raise NotNowError(f"case {case} is {file.state}; nothing is signed any more")
    if not is_no(paper, desk, signature):
        raise BadInputError([Wrong("signature", f"is not the no of {NAMES[role]} to these terms")])
    tell_all(unit, deal, LetterKind.VOTER, keep_no(unit, deal, file.agreed, ballot, signature))
    fault("deals.no")
    return refuse(unit, desk, case, role)


def note(unit: DealUnit, desk: Desk, case: str, words: str) -> Deal:
    """Words for the other desk; the same as the last ones again is nothing new."""
    deal = unit.deal(case)
    if not words.strip():
        raise BadInputError([Wrong("words", "are empty")])
    _words(words)
    if deal.notes and deal.notes[-1].from_us and deal.notes[-1].words == words:
        return deal
    after = replace(deal, notes=(*deal.notes, Noted(desk.now(), True, words)))
    unit.change_deal(deal, after)
    tell_all(unit, deal, LetterKind.NOTE, Note(words))
    unit.put_event(case, "a note was sent")
    return after


def lapse(unit: DealUnit, desk: Desk, case: str) -> bool:
    """End a case whose last day went by before exact terms: nothing was promised. False if it goes on.

    Afterwards only the chain's own deadline counts.
    """
    deal, file = unit.deal(case), unit.case(case)
    if is_closed(file) or file.agreed is not None or deal.receiving is None:
        return False
    if desk.today <= deal.receiving.deadline:
        return False
    _ended(unit, desk, deal, EXPIRED, "the last day went by before exact terms", LetterKind.STOP)
    return True


def _terms(deal: Deal, desk: Desk, done: Worked, elected: Elected) -> TermsTold:
    voters = voters_of(deal, done, desk)
    if not isinstance(voters, tuple):
        raise NotNowError(f"nobody can sign as {voters.name.lower()} in case {deal.case} yet: {HOW_NAMED[voters]}")
    if deal.releasing is None or deal.receiving is None:
        raise NotNowError(f"case {deal.case} has one half of its facts alone")
    one, now = elected.election, desk.now()
    until = deadline_of(one, desk, at=now)
    file = _file(Making(deal, deal.releasing, (deal.halves or (deal.receiving,))[0], done, one, desk, now, until))
    terms = terms_for(deal, desk, done, election=one, until=until, data_root=file.root, voters=voters)
    return TermsTold(terms, leaves_of(file))


def _file(making: Making) -> TransferFile:
    values, problems = values_of(making)
    try:
        if problems:
            raise FileRefusedError(problems)
        return made(values, making.desk.random)
    except FileRefusedError as wrong:
        raise BadInputError([Wrong(f"file[{each.label}]", each.said) for each in wrong.problems]) from None


def _ended(unit: DealUnit, desk: Desk, deal: Deal, code: int, words: str, kind: LetterKind) -> Deal:
    if not 100 <= code <= 699:
        raise BadInputError([Wrong("code", "is one of the work queues, from 100 to 699")])
    if code == NOTHING_COMES:
        raise BadInputError([Wrong("code", f"is not {NOTHING_COMES}: the node says it by itself")])
    _words(words)
    if unit.case(deal.case).stop is not None:
        return deal
    if not end(unit, deal, code):
        raise NotNowError(f"case {deal.case} is over: {unit.case(deal.case).state}")
    after = replace(deal, notes=(*deal.notes, Noted(desk.now(), True, words))) if words else deal
    unit.change_deal(deal, after)
    tell_all(unit, deal, kind, Ended(code, words))
    fault("deals.stopped")
    return after


def _words(words: str) -> None:
    if len(words) > MOST_LETTERS or not words.isprintable():
        raise BadInputError([Wrong("words", f"are at most {MOST_LETTERS} letters that can be printed")])


def _same_places(unit: DealUnit, desk: Desk, deal: Deal, file: Case, half: Half) -> None:
    """What a case is between cannot change: accounts and members are those of its request."""
    wrong = []
    if half.account != file.account:
        wrong.append(Wrong("account", "is not the account of this case; ask for a new rollover"))
    if isinstance(half, ReceivingHalf) and deal.receiving is not None:
        if half.source_account != deal.receiving.source_account:
            wrong.append(Wrong("source_account", "is not the account of the request; ask for a new rollover"))
        if half.member != deal.us:
            wrong.append(Wrong("member", "is not our own address in the network"))
        wrong += no_cash_for_persons(desk, half)
        wrong += [each for each in changed_wish(unit, desk, deal, half) if each.path not in {x.path for x in wrong}]
    if wrong:
        raise BadInputError(wrong)


def _known(unit: DealUnit, case: str) -> Deal | None:
    try:
        return unit.deal(case)
    except LookupError:
        return None


__all__ = [
    "BOUNDARIES", "Deal", "NotNowError", "decline", "elect", "election_of", "join", "judge_again", "lapse",
    "name_voter", "note", "put_facts", "ready", "refuse", "request", "stop", "take", "vote",
]  # fmt: skip
