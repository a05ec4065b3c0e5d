"""A core that answers over HTTP. Not here: the core.

Whatever is not an answer of the core (no connection, no reply in time, a status of 500 or more) is silence: nobody
knows whether it was done, and the same order goes out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from ssl import SSLContext, create_default_context
from typing import Any
from urllib.parse import quote

import httpx2

from ..codes import (
    ACCOUNT_CLOSED,
    ACCOUNT_UNKNOWN,
    BALANCE_TOO_LOW,
    CORE_REFUSED,
    KIND_NOT_TAKEN,
    OTHER_ORDER,
    POSTED_BEFORE,
    RELEASED_BEFORE,
)
from ..core import Account, Answer, Done, HoldState, Order, Refused, Side, SilentError, Status

#: The core's words for kinds of money, by our number.
FUNDS = ("PRETAX", "ROTH", "AFTERTAX")
WAYS = {Side.SOURCE: "out", Side.RECEIVER: "in"}
STATES = {
    "UNKNOWN": HoldState.UNKNOWN,
    "FROZEN": HoldState.HELD,
    "LIFTED": HoldState.RELEASED,
    "BOOKED": HoldState.POSTED,
}
#: The core's reasons, as codes of the work queues.
REASONS = {
    "NO_SUCH_ACCOUNT": ACCOUNT_UNKNOWN,
    "ACCOUNT_CLOSED": ACCOUNT_CLOSED,
    "FUND_NOT_TAKEN": KIND_NOT_TAKEN,
    "TOO_LITTLE": BALANCE_TOO_LOW,
    "OTHER_TERMS": OTHER_ORDER,
    "NOT_FROZEN": OTHER_ORDER,
    "LIFTED": RELEASED_BEFORE,
    "BOOKED": POSTED_BEFORE,
}


class RestCore:
    """The core at ``url``. A request that is not answered within ``seconds`` is silence."""

    def __init__(self, url: str, *, token: str, seconds: int | float = 10) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=seconds, trust_env=False, verify=_trusted())

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def look_up(self, account: str) -> Account | Refused:
        told = self._ask("GET", f"/accounts/{quote(account, safe='')}")
        if isinstance(told, Refused):
            return told
        return Account(account, bool(told["is_open"]), _by_kind(told["balance"]), _by_kind(told["frozen"]))

    def hold(self, order: Order) -> Answer:
        return self._put("freezes", order)

    def release(self, rollover: bytes, side: Side) -> Answer:
        return _answer(self._ask("DELETE", f"/freezes/{ticket_of(rollover, side)}"))

    def post(self, order: Order) -> Answer:
        return self._put("bookings", order)

    def status(self, rollover: bytes, side: Side) -> Status:
        ticket = ticket_of(rollover, side)
        told = self._ask("GET", f"/tickets/{ticket}")
        if isinstance(told, Refused):
            raise SilentError(told.words)
        return Status(STATES[told["state"]], cents_of(told["amount"]), ticket, int(told["tax_forms"]))

    def _put(self, what: str, order: Order) -> Answer:
        if any(part.kind >= len(FUNDS) for part in order.parts):
            return Refused(KIND_NOT_TAKEN, "the core has no word for a kind of this money")
        return _answer(self._ask("PUT", f"/{what}/{ticket_of(order.rollover, order.side)}", _body(order)))

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any] | Refused:
        try:
            answer = self._http.request(method, path, json=body)
            told: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError) as why:
            raise SilentError(f"the core at {self._http.base_url}: {type(why).__name__}") from why
        if answer.status_code == 200:
            return told
        if answer.status_code in (404, 409) and "reason" in told:
            return refused(str(told["reason"]))
        raise SilentError(f"the core answered {answer.status_code}")


@cache
def _trusted() -> SSLContext:
    """Authorities that this machine trusts; read once, since that takes longer than an order."""
    return create_default_context()


def ticket_of(rollover: bytes, side: Side) -> str:
    """The id under which the core knows it."""
    return f"{rollover.hex()}-{WAYS[side]}"


def refused(reason: str) -> Refused:
    """A reason of the core, routed."""
    return Refused(REASONS.get(reason, CORE_REFUSED), f"the core says {reason}")


def cents_of(dollars: str) -> int:
    """Dollars in text as cents, exactly; anything else is no answer."""
    try:
        cents = Decimal(dollars).scaleb(2)
        if cents != cents.to_integral_value():
            raise SilentError(f"the core tells {dollars!r}, which is no whole number of cents")
    except InvalidOperation as why:
        raise SilentError(f"the core tells {dollars!r}, which is no amount") from why
    return int(cents)


def dollars_of(cents: int) -> str:
    """Cents as dollars in text."""
    return f"{Decimal(cents).scaleb(-2):.2f}"


def _body(order: Order) -> dict[str, object]:
    amounts = [
        {
            "line": part.leg,
            "fund": FUNDS[part.kind],
            "amount": dollars_of(part.cents),
            "basis": dollars_of(part.basis),
            "roth_year": part.roth_since,
        }
        for part in order.parts
    ]
    return {"way": WAYS[order.side], "account": order.account, "amounts": amounts}


def _answer(told: dict[str, Any] | Refused) -> Answer:
    if isinstance(told, Refused):
        return told
    return Done(str(told["reference"]), cents_of(told["amount"]), again=bool(told["again"]))


def _by_kind(told: Mapping[str, str]) -> dict[int, int]:
    return {FUNDS.index(fund): cents_of(amount) for fund, amount in told.items()}
