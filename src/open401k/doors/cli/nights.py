"""How the kit lets a core that works by files have its night: a command each time, or one that stays and is asked."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from .say import BadInputError

Stays = Annotated[
    bool, typer.Option("--stays", help="The night's command stays: one night for each line, answered by a line.")
]


@contextmanager
def nights(ours: Callable[[], None], command: str, *, stays: bool) -> Iterator[Callable[[], None]]:
    """What lets a night pass: what is ``ours`` to do, then the core's. Without a command the core has nothing to do."""
    if not stays:

        def each() -> None:
            ours()
            if command:
                subprocess.run(shlex.split(command), check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (operator's)

        yield each
        return
    pipe = subprocess.PIPE
    with subprocess.Popen(shlex.split(command), stdin=pipe, stdout=pipe, bufsize=0) as process:  # noqa: S603 (operator's)

        def asked() -> None:
            ours()
            if process.stdin is None or process.stdout is None:
                raise AssertionError("both ends were opened")
            try:
                process.stdin.write(b"night\n")
                answer = process.stdout.readline()
            except BrokenPipeError:
                answer = b""
            if not answer:
                raise BadInputError(f"{command!r} ended.", fix="With --stays it answers each line with a line.")

        try:
            yield asked
        finally:
            process.terminate()


def each_line(work: Callable[[], list[str]]) -> None:
    """A stand-in's side of it: work once for each line that comes in, and answer with what was written."""
    for _ in sys.stdin:
        print(" ".join(work()), flush=True)  # noqa: T201 (this is the answer)
