"""A node of a custodian that answers from memory: what it was asked, and where each case stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from open401k.flows.rollover_node import NodeSilentError, Standing, Us, WhyNot
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.node.papers import Paper

WISH: dict[str, Any] = {
    "source": "11" * 20,
    "source_account": "S-1001",
    "key": "22" * 20,
    "wanted": [{"kind": "pre_tax", "into": "plan"}],
    "deadline": "2026-06-12",
}
ROLLOVERS = {"takes": ["pre_tax", "roth"], "trustee": "Acme 401(k) Trust"}
MISSING = WhyNot("277", "the plan administrator has not answered", "source_plan", True)


@dataclass
class MemoryNode:
    """Every request is a case of its own key; without an answer of the administrator it is not in order."""

    halves: dict[str, ReceivingHalf | ReleasingHalf] = field(default_factory=dict)
    away: bool = False
    wants: tuple[Wanted, ...] = (Wanted(Kind.PRE_TAX, Into.PLAN),)
    papers: dict[str, Paper] = field(default_factory=dict)
    custodian: str = "FIRST Custody"
    account: str = "R-1"
    looked: Callable[[], object] = lambda: None

    def us(self) -> Us:
        """Somebody."""
        self._awake()
        return Us(b"\x33" * 20, date(2027, 6, 1))

    def _awake(self) -> None:
        if self.away:
            raise NodeSilentError("Our node did not answer.", fix="Look whether it runs.")

    def ask(self, *, key: str, source: bytes, half: ReceivingHalf) -> Standing:
        """A new case."""
        assert source == b"\x11" * 20
        self.halves[key] = half
        return self.standing(key)

    def put(self, case: str, *, half: ReceivingHalf | ReleasingHalf) -> Standing:
        """The newest half counts."""
        self.halves[case] = half
        return self.standing(case)

    def explain(self, case: str, *, paper: Paper) -> None:
        """It goes to the participant's page."""
        self.papers[case] = paper

    def codes(self, case: str) -> dict[str, str]:
        """One receives alone."""
        return {}

    def withheld(self, case: str) -> int | None:
        """Nothing is ever paid here."""
        return None

    def tracker(self, case: str, *, key: str) -> str:
        """Somewhere."""
        return f"https://node.example/r/{case}"

    def standing(self, case: str) -> Standing:
        """By the half that is there."""
        self._awake()
        self.looked()
        half = self.halves.get(case)
        wanted, named = self.wants, (self.custodian, self.account)
        if isinstance(half, ReleasingHalf):
            reasons = () if half.approved_by_administrator else (MISSING,)
            return Standing(case, "nigo" if reasons else "prevalidated", reasons, half.account, wanted, *named)
        return Standing(case, "data_requested", None, "", wanted, *named)
