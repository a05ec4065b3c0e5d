"""Trouble in the stand-in that answers over HTTP, for the conformance kit. Not here: the kit, real cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx2

from ..certifying import Trouble


def trouble_at(url: str, *, token: str, seconds: float) -> Callable[[Trouble], None]:
    """Tell the stand-in at ``url`` what to do wrong; ``seconds`` is how long the adapter waits for an answer."""
    late = int(seconds * 1_500)
    told: Mapping[Trouble, Mapping[str, object]] = {
        Trouble.LOSE_REPLY: {"faults": [{"status": 502, "after_work": True}]},
        Trouble.FAIL: {"faults": [{"status": 503}]},
        Trouble.TIMEOUT: {"faults": [{"status": 504, "after_work": True, "delay_ms": late}]},
        Trouble.WRONG_AMOUNT: {"wrong_by": 100},
        Trouble.NONE: {},
    }
    headers = {"authorization": f"Bearer {token}"}

    def cause(trouble: Trouble) -> None:
        httpx2.post(f"{url}/_sandbox/misbehave", json=told[trouble], headers=headers, trust_env=False)

    return cause
