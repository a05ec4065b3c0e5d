"""Trouble in stand-ins, for the conformance kit: a core over HTTP, a bank by files. Not here: the kit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2

from ..bank_checks import BankTrouble
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


_BANK: Mapping[BankTrouble, Mapping[str, int]] = {
    BankTrouble.LOSE: {"lose": 1},
    BankTrouble.REJECT: {"reject": 1},
    BankTrouble.DELAY: {"delay": 3},
    BankTrouble.RETURN: {"return": 1},
    BankTrouble.SPLIT: {"split": 1},
    BankTrouble.REPEAT: {"repeat": 1},
    BankTrouble.WRONG_AMOUNT: {"wrong_by": 1},
    BankTrouble.NONE: {},
}


def bank_trouble_at(folder: Path) -> Callable[[BankTrouble], None]:
    """Tell the stand-in for a bank that shares ``folder`` what to do wrong."""

    def cause(trouble: BankTrouble) -> None:
        (folder / "trouble.json").write_text(json.dumps(_BANK[trouble]))

    return cause
