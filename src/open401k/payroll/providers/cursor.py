"""What a cursor of a provider's list says: from when on, and how each payroll of it looked when it was read. Pure.

A list with every payroll in it is read anew each time: what looks otherwise is news, and what is gone was taken back.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

#: What is older than this is not looked at again.
LOOKED_AT_AGAIN = timedelta(days=400)
#: Under which a cursor keeps how payrolls looked; the others are those of cursors that were stored before.
_KEY, _BEFORE = "seen", ("payrolls", "payments")


def ask_again(cursor: str, ids: Collection[str]) -> str:
    """The cursor with which these are news the next time, however they look; still missed if they are gone by then."""
    if not cursor or not ids:
        return cursor
    said: dict[str, Any] = json.loads(cursor)
    looked = next(said[key] for key in (_KEY, *_BEFORE) if key in said)
    said[_KEY] = {each: "" if each in ids else looks for each, looks in looked.items()}
    return json.dumps({key: value for key, value in said.items() if key not in _BEFORE}, sort_keys=True)


@dataclass(slots=True)
class Seen:
    """From when on, and a fingerprint of each payroll by the provider's id."""

    start: date
    looked: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str, since: date) -> "Seen":
        """An empty cursor begins at ``since``."""
        if not cursor:
            return cls(since)
        said: dict[str, Any] = json.loads(cursor)
        looked = next(said[key] for key in (_KEY, *_BEFORE) if key in said)
        return cls(date.fromisoformat(said["from"]), dict(looked))

    def is_news(self, provider_id: str, looks: str) -> bool:
        """Whether it was not there, or looked otherwise."""
        return self.looked.get(provider_id) != looks

    def settle(self, listed: Mapping[str, str], read: Mapping[str, str]) -> tuple[str, ...]:
        """``read`` was read now, of all that is ``listed``; what was there before and is no more, by id."""
        gone = tuple(sorted(each for each in self.looked if each not in listed))
        self.looked = {each: looks for each, looks in {**self.looked, **read}.items() if each in listed}
        return gone

    def written(self, today: date) -> str:
        """The cursor for the next time."""
        start = max(self.start, today - LOOKED_AT_AGAIN)
        return json.dumps({"from": start.isoformat(), _KEY: self.looked}, sort_keys=True)
