"""A sandbox that stays up for a module: two plans, their payrolls of January, every command over it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.database import TESTER, Served, served

from open401k.app import Wiring
from open401k.base.sandbox import SandboxClock
from open401k.base.settings import Settings
from open401k.demo import story
from open401k.doors import cli
from open401k.doors.daily import DayStories
from open401k.doors.provided import DoorSettings, Services
from open401k.doors.stories import PayrollStories, VerifyStories
from open401k.kernel import Clock, FixedClock, Ids


@dataclass
class Given:
    """What commands are given, over the server of the tests."""

    db: Any
    clock: Clock
    wall: Clock
    ids: Ids
    settings: DoorSettings
    payroll: PayrollStories
    sandbox: Any
    verifier: Any
    day: Any
    connections: Any = None
    rollovers: Any = None


@dataclass
class Moving:
    """The sandbox's clock, as app.py moves it."""

    sandbox: story.Sandbox

    def advance(self, *, actor: Any, to: datetime) -> Sequence[str]:
        """Let everything happen that falls due."""
        said: list[str] = []
        story.advance(story.Sandbox(self.sandbox.db, self.sandbox.clock, actor, self.sandbox.world), to, said.append)
        return said


class Standing(Wiring):
    """The wiring of app.py, but for the database, which is up already."""

    def __init__(self, settings: Settings, given: Given) -> None:
        super().__init__(settings)
        self.given = given

    @contextmanager
    def open(self) -> Iterator[Services]:  # type: ignore[override]
        """The same services for every command."""
        yield self.given


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What ``--json`` printed."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Both sandbox plans, on a server of their own: commands see every sponsor there is."""
    with served() as postgres:
        yield _wiring(postgres, tmp_path_factory.mktemp("cli"))


def _wiring(postgres: Served, folder: Path) -> Standing:
    wall = FixedClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    clock = SandboxClock(folder / "clock", start=story.STARTS_AT, wall=wall)
    postgres.db.clock = clock
    sandbox = story.Sandbox(postgres.db, clock, TESTER)
    story.set_up(sandbox, lambda said: None)
    given = Given(
        postgres.db,
        clock,
        wall,
        postgres.db.ids,
        DoorSettings(origin="http://localhost:4010", sandbox=True),
        PayrollStories(postgres.db),
        Moving(sandbox),
        VerifyStories(postgres.db),
        DayStories(postgres.db, wall),
    )
    return Standing(Settings.from_env({"OPEN401K_DATA_DIR": str(folder)}), given)


@pytest.fixture
def run(wiring: Standing, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as a terminal would."""

    def go(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = cli.run(wiring, [str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return go
