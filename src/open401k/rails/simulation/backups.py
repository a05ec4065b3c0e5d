"""Older backups in a run: of votes that are in the world, of exact terms, of a file's own beginning. Not here: chance.

What custodians tell each other afterwards is played by its outcome: letters are tested with deals. What the node itself
finds (a vote of ours on the final chain, terms that the other side names) is its own code.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from eth_hash.auto import keccak

from open401k.base.faults import Stopped

from ..node.cases import Agreed, Case, State, Unit
from ..node.codes import EXPIRED, FORGOTTEN, LETTER_KEPT_OUT, TERMS_UNFIT
from ..node.core import HoldState, Side
from ..node.opening import TermsError, agree, move, note_forgotten, stands_for
from .chance import Fault
from .parties import Party
from .rollovers import Played, Rollover

_UNDONE = (State.LIQUIDATING, State.HELD)


def back_up(run: Played) -> None:
    """A custodian goes back to a backup, also one that lacks votes or terms, and starts again."""
    party = run.parties[run.dice.one_of(run.names)]
    if not run.faults.is_on:
        return
    known, party.backup = party.backup, party.cases.all
    if known is None:
        return
    if run.dice.percent(25):
        known = run.dice.one_of(party.early)
        run.faults.note("R18", Fault.FORGOTTEN_TERMS)
    else:
        run.faults.note("R18", Fault.OLDER_BACKUP)
    party.cases.put_back(known)
    party.start()
    for each in run.rollovers:
        for place, name, side in each.parts:
            if name != party.name:
                continue
            file = run.file(name, each, side)
            if file is None:
                each.trace.forgot_terms(place)
                continue
            each.trace.told_again(place)
            if file.state in _UNDONE:
                each.trace.forgot(place)
                if run.dice.percent(40):  # whoever puts a backup back would rather have it ended
                    run.stop_at(party, each)


def tell_again(run: Played, *, all_: bool = False) -> None:
    """The other custodian's letters come again, as its node sends them by itself, and desks act on them."""
    for each in run.rollovers:
        for place, name, side in each.parts:
            if run.file(name, each, side) is None and (all_ or run.dice.percent(50)):
                with suppress(OSError, Stopped):  # a full disk, a process that ends: it comes again
                    if side is Side.SOURCE:
                        _to_source(run, run.parties[name], each)
                    else:
                        _to_receiver(run, run.parties[name], each, place)
                if run.file(name, each, side) is not None:  # it was kept, whether or not the process went on
                    each.trace.told_again(place)


def _to_receiver(run: Played, party: Party, each: Rollover, place: int) -> None:
    """The exact terms again, if the source has them and a file is there; after the deadline it declines."""
    source = run.parties[each.source]
    kept = party.cases.kept.cases.get(each.name)
    if run.file(each.source, each, Side.SOURCE) is None:
        return
    if kept is None:  # its own request is gone: it keeps the source's letters out
        with source.cases.begin() as unit:
            unit.raise_(run.raised(each, LETTER_KEPT_OUT))
    elif kept.agreed is None and kept.state is State.LIQUIDATING:
        with party.cases.begin() as unit:
            if run.clock.now >= each.told.terms.deadline:
                move(unit, each.name, State.RELEASED)
                unit.raise_(run.raised(each, EXPIRED))
                return
            _agreed_again(unit, run, each, each.agreed[place])


def _to_source(run: Played, party: Party, each: Rollover) -> None:
    """It hears of terms that it does not know. Its desk has the same ones again, makes other ones, or waits."""
    kept = party.cases.kept.cases.get(each.name)
    if kept is not None and kept.agreed is None and kept.state is State.LIQUIDATING and run.faults.is_on:
        with party.cases.begin() as unit:
            if run.dice.percent(40):
                _agreed_again(unit, run, each, each.agreed[0])
                return
            if run.dice.percent(40) and not each.is_other and not each.parent:
                agree(unit, each.name, _other_terms(run, each).agreed[0])
                each.trace.signed_twice()
                return
    if each.is_other or not any(run.file(name, each, Side.RECEIVER) for name in each.receivers):
        return
    with party.cases.begin() as unit:
        note_forgotten(unit, each.id, Side.SOURCE, at=run.clock.now)


def _agreed_again(unit: Unit, run: Played, each: Rollover, agreed: Agreed) -> None:
    """Where they give back what this side's files forgot, too, a desk looks."""
    try:
        agree(unit, each.name, agreed)
    except TermsError:
        unit.raise_(run.raised(each, TERMS_UNFIT))


def _other_terms(run: Played, each: Rollover) -> Rollover:
    """The desk makes exact terms anew: the same election and number, another salt. The receiver agreed to the first."""
    terms = replace(each.told.terms, salt=keccak(each.told.terms.salt))
    told = replace(each.told, terms=terms)
    return run.add(each.name, told, each.custodians, is_other=True)


def is_asked(run: Played, each: Rollover, place: int) -> bool:
    """Whether a desk knows of terms that a file at this place forgot: our own where the final chain has our vote."""
    ours, theirs = each.custodians[place], each.custodians[:1] if place else each.receivers
    if _is_open(run, ours, stands_for(each.id), FORGOTTEN):
        return True
    if each.trace.is_vote_final(place):
        return False
    told = _is_open(run, ours, each.name, EXPIRED) or _is_open(run, ours, each.name, TERMS_UNFIT)
    kept_out = any(_is_open(run, name, each.name, LETTER_KEPT_OUT) for name in theirs)
    return told or kept_out or is_in_core_alone(run, each)


def is_in_core_alone(run: Played, each: Rollover) -> bool:
    """No file anywhere knows of it and the final chain has no vote: a core's own list of orders is all there is."""
    told = [run.file(name, each, side) for _, name, side in each.parts]
    return not any(told) and not any(each.trace.is_vote_final(place) for place in range(len(each.custodians)))


def _is_open(run: Played, name: str, case: str, code: int) -> bool:
    kept = run.parties[name].cases.kept
    return any(raised.is_open and (raised.case, raised.code) == (case, code) for raised in kept.raised)


def note_asked(run: Played) -> None:
    """What the model is told before it says whether all is over."""
    for each in run.rollovers:
        for place, name, side in each.parts:
            if run.file(name, each, side) is None and is_asked(run, each, place):
                each.trace.asked(place)


def is_over(run: Played, each: Rollover, place: int, name: str, side: Side) -> bool:
    """One custodian's part has ended: in its file; or, where that forgot the terms, nothing is held or a desk knows."""
    file: Case | None = run.file(name, each, side)
    if file is not None:
        return file.state in (State.POSTED, State.RELEASED)
    held = run.parties[name].core.status(each.id, side).state is HoldState.HELD
    return not held or is_asked(run, each, place)
