"""Cases as a node's pages show them, read from deals, files and the chain's word. Not here: HTML, what may be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from open401k.rails.in_words import Known, Notice
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.again import moves_otherwise, rest_follows, went_before
from open401k.rails.node.by_hand import is_paid_otherwise, may_close
from open401k.rails.node.cases import Case, State
from open401k.rails.node.codes import WITHDRAWN, queued
from open401k.rails.node.config import NodeConfig
from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.deal import Deal
from open401k.rails.node.explaining import is_awaited
from open401k.rails.node.following import Standing, Verdict
from open401k.rails.node.halves import POINT, parts_of
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.lineage import is_closed_there, later_of, newest_of, next_reference, usable_again
from open401k.rails.node.mailing import Addresses, To
from open401k.rails.node.opening import only_stands
from open401k.rails.node.papers import Paper
from open401k.rails.node.process import Process
from open401k.rails.node.report import events_of
from open401k.rails.node.rest import sources_of
from open401k.rails.node.retention import is_erased
from open401k.rails.node.seen import seen_of
from open401k.rails.node.shares import shares_of
from open401k.rails.node.taking_back import TakeBack, may_take_back
from open401k.rails.node.voting import asked
from open401k.rails.node.waiting import standing_here
from open401k.rails.preflight.facts import Part

from .provided import (
    Act,
    CaseDetail,
    CaseLine,
    Contact,
    Entered,
    Exceptional,
    Followed,
    Happened,
    Sent,
    Signing,
)

_LAST = 4
_ENDED = (State.POSTED, State.RELEASED, State.OFF_RAIL)


def followed_of(
    unit: KeptDealUnit, case: str, process: Process, standing: Standing | None, last: Standing | None
) -> Followed:
    """A case as its participant's link shows it, with the chain's word on it (:func:`standing_of`), and on the last
    proposal of its election, which is what can be taken back."""
    file, deal = unit.case(case), unit.deal(case)
    happened = events_of(unit, case)
    parts, exact = _parts(deal)
    return Followed(
        case,
        seen_of(unit, case, standing, now=process.around.seconds(), names=_names(process.config)),
        signing_of(file, deal, awaits=is_awaited(unit, deal)),
        parts=parts,
        exact=exact,
        entered=tuple(Entered(each.state, each.at) for each in happened if not each.words),
        contacts=contacts_of(deal, process.config),
        cursor=happened[-1].seq if happened else 0,
        takes_back=takes_back_of(unit, deal, process, last.verdict if last else None),
    )


def takes_back_of(unit: KeptDealUnit, deal: Deal, process: Process, verdict: Verdict | None) -> tuple[TakeBack, ...]:
    """What the participant may take back now."""
    found = tuple(may_take_back(unit, deal, verdict, now=process.around.seconds()))
    is_written_to = Addresses(process.vault).standing(unit, deal.case) is To.ON
    return (*found, TakeBack.MAIL) if is_written_to else found


def standing_of(file: Case, process: Process) -> Standing | None:
    """The chain's word; where it is silent now, what our own case says of it. None before there are exact terms."""
    if file.agreed is None:
        return None
    try:
        return process.asked.standing(file.agreed)
    except SilentError:
        with process.files.begin() as unit:
            return standing_here(unit, file)


def standings_of(case: str, process: Process) -> tuple[Standing | None, Standing | None]:
    """The chain's word on a case, and on the last proposal of its election; no lock is held while it is asked."""
    with process.files.begin() as unit:
        file, last = unit.case(case), unit.case(newest_of(unit, unit.deal(case)).case)
    standing = standing_of(file, process)
    return standing, standing if last.id == file.id else standing_of(last, process)


def signing_of(file: Case, deal: Deal, *, awaits: bool) -> Signing:
    """How far the participant's signature is, on this node's pages. ``awaits``: what they are to read is not here."""
    if deal.elected is not None:
        return Signing.SIGNED
    half = deal.receiving
    if file.state in _ENDED or file.stop is not None or half is None or deal.place:
        return Signing.OVER  # or they sign with the company that leads
    if half.member != deal.us or (half.key is not None and len(half.key) != POINT):
        return Signing.OVER if half.member == deal.us else Signing.NOT_YET
    if half.key is None or half.e_sign_consent is False:
        return Signing.KEY_NEEDED
    return Signing.READY if file.state is State.PREVALIDATED and not awaits else Signing.NOT_YET


def known_of(deal: Deal, rules: str, paper: Paper | None) -> Known | None:
    """What the election's addresses and hashes stand for; None while a half is missing, or what is to be read."""
    ours, theirs = deal.receiving, deal.releasing
    if ours is None or theirs is None:
        return None
    notice = None
    if theirs.explanation is not None and paper is not None:
        notice = Notice(paper.title, paper.version, theirs.explanation.given_on, paper.fingerprint, paper.text)
    elif theirs.explanation is not None and deal.elected is None:
        return None
    elif theirs.explanation is not None:  # it was signed by other means than this page
        named = theirs.explanation_hash or bytes(32)
        notice = Notice("Your rollover options", "as given by the payer", theirs.explanation.given_on, named)
    return Known(
        source=theirs.custodian,
        source_account=_ending(theirs.account),
        receivers=tuple(half.custodian for half in deal.halves or (ours,)),
        receiving_account=" and ".join(_accounts(deal, theirs.custodian)),
        into=tuple(dict.fromkeys((each.kind, each.into) for half in deal.halves or (ours,) for each in half.wanted)),
        rules=rules,
        notice=notice,
    )


def line_of(unit: KeptDealUnit, case: str, process: Process) -> CaseLine:
    """A case in the console's list. The chain is not asked: our own case says enough."""
    file, deal = unit.case(case), unit.deal(case)
    names = _names(process.config)
    parts, _ = _parts(deal)
    return CaseLine(
        case,
        file.side,
        names.get(deal.peer, f"0x{deal.peer.hex()}"),
        file.state,
        unit.since(case),
        file.agreed.cents if file.agreed else (sum(each.cents for each in parts) or None),
        seen_of(unit, case, standing_here(unit, file), now=process.around.seconds(), names=names),
        sum(each.is_open for each in unit.raised(case)),
    )


def detail_of(unit: KeptDealUnit, case: str, process: Process) -> CaseDetail:
    """A case's page."""
    file, deal = unit.case(case), unit.deal(case)
    happened = events_of(unit, case)
    parts, _ = _parts(deal)
    return CaseDetail(
        line_of(unit, case, process),
        file.account,
        file.agreed.rollover if file.agreed else None,
        parts,
        deal.reasons or (),
        tuple(Sent(each.kind, each.is_done, each.refused) for each in unit.outbox(case)),
        tuple(Happened(each.at, each.state, each.words) for each in happened),
        exceptions_of(unit, process, case),
        _acts(unit, file, deal, now=process.around.seconds()),
        parent=file.parent,
        again_as=next(reversed(later_of(unit, deal.peer, deal.reference)), None),
        moves_otherwise=(moves_otherwise(unit, file) or "") if file.state is State.RELEASED else "",
        off_rail=unit.off_rail(case),
        shares=shares_of(deal, file.state),
        sources=sources_of(deal.releasing) if deal.releasing is not None and deal.side is Side.SOURCE else (),
        invites=deal.side is Side.SOURCE and bool(asked(deal)),
        asks_back=deal.side is Side.SOURCE and file.state is State.POSTED and not is_erased(file),
        returns=tuple(unit.returns_of(case)),
        cursor=happened[-1].seq if happened else 0,
    )


def exceptions_of(unit: KeptDealUnit, process: Process, case: str) -> tuple[Exceptional, ...]:
    """Open exceptions of a case, what is due first first."""
    today = datetime.fromtimestamp(process.around.seconds(), UTC).date()
    names = {each.member: each.name for each in process.config.peers}
    file = unit.case(case)
    try:
        deal = unit.deal(case)
        other, acts = names.get(deal.peer, ""), _acts(unit, file, deal, now=process.around.seconds())
    except LookupError:
        other, acts = "", acts_of(file)
    return tuple(
        Exceptional(
            waiting,
            other,
            acts,
            may_close(unit, file, waiting.queue.code),
            is_paid_otherwise(file, waiting.queue.code),
        )
        for waiting in queued(unit.raised(case), on=today)
    )


def acts_of(file: Case) -> tuple[Act, ...]:
    """What a desk may do about it now."""
    match file.state:
        case State.RELEASED:
            return (Act.OFF_RAIL,) if file.stop == WITHDRAWN else (Act.AGAIN, Act.OFF_RAIL)
        case State.POSTED:
            return (Act.RESIDUAL,)
        case State.OFF_RAIL:
            return ()
        case State.DRAFT | State.DATA_REQUESTED | State.PREVALIDATED | State.NIGO:
            return (Act.OFF_RAIL, Act.STOP) if file.stop is None and not only_stands(file) else (Act.OFF_RAIL,)
        case State.LIQUIDATING | State.HELD | State.VOTED:
            return (Act.STOP,) if file.stop is None else ()


def _acts(unit: KeptDealUnit, file: Case, deal: Deal, *, now: int) -> tuple[Act, ...]:
    """The same of a case with a deal: what is proposed again, or closed, is what no other case moves. Where several
    receive, who pays proposes again, and what is open is stopped."""
    not_ours = set[Act]()
    if not usable_again(file, deal, now=now) or unit.known_as(deal.peer, next_reference(deal)) is not None:
        not_ours.add(Act.AGAIN)
    if not rest_follows(unit, file, deal, now=now):
        not_ours.add(Act.RESIDUAL)
    if is_closed_there(deal) or went_before(unit, deal) is not None:
        not_ours.add(Act.AGAIN)
    if moves_otherwise(unit, file) is not None:
        not_ours.add(Act.OFF_RAIL)
    if deal.many > 1:
        not_ours |= {Act.AGAIN} if deal.side is Side.RECEIVER else set()
        not_ours |= {Act.OFF_RAIL} if file.state is not State.RELEASED else set()
    return tuple(each for each in acts_of(file) if each not in not_ours)


def _parts(deal: Deal) -> tuple[tuple[Part, ...], bool]:
    """What moves, as far as it is known, and whether that is exact."""
    if deal.terms is not None:
        legs = deal.terms.legs
        return tuple(Part(Kind(each.kind), Into(each.into), each.to, each.amount) for each in legs), True
    if deal.receiving is None:
        return (), False
    if deal.parts is not None:
        return deal.parts, False
    if deal.releasing is not None:
        return parts_of(deal.releasing.held, deal.halves or (deal.receiving,)), False
    halves = [deal.receiving, *(each.half for each in deal.others if each.half is not None)]
    named = [(place, each) for place, half in enumerate(halves) for each in half.wanted if each.cents]
    return tuple(Part(each.kind, each.into, place, each.cents or 0) for place, each in named), False


def _names(config: NodeConfig) -> dict[bytes, str]:
    return {each.member: each.name for each in config.peers} | {config.member: config.name}


def contacts_of(deal: Deal, config: NodeConfig) -> tuple[Contact, ...]:
    """Whom people may ask."""
    found = [Contact(config.name, config.contact)] if config.contact else []
    found += [Contact(each.name, each.contact) for each in config.peers if each.member == deal.peer and each.contact]
    return tuple(found)


def _accounts(deal: Deal, source: str) -> Iterator[str]:
    """Receiving accounts as this node knows them: of another receiver it was told a number that hides its own."""
    for place, half in enumerate(deal.halves or ()):
        if deal.salt_at(place) is None:
            yield f"the account that {half.custodian} told {source}"
        else:
            yield _ending(half.account) if deal.many == 1 else f"{_ending(half.account)} at {half.custodian}"


def _ending(account: str) -> str:
    return f"account ending in {account[-_LAST:]}"
