"""OAuth of a stand-in: codes, tokens that expire, refresh tokens that work once. Not here: routes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from open401k.kernel import Clock, Random


@dataclass(slots=True)
class Granted:
    """One access token, and the refresh token that came with it."""

    access: str
    refresh: str
    company: str
    ends_at: datetime


@dataclass(slots=True)
class Grants:
    """Who was let in. ``lasts`` is how long an access token does."""

    clock: Clock
    random: Random
    lasts: timedelta = timedelta(hours=2)
    refreshes: int = 0
    _access: dict[str, Granted] = field(default_factory=dict)
    _refresh: dict[str, Granted] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    def code(self, company: str) -> str:
        """What an authorization ends with; good for one token."""
        made = self.random.token(16).hex()
        self._codes[made] = company
        return made

    def by_code(self, code: str) -> Granted | None:
        """Tokens for a code."""
        company = self._codes.pop(code, None)
        return None if company is None else self.grant(company)

    def by_refresh(self, token: str) -> Granted | None:
        """New tokens for a refresh token; it and the access token beside it are worth nothing from now on."""
        old = self._refresh.pop(token, None)
        if old is None:
            return None
        self._access.pop(old.access, None)
        self.refreshes += 1
        return self.grant(old.company)

    def grant(self, company: str) -> Granted:
        """Fresh tokens."""
        access, refresh = self.random.token(16).hex(), self.random.token(16).hex()
        made = Granted(access, refresh, company, self.clock.now() + self.lasts)
        self._access[access] = self._refresh[refresh] = made
        return made

    def company_of(self, header: str) -> str | None:
        """Which company a request's token is for; None if it is no token, or has ended."""
        scheme, _, token = header.partition(" ")
        found = self._access.get(token) if scheme == "Bearer" else None
        return found.company if found and self.clock.now() < found.ends_at else None

    def expire(self) -> None:
        """Every access token ends now; refresh tokens stay."""
        self._access.clear()

    def revoke(self, company: str) -> None:
        """The company takes its authorization back."""
        for known in (self._access, self._refresh):
            for token in [token for token, each in known.items() if each.company == company]:
                del known[token]
