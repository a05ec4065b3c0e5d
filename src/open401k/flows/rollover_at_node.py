"""Our custodian's node, over its API, as a plan asks it. Not here: HTTP (rails/node/client.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k.rails.node.client import NodeAnswerError, NodeClient, NodeSilenceError
from open401k.rails.node.codec import read, told
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf
from open401k.rails.node.papers import Paper

from .rollover_node import NodeRefusedError, NodeSilentError, Receives, Standing, Us, WhyNot

#: How long an address of the tracker holds; the participant's own page makes a new one each day.
TRACKER_DAYS = 14


@dataclass(frozen=True, slots=True)
class AtNode:
    """The node that a client reaches."""

    client: NodeClient

    def us(self) -> Us:
        """Who we are in the network, as its newest final block has it."""
        found = _asked(self.client.member)
        return Us(bytes.fromhex(found["member"]), date.fromisoformat(found["until"]) if found["until"] else None)

    def ask(self, *, key: str, source: bytes, half: ReceivingHalf) -> Standing:
        """A rollover into our plan."""
        made = _asked(lambda: self.client.ask(key=key, source=source.hex(), receiving=told(half)))
        return self.standing(made["case"])

    def put(self, case: str, *, half: ReceivingHalf | ReleasingHalf) -> Standing:
        """Our half, newer than before."""
        _asked(lambda: self.client.put_facts(case, told(half)))
        return self.standing(case)

    def standing(self, case: str) -> Standing:
        """Where it stands, and what the receiving side asks for."""
        shown, halves = _asked(lambda: self.client.case(case)), _asked(lambda: self.client.facts(case))
        reasons = None
        if shown.get("reasons") is not None:
            reasons = [WhyNot(str(e["code"]), e["detail"], e["owner"], bool(e["unknown"])) for e in shown["reasons"]]
        if halves["receiving"] is None:
            return Standing(case, shown["state"], reasons)
        asked = read(ReceivingHalf, halves["receiving"])
        told_of = halves.get("others", [None] * (int(shown["receivers"]) - 1))
        others = tuple(None if each is None else receives(read(ReceivingHalf, each)) for each in told_of)
        return Standing(
            case, shown["state"], reasons, asked.source_account, asked.wanted, asked.custodian, asked.account, others
        )

    def codes(self, case: str) -> Mapping[str, str]:
        """By which code each other receiver joins."""
        found: dict[str, str] = _asked(lambda: self.client.codes(case))["codes"]
        return found

    def explain(self, case: str, *, paper: Paper) -> None:
        """What the participant reads before they sign."""
        _asked(lambda: self.client.put_explanation(case, paper))

    def withheld(self, case: str) -> int | None:
        """What the network withheld when it was committed."""
        cents: int | None = _asked(lambda: self.client.paid(case))["withheld_cents"]
        return cents

    def tracker(self, case: str, *, key: str) -> str:
        """Where the participant follows it, and signs."""
        made: str = _asked(lambda: self.client.link(case, key=key, days=TRACKER_DAYS))["url"]
        return made


def receives(half: ReceivingHalf) -> Receives:
    """What one of several receivers asks for."""
    return Receives(half.custodian, half.account, half.source_account, half.wanted, half.member.hex())


def _asked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except NodeSilenceError as why:
        raise NodeSilentError(str(why), fix=why.fix) from why
    except NodeAnswerError as why:
        raise NodeRefusedError(str(why), fix=why.fix) from why
