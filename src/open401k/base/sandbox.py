"""The clock of a sandbox: an offset in a file, so that server and command line agree. Never in production."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from open401k.kernel import Clock, Open401kError


class SandboxClock:
    """Runs on from wherever it was last set, and is set only forward; every process with the same file agrees.

    The file holds the sandbox's instant and the machine's instant at which it was set.
    """

    def __init__(self, file: Path, *, start: datetime, wall: Clock) -> None:
        self._file = file
        self._wall = wall
        self._stamp: tuple[int, int] | None = None
        self._offset = timedelta(0)
        if not file.exists():
            self._write(start.astimezone(UTC))

    def now(self) -> datetime:
        """The sandbox's instant, in UTC."""
        found = self._file.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            set_to, set_at = map(datetime.fromisoformat, self._file.read_text(encoding="ascii").split())
            self._offset = set_to - set_at
            self._stamp = stamp
        return self._wall.now() + self._offset

    def advance_to(self, at: datetime) -> None:
        """Move forward; going back is refused, since what was recorded stays recorded."""
        now = self.now()
        if at <= now:
            raise Open401kError(
                f"The sandbox clock stands at {now:%Y-%m-%d %H:%M} UTC and only moves forward.",
                fix="Give a later day, or start over with: open401k demo --reset",
            )
        self._write(at.astimezone(UTC))

    def _write(self, at: datetime) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{at.isoformat()} {self._wall.now().isoformat()}\n", encoding="ascii")
        fresh.replace(self._file)
