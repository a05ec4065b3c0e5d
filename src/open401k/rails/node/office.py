"""A node's desk and its post, put together from its settings. Not here: what the desk decides (deals)."""

from __future__ import annotations

from dataclasses import dataclass, field

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of
from ..chain.interface import RevertedError
from ..preflight.rule_version import RuleVersion, rule_version
from . import deals
from .asking_first import first
from .cases import Agreed
from .config import NodeConfig, RulesAt
from .core import SilentError
from .days import Days
from .deal import DealUnit
from .desk import Desk
from .following import Verdict
from .letters import Letter, Taken
from .post import Directory, HttpCarrier, Receiving, Sending
from .process import Process
from .taking import kept_out
from .transmitting import Asked
from .vouching import Words
from .wallets import is_contracts

_RULES = "(uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32)"


@dataclass
class Office:
    """The desk of a node, and both directions of its post."""

    process: Process
    _rules: dict[int, RuleVersion] = field(init=False)

    def __post_init__(self) -> None:
        self._rules = rules_of(self.process.config)

    @property
    def desk(self) -> Desk:
        """Our custodian as the verbs of deals know it now: which rules are in force follows the day."""
        process, config = self.process, self.process.config
        return Desk(
            us=config.member,
            network=_AskedFirst(process.asked),
            domain=process.domain,
            token=config.contracts.token,
            rules=self._rules,
            rule_number=_in_force(self._rules, process.around.seconds()),
            random=process.around.random,
            now=process.around.seconds,
            withholder=config.withholder,
            voters=config.voters,
            takes_batches=config.batches is not None,
            pays_persons=config.core.adapter != "plan",
            wallet=lambda *given: first(("wallet", *given), lambda: wallet_signed(process, *given)),
        )

    def verdict_of(self, case: str) -> Verdict:
        """The network's final word about a case; ABSENT where nothing was ever proposed."""
        with self.process.files.begin() as unit:
            agreed = unit.case(case).agreed
        return self.verdict(agreed)

    def verdict(self, agreed: Agreed | None) -> Verdict:
        """The same of exact terms."""
        asked = self.process.asked
        if agreed is None:
            return Verdict.ABSENT
        return first(("verdict", agreed.rollover), lambda: asked.standing(agreed)).verdict

    def sending(self) -> Sending:
        """Letters that wait, signed by the key that the network names."""
        process = self.process
        return Sending(
            process.files, self._directory(), HttpCarrier(), process.pen, process.domain,
            process.around.random, kept_out=lambda unit, each: kept_out(unit, self.desk, each),
        )  # fmt: skip

    def days(self) -> Days:
        """What a new day means for deals before exact terms."""
        return Days(self.process.files, lambda: self.desk)

    def receiving(self) -> Receiving:
        """Letters that come, opened by our mailboxes and taken by our desk."""

        def take(unit: DealUnit, peer: bytes, letter: Letter) -> Taken:
            return deals.take(unit, self.desk, peer, letter)

        return Receiving(self.process.files, self._directory(), self.process.vault.mailboxes, take, self.process.pen)

    def _directory(self) -> Directory:
        return Directory(self.process.config.peers, self.process.asked, words=words_of(self.process))


@dataclass(frozen=True, slots=True)
class _AskedFirst:
    """The network, for decisions within transactions."""

    asked: Asked

    def signer_of(self, member: bytes) -> bytes:
        return first(("signer", member), lambda: self.asked.signer_of(member))


def words_of(process: Process) -> Words:
    """Who looks at wallets' words for letter keys."""
    return Words(
        process.asked, process.domain, lambda *given: wallet_signed(process, *given), process.around.seconds
    )  # fmt: skip


def rules_of(config: NodeConfig) -> dict[int, RuleVersion]:
    """The versions by their number, made of the law on file."""
    return {each.number: _version(each) for each in config.rules}


def published(process: Process, number: int) -> bool:
    """Whether the network's rules of this number are what the settings say, by its newest final block."""
    try:
        answer = process.chain.call(process.config.contracts.network, call_of("rules(uint32)", number), at="final")
    except RevertedError:
        return False
    except Open401kError as why:
        raise SilentError(str(why)) from why
    (told,) = answer_of([_RULES], answer)
    return told == rules_of(process.config)[number].told


def _version(at: RulesAt) -> RuleVersion:
    return rule_version(at.year, min_level=at.min_level, most_total_cents=at.most_total_cents, voters=at.voters)


def _in_force(rules: dict[int, RuleVersion], at: int) -> int:
    """The newest version whose time it is; where there is none, the newest: its refusals say why."""
    current = [number for number, each in rules.items() if each.active_from <= at < each.active_until]
    return max(current or rules)


def wallet_signed(process: Process, who: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether a contract says that it signed (ERC-1271)."""
    return is_contracts(process.chain, who, digest, signature)
