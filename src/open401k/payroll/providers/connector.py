"""What every payroll provider's connector can do, and how it says that something went wrong. Not here: any provider.

A connector holds no state but its tokens' keeper and its transport: what was pulled is kept by the caller, under the
cursor that came with it. Asking twice is harmless, and so is pushing twice with one key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from .statements import Company, InForce, Instruction, Notice, PayCode, Person, Pulled, Receipt, Unread


class Provider(StrEnum):
    """The providers there are connectors for."""

    GUSTO = "gusto"
    FINCH = "finch"


class Trouble(StrEnum):
    """What to do about an error of a provider. Listed from the mildest."""

    TRY_AGAIN = "try_again"  # down, slow, throttled, or still gathering what was asked for
    CONFLICT = "conflict"  # what is to be changed was changed meanwhile: read it, then decide again
    REFUSED = "refused"  # understood, and not accepted: the instruction is wrong, or the company not ready
    ASK_A_PERSON = "ask_a_person"  # the authorisation is gone, or a permission is missing
    BUG = "bug"  # an answer that is not what its description says, or a request that was not


class ProviderError(Exception):
    """The provider did not do what was asked. ``where`` is the request, and the path in its answer, if it was that.

    The message never repeats what was answered: it may hold personal data. ``asks``: what a person may say yes to.
    """

    def __init__(
        self,
        trouble: Trouble,
        message: str,
        *,
        where: str = "",
        fix: str = "",
        retry_after: timedelta | None = None,
        asks: str = "",
    ) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.trouble = trouble
        self.message = message
        self.where = where
        self.fix = fix
        self.retry_after = retry_after
        self.asks = asks


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sponsor's authorisation is proven by. ``refresh`` is empty where the provider's tokens do not expire."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None

    def expired(self, at: datetime) -> bool:
        """Whether they need refreshing before they are used."""
        return self.expires_at is not None and at >= self.expires_at


class TokenKeeper(Protocol):
    """Where tokens lie. A refresh token that was used is worth nothing, so one refreshes at a time, for everybody."""

    def current(self) -> Tokens:
        """What to use now."""
        ...

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        """Those that came after ``used``: somebody else's if there are any, else what ``refresh`` brings, kept."""
        ...


Pause: TypeAlias = Callable[[timedelta], None]


class Connector(Protocol):
    """One company at one provider. Every method may raise :class:`ProviderError`, and nothing else of the network."""

    @property
    def provider(self) -> Provider:
        """Whose connector this is."""
        ...

    def company(self) -> Company:
        """The employer, with pay schedules."""
        ...

    def people(self) -> Iterator[Person | Unread]:
        """Everybody on the roster: at work, to come, and gone."""
        ...

    def pay_codes(self) -> Sequence[PayCode]:
        """Every earnings, deduction and contribution code, in use or not."""
        ...

    def payrolls(self, *, since: str) -> Pulled:
        """Processed payrolls after the cursor; an empty one begins at the beginning of what the provider keeps."""
        ...

    def in_force(self, *, person_id: str) -> Sequence[InForce]:
        """What is withheld for one person, with the versions that an instruction needs."""
        ...

    def push(self, wanted: Instruction) -> Receipt:
        """Withhold, contribute, change or stop. The same key again gives the first answer's effect once."""
        ...

    def acknowledged(self, receipt: Receipt) -> Receipt:
        """The same receipt, newer: whether a job that was waited for is done."""
        ...


class NoticeReader(Protocol):
    """Reads a provider's webhooks; without a valid signature there is no notice."""

    def __call__(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Notice | None:
        """The notice, or None: forged, altered, or signed with another secret."""
        ...
