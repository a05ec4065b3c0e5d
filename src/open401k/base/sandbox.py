"""The clock of a sandbox: an instant in a file, so that server and command line tell the same time. Never in use live."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from open401k.kernel import Open401kError


class SandboxClock:
    """Stands still until it is moved, and then only forward; every process that opens the same file sees the move."""

    def __init__(self, file: Path, *, start: datetime) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._at = start.astimezone(UTC)
        if not file.exists():
            self._write(self._at)

    def now(self) -> datetime:
        """The sandbox's instant, in UTC."""
        found = os.stat(self._file)
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._at = datetime.fromisoformat(self._file.read_text(encoding="ascii").strip())
            self._stamp = stamp
        return self._at

    def advance_to(self, at: datetime) -> None:
        """Move forward; going back is refused, since what was recorded stays recorded."""
        if at <= self.now():
            raise Open401kError(
                f"The sandbox clock stands at {self.now():%Y-%m-%d %H:%M} UTC and only moves forward.",
                fix="Give a later day, or start over with: open401k demo --reset",
            )
        self._write(at.astimezone(UTC))

    def advance(self, by: timedelta) -> None:
        """Move forward by a span."""
        self.advance_to(self.now() + by)

    def _write(self, at: datetime) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(at.isoformat(), encoding="ascii")
        fresh.replace(self._file)
