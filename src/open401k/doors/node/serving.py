"""A node's process: its work in threads, its doors in front, until it is told to stop. Not here: routes, the work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial

import uvicorn

from open401k.base.webhooks import Sender
from open401k.rails.evidence.on_chain import asking
from open401k.rails.node.away import Away, Heard
from open401k.rails.node.config import NodeConfig
from open401k.rails.node.erasing import Erasing
from open401k.rails.node.gone_back import gone_back
from open401k.rails.node.hooks import Telling
from open401k.rails.node.mailing import mailing
from open401k.rails.node.nights import nights
from open401k.rails.node.office import Office
from open401k.rails.node.process import Around, Process, opened, prepare
from open401k.rails.node.running import Job, Passes, Running
from open401k.rails.node.wallet_signing import newly_signed

from . import pages
from .asking_back import NodeAskingBack
from .desk import Doors
from .evidence_page import handing
from .for_pages import NodePages
from .for_receivers import NodeReceivers
from .for_signatures import NodeSignatures
from .for_voters import NodeVoters
from .http import create_node_app
from .inviting import NodeInviting
from .records import NodeRecords


def _mail(process: Process) -> list[Job]:
    """Off unless it is set."""
    at = process.config.mail
    return [] if at is None else [mailing(process, at)]


def _erasing(process: Process) -> list[Job]:
    """Off unless it is set."""
    more = process.config.more_years
    return [] if more is None else [Erasing(process.files, process.around.seconds, more)]


def serve(
    config: NodeConfig, url: str, around: Around, *, say: Callable[[str], None], development: bool = True
) -> None:  # fmt: skip
    """Serve until interrupted or asked to stop; what is under way is finished first.

    ``development``: webhooks may go to this machine.
    """
    prepare(url, around, signer=config.signer)
    with opened(config, url, around) as process:
        process.turn.wait(time.sleep)  # one process a node: said now, and not by a log line
        office = Office(process)
        heard, verdict = Heard(process.node.core), process.coordinator.final
        away = Away(heard, process.node.cases, lambda agreed: verdict(agreed).verdict)
        doors = Doors(
            office, lambda: running.wake(), lambda: running.trouble() | away.trouble(), development=development
        )  # fmt: skip
        signed = partial(newly_signed, process.files)
        passes = Passes(process.node, process.coordinator, on_passed=lambda: running.wake(), signed=signed, away=away)
        telling = Telling(doors.hooks, process.files, Sender(development=development), around.clock)
        by_night = nights(heard.core, config.core.file_every)
        returned = gone_back(process.files, heard.core, around.seconds)
        process.node.core = heard
        if process.node.batches is not None:
            process.node.batches.core = heard
        off_unless_set = (*_mail(process), *_erasing(process), *returned)
        running = Running([passes, office.sending(), office.days(), telling, *by_night, *off_unless_set])
        given = NodePages(doors)
        people = pages.routes(
            given, around.random, hands_out=handing(process), wallets=asking(process.chain),
            voters=NodeVoters(given), receivers=NodeReceivers(given), records=NodeRecords(given),
            signatures=NodeSignatures(given) if config.by_wallet else None, inviting=NodeInviting(given),
            asking_back=NodeAskingBack(given),
        )  # fmt: skip
        app = create_node_app(doors, office.receiving(), people)
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=config.host, port=config.port, log_level="warning", server_header=False,
                timeout_graceful_shutdown=2, lifespan="off", ws="none",
            )
        )  # fmt: skip
        running.start()
        say(f"{config.name}: a node of chain {config.chain.chain_id} on {config.shown_at}. Stop with Ctrl-C.")
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run()
        finally:
            doors.happenings.end()
            running.stop()
