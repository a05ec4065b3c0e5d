"""Signers as processes of their own, with the settings of a network for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.rails.node.processes import INDEX, KEYS, MASTER, ROOT, until
from tests.rails.world import CHAIN_ID, World

from open401k.base.secrets import MasterKeys
from open401k.kernel import SystemRandom
from open401k.rails.node.sealing import Sealing
from open401k.rails.node.signer import log
from open401k.rails.node.signer.asking import Keys
from open401k.rails.node.signer.client import SignerAt
from open401k.rails.node.signer.keys import KeyFile, Use
from open401k.rails.node.signing import SignerAwayError


@dataclass
class SignerProcess:
    """One signer: its folder, and its process while it runs."""

    folder: Path
    #: Where its clock stands; 0: it goes.
    now: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "signer.toml"

    @property
    def file(self) -> KeyFile:
        return KeyFile(self.folder / "signer-keys.json", Sealing(MasterKeys(MASTER, INDEX), SystemRandom()))

    @property
    def at(self) -> SignerAt:
        return SignerAt(self.folder / "signer.sock")

    def start(self, *, dies_at: str = "") -> None:
        """Begin, until it answers; with a boundary it dies there."""
        typed = [
            sys.executable,
            "-m",
            "tests.rails.node.signer_serving",
            str(self.config),
            str(self.now or ""),
            dies_at,
        ]
        with (self.folder / "signer.out").open("a") as out:
            self.process = subprocess.Popen(
                typed, env={**os.environ, **KEYS}, cwd=ROOT, stdout=out, stderr=out, text=True
            )
        until(self.answers, "answer of the signer", seconds=30)

    def answers(self) -> bool:
        try:
            self.at.ask(Keys())
        except SignerAwayError:
            assert self.process is None or self.process.poll() is None, self.out
            return False
        return True

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        self.process = None
        return code

    @property
    def out(self) -> str:
        return (self.folder / "signer.out").read_text()

    def lines(self) -> list[log.Line]:
        """Its log, checked."""
        return log.checked(self.folder / "signer.log", self.file.one(Use.LOG).address)


def signer_in(folder: Path, world: World, name: str, *, policy: str = "", now: int = 0) -> SignerProcess:
    """One that was prepared for this member, with new keys; it does not run yet."""
    folder.mkdir(exist_ok=True, mode=0o700)
    made = SignerProcess(folder, now)
    made.config.write_text(
        f'member = "0x{world.members[name].address.hex()}"\nattests = true\n[chain]\nid = {CHAIN_ID}\n'
        f'[contracts]\nrollover = "0x{world.rollover.hex()}"\ndeposit_token = "0x{world.token.hex()}"\n'
        f"[policy]\n{policy}\n"
    )
    made.file.begin(at=0)
    log.begin(folder / "signer.log")
    return made
