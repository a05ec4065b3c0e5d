"""How the rails' programs are put together on this machine: a chain, a node, a network for trying. Not here: plans."""

import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from open401k.base.db import Actor, Database
from open401k.base.sandbox import SandboxClock
from open401k.base.settings import Settings
from open401k.doors.cli.say import Voice
from open401k.doors.listening import refuse_occupied
from open401k.kernel import Clock, Open401kError, Random

if TYPE_CHECKING:
    from open401k.rails.node.placing import Place
    from open401k.rails.node.signer.settings import SignerPlace

NODE = Actor(kind="system", id="node", why="follows a rollover")


class RailsWiring(ABC):
    """What runs beside plans, or without any."""

    settings: Settings
    _random: Random
    _wall: Clock

    @abstractmethod
    def _database(self) -> AbstractContextManager[Database]:
        """The plans' database, for a node whose core is a plan's books."""

    def chain_url(self) -> "AbstractContextManager[str]":
        """The database of a chain of the rails: the operator's own, or an embedded one beside the other."""
        from open401k.rails.chain.placing import placed

        return placed(self.settings)

    @property
    def rails_clock(self) -> Clock:
        """The machine's clock, or in a sandbox one that can be moved for the chain and all nodes at once."""
        file = self.settings.rails_clock
        return self._wall if file is None else SandboxClock(file, start=self._wall.now(), wall=self._wall)

    def serve_chain(self, *, host: str, port: int, voice: Voice, deployments: bool, tick: int) -> None:
        """Serve the chain over JSON-RPC until interrupted."""
        from open401k.doors.chain.serving import serve

        refuse_occupied(host, port)
        with self.chain_url() as url:
            serve(url, host=host, port=port, clock=self.rails_clock, tick=tick, deployments=deployments, say=voice.line)

    def node_at(self, config: Path) -> "AbstractContextManager[Place]":
        """What a custodian's node runs on: a database of its own, or an embedded one beside the others."""
        from open401k.flows.rollover_core import core_at
        from open401k.rails.node.placing import placed

        cores = {"plan": lambda at: core_at(at.plan, self._database)}
        return placed(self.settings, config, os.environ, random=self._random, clock=self.rails_clock, cores=cores)

    def signer_at(self, config: Path) -> "SignerPlace":
        """What a node's signer runs on: files of its own, and the master keys of its own environment."""
        from open401k.rails.node.sealing import Sealing
        from open401k.rails.node.signer.settings import SignerPlace, read_signer

        sealing = Sealing(self.settings.master_keys(self._random), self._random)
        return SignerPlace(read_signer(config), sealing, self.rails_clock)

    def serve_node(self, config: Path, *, voice: Voice) -> None:
        """Run a custodian's node until interrupted."""
        from open401k.doors.node.serving import serve

        with self.node_at(config) as place:
            refuse_occupied(place.config.host, place.config.port)
            serve(place.config, place.url, place.around, say=voice.line, development=not self.settings.production)

    def sandbox_network(self, folder: Path, *, first_port: int, voice: Voice) -> None:
        """Run a network for trying until interrupted; never in production."""
        from open401k.demo.network.sandbox import PORTS, run_network

        if self.settings.production:
            raise Open401kError("This is production; the network is for trying.", fix="Leave OPEN401K_MODE out.")
        for port in range(first_port, first_port + PORTS):
            refuse_occupied("127.0.0.1", port)
        run_network(folder, first_port=first_port, random=self._random, wall=self._wall, say=voice.line)
