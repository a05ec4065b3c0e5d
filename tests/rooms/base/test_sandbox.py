"""The sandbox clock: one for every process, running on, never back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from open401k.base.sandbox import SandboxClock
from open401k.kernel import FixedClock, Open401kError

START = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def wall() -> FixedClock:
    return FixedClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


def test_two_processes_tell_the_same_time_after_one_of_them_moves_it(tmp_path: Path, wall: FixedClock) -> None:
    one = SandboxClock(tmp_path / "clock", start=START, wall=wall)
    other = SandboxClock(tmp_path / "clock", start=datetime(2030, 1, 1, tzinfo=UTC), wall=wall)
    assert one.now() == other.now() == START
    one.advance_to(datetime(2026, 8, 14, 15, 0, tzinfo=UTC))
    assert other.now() == datetime(2026, 8, 14, 15, 0, tzinfo=UTC)


def test_it_runs_on_between_moves(tmp_path: Path, wall: FixedClock) -> None:
    clock = SandboxClock(tmp_path / "clock", start=START, wall=wall)
    wall.advance(timedelta(minutes=5))
    assert clock.now() == START + timedelta(minutes=5)


def test_it_never_goes_back(tmp_path: Path, wall: FixedClock) -> None:
    clock = SandboxClock(tmp_path / "clock", start=START, wall=wall)
    with pytest.raises(Open401kError, match="only moves forward"):
        clock.advance_to(START - timedelta(seconds=1))
