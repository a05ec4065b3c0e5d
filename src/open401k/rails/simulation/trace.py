"""A run of the real code as steps of the model: each must be one that the model allows. Not here: the model, the run.

What this ties together: the model is looked at exhaustively, the code is not; what the code does, the model must know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import RECEIVER, SOURCE, Block, Books, Bounds, State, Status, Tx, Word, is_done, mined, steps, tip, violated

_ENDLESS = Bounds(blocks=10_000, reorgs=10_000, forgets_terms=True)
HELD = {True: "the source holds the money and votes", False: "the receiver expects the money and votes"}
POSTED = {True: "the source debits", False: "the receiver credits"}
RELEASED = {True: "the source releases its hold", False: "the receiver cancels"}
FORGOT = {True: "the source's file forgets its vote", False: "the receiver's file forgets its vote"}
AGAIN = {True: "the source votes again", False: "the receiver votes again"}


_NAME = {True: "the source", False: "the receiver"}


class DepartedError(Exception):
    """The code did what the model does not, or what the model calls a violation."""


@dataclass
class Trace:
    """One rollover as the model sees it: ``deadline`` in the chain's time, how many voters besides the custodians."""

    deadline: int
    voters: int
    state: State = field(default_factory=State)
    words: list[str] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)  # of the real blocks in which the model's are

    def beside(self) -> Trace:
        """Other terms under the same number, as they come into a world where these may stand already."""
        x = self.state
        taken = x.final.status is not Status.ABSENT
        blocks = tuple(Block(Tx.NOTHING if tx is Tx.NOTHING else Tx.TAKE, late) for tx, late in x.blocks)
        begun = State(
            final=Word(Status.TAKEN) if taken else Word(), final_late=x.final_late, blocks=blocks, late=x.late,
            decided="abort" if taken or x.final_late else "", twice=True,
        )  # fmt: skip
        return Trace(self.deadline, self.voters, begun, [], list(self._numbers))

    def voted(self, *, source: bool) -> None:
        """A custodian's vote is durable beside its hold."""
        books = self.state.source if source else self.state.receiver
        if books is Books.NOTHING:
            self._step(HELD[source])
        elif books is Books.HELD and self.state.forgot & (SOURCE if source else RECEIVER):
            self._step(AGAIN[source])

    def forgot(self, *, source: bool) -> None:
        """A custodian's file is of a backup again that knows of no vote."""
        books = self.state.source if source else self.state.receiver
        if books is Books.HELD and not self.state.forgot & (SOURCE if source else RECEIVER):
            self._step(FORGOT[source])

    def forgot_terms(self, *, source: bool) -> None:
        """A custodian's file is of a backup again that knows of no terms."""
        books = self.state.source if source else self.state.receiver
        if books in (Books.HELD, Books.POSTED) and not self.state.lost & _bit(source):
            self._step(f"{_NAME[source]}'s file forgets the terms")

    def told_again(self, *, source: bool) -> None:
        """A file that forgot the terms knows them again."""
        if self.state.lost & _bit(source):
            self._step(f"{_NAME[source]} is told the terms again")

    def asked(self, *, source: bool) -> None:
        """A desk was asked about terms that its file forgot."""
        if self.state.lost & _bit(source) and not self.state.asked & _bit(source):
            self._step(f"{_NAME[source]} finds what it forgot and asks")

    def is_vote_final(self, *, source: bool) -> bool:
        """Whether a final block has this custodian's vote, by itself or in a settlement at once."""
        votes = (Tx.PROPOSE if source else Tx.RECEIVER_VOTES, Tx.SETTLE, Tx.BATCH)
        return any(f"final: {each}" in self.words for each in votes)

    def signed_twice(self) -> None:
        """The source makes other terms under the same number."""
        if not self.state.twice:
            self._step("the source signs other terms under the same number")

    def posted(self, *, source: bool) -> None:
        """A core booked."""
        self._step(POSTED[source])

    def released(self, *, source: bool) -> None:
        """A core gave free; if no vote was given that is nobody's business."""
        books = self.state.source if source else self.state.receiver
        if books is not Books.NOTHING:
            self._step(RELEASED[source])

    def mined(self, tx: Tx | None, *, number: int, time: int) -> None:
        """A block, with what it did to this rollover, if anything."""
        late = time > self.deadline
        if late and not self.state.late:
            self._step("the deadline passes")
        known = self.state.final_late or any(block.late for block in self.state.blocks)
        repeats = (Tx.RECEIVER_VOTES, Tx.VOTER_VOTES, Tx.TAKE)
        if tx in repeats and mined(tip(self.state), tx, late) == tip(self.state):
            tx = None  # the same vote again changes nothing
        if tx is not None:
            self._mine(tx, number)
            if tx is Tx.PROPOSE and not self.voters:
                self._mine(Tx.VOTER_VOTES, number)  # nobody is the third voter: its vote is there at once
        elif late and not known:
            self._mine(Tx.NOTHING, number)

    def finalized(self, number: int) -> None:
        """Blocks up to this one are final."""
        while self._numbers and self._numbers[0] <= number:
            self._step(f"final: {self.state.blocks[0].tx}")
            del self._numbers[0]

    def taken_back(self, number: int) -> None:
        """Blocks after this one never were."""
        gone = sum(each > number for each in self._numbers)
        if gone:
            self._step(f"reorganized: the last {gone} gone")
            del self._numbers[-gone:]

    @property
    def is_preparing(self) -> bool:
        """The latest block has it open, with its escrow."""
        return tip(self.state).status is Status.PREPARING

    @property
    def is_committed(self) -> bool:
        """The final chain has its commit."""
        return self.state.decided == "commit"

    @property
    def is_done(self) -> bool:
        """The model says that nothing is open."""
        return is_done(self.state)

    def _mine(self, tx: Tx, number: int) -> None:
        self._step(f"mined: {tx}")
        self._numbers.append(number)

    def _step(self, words: str) -> None:
        self.words.append(words)
        found = next((step.state for step in steps(self.state, _ENDLESS) if step.words == words), None)
        if found is None:
            latest = tip(self.state)
            raise DepartedError(
                f"{words}: the model does not do this where the final state is {self.state.final.status}, the latest "
                f"{latest.status}, the source {self.state.source}, the receiver {self.state.receiver}"
            )
        self.state = found
        if (broken := violated(found)) is not None:
            raise DepartedError(f"{words}: {broken}")


def _bit(source: bool) -> int:
    return SOURCE if source else RECEIVER
