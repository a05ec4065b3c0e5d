"""What people and systems of a custodian do at its node, over its API: ask, tell facts, sign, have the cash.

Not here: the node's own work, which nobody asks for.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.error import HTTPError, URLError

from open401k.kernel import Clock, Open401kError, Random
from open401k.rails.keys import Key
from open401k.rails.node.adapters.batch import BatchCore
from open401k.rails.node.adapters.rest import RestCore
from open401k.rails.node.codec import told
from open401k.rails.node.core import Account, Refused
from open401k.rails.node.halves import Half, ReceivingHalf
from open401k.rails.node.papers import Paper
from open401k.rails.preflight.rule_version import EAST
from open401k.standins.core_rest import TOKEN

from .trial import Seat, Trial

_SECONDS = 20
#: A node that cannot answer now says so; the same is sent again under the same key.
_NOT_NOW, _TRIES = 503, 10


@dataclass
class Hand:
    """One custodian's."""

    seat: Seat
    clock: Clock
    random: Random = field(repr=False)

    @property
    def today(self) -> date:
        """The day of its desk."""
        return (datetime.fromtimestamp(self.clock.now().timestamp(), UTC) - EAST).date()

    def ask(self, source: Seat, half: ReceivingHalf) -> tuple[str, str]:
        """Somebody asks us to receive: our case, and what both sides call it. The node carries the letter."""
        body = {"source": source.account.address.hex(), "receiving": told(half)}
        case = str(self._asked("POST", "/v1/rollovers", body)["case"])
        return case, self.reference(case)

    def lead(self, source: Seat, half: ReceivingHalf, others: Sequence[Seat]) -> tuple[str, Mapping[str, str]]:
        """The same of which others receive parts, too: our case, and by which code each of them joins."""
        body = {"source": source.account.address.hex(), "receiving": told(half),
                "receivers": [each.account.address.hex() for each in others]}  # fmt: skip
        case = str(self._asked("POST", "/v1/rollovers", body)["case"])
        return case, self._asked("GET", f"/v1/rollovers/{case}/codes")["codes"]

    def join(self, source: Seat, code: str, half: ReceivingHalf) -> str:
        """We take a part of what another leads: our case."""
        body = {"source": source.account.address.hex(), "code": code, "receiving": told(half)}
        return str(self._asked("POST", "/v1/rollovers/join", body)["case"])

    def reference(self, case: str) -> str:
        """What both sides call our case."""
        return str(self.case(case)["reference"])

    def put(self, case: str, half: Half) -> Mapping[str, Any]:
        """Our half of the facts; the answer has every reason."""
        return self._asked("PUT", f"/v1/rollovers/{case}/facts", told(half))

    def explain(self, case: str, paper: Paper) -> Mapping[str, Any]:
        """The explanation of choices, which the participant reads before they sign."""
        content = base64.b64encode(paper.content).decode()
        body = {"title": paper.title, "version": paper.version, "media": paper.media, "content": content}
        return self._asked("PUT", f"/v1/rollovers/{case}/explanation", body)

    def sign(self, case: str, participant: Key) -> Mapping[str, Any]:
        """The participant signs the election; this custodian vouches for the key."""
        digest = bytes.fromhex(self._asked("GET", f"/v1/rollovers/{case}/election")["digest"])
        return self._asked("POST", f"/v1/rollovers/{case}/election", {"signature": participant.sign(digest).hex()})

    def ready(self, case: str) -> Mapping[str, Any]:
        """The cash is there: exact terms are made and sent."""
        return self._asked("POST", f"/v1/rollovers/{case}/ready", {})

    def link(self, case: str) -> str:
        """The participant's way to the tracker."""
        return str(self._asked("POST", f"/v1/rollovers/{case}/links", {"days": 30})["url"])

    def case(self, case: str) -> Mapping[str, Any]:
        """Where it stands."""
        return self._asked("GET", f"/v1/rollovers/{case}")

    def stands(self, case: str) -> str:
        """In a sentence, for who waits in vain: the state, and what is in the way."""
        told = self.case(case)
        raised = [f"{each['code']} {each['words']}" for each in told["exceptions"] if each["is_open"]]
        refused = [f"{each['kind']} refused: {each['refused']}" for each in told["calls"] if each["refused"]]
        stopped = [] if told["stop"] is None else [f"stopped by {told['stop']}"]
        return f"{self.seat.company.name}: {'; '.join([told['state'], *stopped, *raised, *refused])}."

    def state(self, case: str) -> str:
        """In one word."""
        return str(self.case(case)["state"])

    def case_of(self, reference: str) -> str | None:
        """Our case about what both sides call this."""
        listed = self._asked("GET", "/v1/rollovers")["rollovers"]
        return next((each["case"] for each in listed if each["reference"] == reference), None)

    def account(self, number: str) -> Account | Refused:
        """What our core says of an account."""
        if self.seat.company.core == "batch":
            return BatchCore(self.seat.files).look_up(number)
        with closing(RestCore(self.seat.core_url, token=TOKEN, seconds=5)) as core:
            return core.look_up(number)

    def _asked(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.seat.token}", "content-type": "application/json"}
        if method == "POST":
            headers["idempotency-key"] = self.random.token(12).hex()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.seat.url + path, data, headers, method=method)  # noqa: S310 (of this machine)
        for tries_left in reversed(range(_TRIES)):
            try:
                with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 (of this machine)
                    found: dict[str, Any] = json.loads(answer.read())
                    return found
            except HTTPError as why:
                with why:
                    said = why.read().decode()
                if why.code != _NOT_NOW or not tries_left:
                    raise Open401kError(f"{method} {path}: {why.code} {said}") from None
            except URLError as why:
                raise Open401kError(f"{self.seat.company.name} does not answer: {why.reason}.") from None
            time.sleep(0.5)
        raise AssertionError("the last try answers or raises")


def hands(trial: Trial, random: Random) -> Mapping[str, Hand]:
    """Those of every custodian, by its short name."""
    return {seat.company.slug: Hand(seat, trial.clock, random) for seat in trial.seats}


def wait_until(
    happened: Callable[[], bool], what: str, *, seconds: float = 30.0, stands: Callable[[], str] = lambda: ""
) -> float:
    """Look until it has happened; how many seconds that took. In vain, the error says how things stand."""
    start = time.monotonic()
    while not happened():
        if time.monotonic() - start > seconds:
            said = f"Not within {seconds:.0f} s: {what}. {stands()}".rstrip()
            raise Open401kError(said, fix="Look at the logs of the programs.")
        time.sleep(0.02)
    return time.monotonic() - start
