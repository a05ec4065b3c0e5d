"""A run of the real code as steps of the model: each must be one that the model allows. Not here: the model, the run.

What this ties together: the model is looked at exhaustively, the code is not; what the code does, the model must know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Block, Books, Bounds, State, begun, is_done, steps, tip, violated
from .model_chain import CUSTODIANS, RENAMES, Status, Tx, mined

_ENDLESS = Bounds(blocks=10_000, reorgs=10_000, forgets_terms=True)


class DepartedError(Exception):
    """The code did what the model does not, or what the model calls a violation."""


@dataclass
class Trace:
    """One rollover as the model sees it: ``deadline`` in the chain's time, how many voters besides the custodians.

    Custodians are told apart by their place: 0 is the source, then each receiver.
    """

    deadline: int
    voters: int
    state: State = field(default_factory=begun)
    words: list[str] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)  # of the real blocks in which the model's are

    def beside(self) -> Trace:
        """Other terms under the same number, as they come into a world where these may stand already."""
        x = self.state
        taken = x.final.status is not Status.ABSENT
        stays = (Tx.NOTHING, *RENAMES)
        blocks = tuple(Block(tx if tx in stays else Tx.TAKE, late) for tx, late in x.blocks)
        first = begun(len(x.books) - 1, x.wallets)
        word = first.final._replace(named=x.final.named)
        word = word._replace(status=Status.TAKEN) if taken else word
        other = first._replace(
            final=word, final_late=x.final_late, blocks=blocks, late=x.late,
            decided="abort" if taken or x.final_late else "", twice=True,
        )  # fmt: skip
        return Trace(self.deadline, self.voters, other, [], list(self._numbers))

    def voted(self, place: int) -> None:
        """A custodian's vote is durable beside its hold."""
        who, books = CUSTODIANS[place], self.state.books[place]
        if books is Books.NOTHING:
            self._step(f"{who.name} {who.votes}")
        elif books is Books.HELD and self.state.forgot & who.bit:
            self._step(f"{who.name} votes again")

    def asked_wallet(self, place: int) -> None:
        """The hold is durable, and a custodian's wallet is asked for its vote."""
        who = CUSTODIANS[place]
        if self.state.books[place] is Books.NOTHING:
            self._step(f"{who.name} {who.votes.replace('votes', 'asks its wallet')}")

    def wallet_signed(self, place: int, *, later: bool) -> None:
        """A vote of a custodian's wallet is in the world, whoever has it; ``later``: of the second wallet."""
        who = CUSTODIANS[place]
        if not self.state.signed & (who.bit << 4 if later else who.bit):
            self._step(f"{who.name}'s {'new ' if later else ''}wallet signs")

    def forgot(self, place: int) -> None:
        """A custodian's file is of a backup again that knows of no vote."""
        who = CUSTODIANS[place]
        if self.state.books[place] is Books.HELD and not self.state.forgot & who.bit:
            self._step(f"{who.name}'s file forgets its vote")

    def forgot_terms(self, place: int) -> None:
        """A custodian's file is of a backup again that knows of no terms."""
        who = CUSTODIANS[place]
        if self.state.books[place] in (Books.HELD, Books.POSTED) and not self.state.lost & who.bit:
            self._step(f"{who.name}'s file forgets the terms")

    def told_again(self, place: int) -> None:
        """A file that forgot the terms knows them again."""
        who = CUSTODIANS[place]
        if self.state.lost & who.bit:
            self._step(f"{who.name} is told the terms again")

    def asked(self, place: int) -> None:
        """A desk was asked about terms that its file forgot."""
        who = CUSTODIANS[place]
        if self.state.lost & who.bit and not self.state.asked & who.bit:
            self._step(f"{who.name} finds what it forgot and asks")

    def is_vote_final(self, place: int) -> bool:
        """Whether a final block has this custodian's vote, by itself or in a settlement at once."""
        votes = (CUSTODIANS[place].vote, Tx.SETTLE, Tx.BATCH)
        return any(f"final: {each}" in self.words for each in votes)

    def signed_twice(self) -> None:
        """The source makes other terms under the same number."""
        if not self.state.twice:
            self._step("the source signs other terms under the same number")

    def posted(self, place: int) -> None:
        """A core booked."""
        who = CUSTODIANS[place]
        self._step(f"{who.name} {who.posts}")

    def released(self, place: int) -> None:
        """A core gave free; if no vote was given that is nobody's business."""
        who = CUSTODIANS[place]
        if self.state.books[place] is not Books.NOTHING:
            self._step(f"{who.name} {who.frees}")

    def mined(self, tx: Tx | None, *, number: int, time: int) -> None:
        """A block, with what it did to this rollover, if anything."""
        late = time > self.deadline
        if late and not self.state.late:
            self._step("the deadline passes")
        known = self.state.final_late or any(block.late for block in self.state.blocks)
        repeats = (Tx.SOURCE_VOTES, Tx.RECEIVER_VOTES, Tx.SECOND_VOTES, Tx.VOTER_VOTES, Tx.TAKE, *RENAMES)
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

    def would_commit(self, tx: Tx) -> bool:
        """Whether this vote is the last that the latest block lacks."""
        latest = tip(self.state)
        after = mined(latest, tx, late=False)
        return after.status is Status.COMMITTED and latest.status is Status.PREPARING

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
                f"{latest.status}, the books of source and receivers: {', '.join(self.state.books)}"
            )
        self.state = found
        if (broken := violated(found)) is not None:
            raise DepartedError(f"{words}: {broken}")
