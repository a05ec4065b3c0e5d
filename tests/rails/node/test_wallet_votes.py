"""Members whose wallet is a contract or a passkey vote by what the wallet signs: asked for, looked at, in time."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from starlette.testclient import TestClient
from tests.rails.node.batch_nodes import BATCHED
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import Network, NodeProcess, network
from tests.rails.node.test_batches_served import carry, later
from tests.rails.node.test_node_commands import command, name_signer  # noqa: F401 (a fixture)
from tests.rails.node.two_nodes import rollover
from tests.rails.test_evidence_commands import run
from tests.rails.test_passkeys import PASSKEY, asserted
from tests.rails.world import DELAY, RELAY, World, founded, key, leg

from open401k.base.faults import Stopped, stopping_at
from open401k.doors.node.desk import Doors
from open401k.doors.node.http import create_node_app
from open401k.rails.calls import call_of
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import Evidence, joined, write
from open401k.rails.evidence.findings import Status
from open401k.rails.evidence.handing import evidence_of, heads_of
from open401k.rails.evidence.heads import compare
from open401k.rails.evidence.on_chain import asking
from open401k.rails.keys import Key
from open401k.rails.node import wallet_putting
from open401k.rails.node.cases import State
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.codes import WALLET_AWAITED
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.office import Office
from open401k.rails.node.opening import stop
from open401k.rails.node.running import Passes
from open401k.rails.node.said import Statement
from open401k.rails.node.staff import Role
from open401k.rails.node.transmitting import NetworkCoordinator
from open401k.rails.node.wallet_signing import newly_signed
from open401k.rails.node.wanted import LASTING, Says

OWNERS = [key(f"owner {number}") for number in range(3)]
BYTECODE = bytes.fromhex((Path(__file__).parents[1] / "wallet_of_owners.hex").read_text().strip()[2:])
KILLED_AT = (
    "wallets.before_ask_commit", "wallets.after_ask_commit", "node.before_vote_commit", "node.after_vote_commit",
    "node.after_send", "node.after_core_post", "node.before_post_commit", "node.after_post_commit",
)  # fmt: skip


def wallet_of(world: World, *owners: Key, threshold: int = 2) -> bytes:
    """A real contract wallet, m of n."""
    given = encode(["address[]", "uint256"], [[each.address for each in owners], threshold])
    contract = world.send(RELAY, None, BYTECODE + given).contract
    assert contract is not None
    return contract


def by_wallet(node: NodeProcess, world: World, wallet: bytes) -> None:
    """The network names this wallet, and the node asks it."""
    name_signer(world, node.name, wallet)
    node.config.write_text('votes_by = "wallet"\n' + node.config.read_text())


def passes(net: Network, count: int = 4) -> None:
    """Each pass by nodes that were just started."""
    for _ in range(count):
        for node in net.nodes:
            with node.office() as office:
                office.process.node.run_once()


def killed_passes(net: Network) -> set[str]:
    """The same, where each node dies at every boundary that it comes to before it goes on; where any died."""
    found = set()
    for boundary in KILLED_AT:
        for node in net.nodes:
            try:
                with stopping_at(boundary), node.office() as office:
                    office.process.node.run_once()
            except Stopped:
                found.add(boundary)
    passes(net, 2)
    return found


def signed_by(*owners: Key, digest: bytes) -> bytes:
    """As the wallet takes it."""
    return b"".join(each.sign(digest) for each in sorted(owners, key=lambda each: each.address))


def waiting(node: NodeProcess) -> list[wallet_putting.Shown]:
    with node.office() as office:
        return list(wallet_putting.waiting(office.process))


def put(node: NodeProcess, digest: bytes, signature: bytes, owner: Key | None = None) -> wallet_putting.Put:
    with node.office() as office:
        named = owner.address if owner else None
        return wallet_putting.put(office.process, digest, signature, by="somebody", owner=named)


def open_codes(node: NodeProcess) -> list[int]:
    files = node.files()
    with files.begin() as unit:
        found = [raised.code for raised in unit.raised() if raised.is_open]
    files.close()
    return found


def money(node: NodeProcess) -> dict[str, Any]:
    account = node.service.books.account(f"account at {node.name}")
    assert account is not None
    return account


def evidence_at(node: NodeProcess) -> Evidence:
    with node.office() as office:
        process = office.process
        return evidence_of(process.files, process.chain, coordinator=process.config.contracts.rollover, case="case")


def words_of(net: Network, about: str, status: Status, *, asks: bool = False, lie: Statement | None = None) -> str:
    """What a check of both custodians' evidence says, offline or with the chain."""
    first, other = (evidence_at(each) for each in net.nodes)
    if lie is not None:
        first = replace(first, statements=(lie,))
    with net.nodes[1].office() as office:
        report = check(write(joined(other, first)), wallets=asking(office.process.chain) if asks else None)
    assert report.holds or status is Status.FAILED, [each for each in report.findings if each.status is Status.FAILED]
    return " ".join(each.said for each in report.findings if (each.about, each.status) == (about, status))


def test_a_rollover_of_a_contract_wallet_settles_and_both_books_follow_whatever_is_killed(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    # Money flow: source 1,434.56 -> receiver 1,434.56
    world = founded()
    with network(world, another_database, tmp_path) as net:
        node, killed = net.nodes[0], set[str]()
        node_wallet = wallet_of(world, *OWNERS)
        by_wallet(node, world, node_wallet)
        case = rollover(world)
        net.open(case)
        killed |= killed_passes(net)
        (vote,) = waiting(node)
        assert (vote.wanted.says, vote.wanted.case, vote.wanted.until) == (Says.APPROVAL, "case", case.terms.deadline)
        assert open_codes(node) == [WALLET_AWAITED]
        assert node.state() is State.HELD  # held before anybody is asked
        digest = vote.wanted.digest
        for wrong in (signed_by(OWNERS[0], digest=digest), signed_by(*OWNERS, digest=b"x" * 32), b"w" * 600):
            with pytest.raises(BadInputError, match="is not that of the wallet"):
                put(node, digest, wrong)
        with suppress(Stopped), stopping_at("wallets.before_put_commit"):
            put(node, digest, signed_by(*OWNERS[:2], digest=digest))
        assert [each.wanted.digest for each in waiting(node)] == [digest]
        for _ in range(2):
            assert put(node, digest, signed_by(*OWNERS[:2], digest=digest)).is_complete
        killed |= killed_passes(net)
        assert net.states() == (State.POSTED, State.POSTED)  # the books do not wait for the receipt
        assert world.state(case) == "committed"
        receipt, *lasting = waiting(node)
        assert receipt.wanted.says is Says.RECEIPT
        assert "By " in receipt.told.due
        assert {each.wanted.says for each in lasting} == set(LASTING)  # once, whatever was killed
        put(node, receipt.wanted.digest, signed_by(*OWNERS[1:], digest=receipt.wanted.digest))
        killed |= killed_passes(net)
        assert killed == set(KILLED_AT)
        assert world.state(case) == "closed"
        assert open_codes(node) == []  # nothing waits for what no contract reads
        assert "What the releasing custodian" in words_of(net, "books", Status.MISSING)
        for each in lasting:
            put(node, each.wanted.digest, signed_by(*OWNERS[:2], digest=each.wanted.digest))
        assert waiting(node) == []
        passes(net, 1)
        assert "only its chain can tell" in words_of(net, "books", Status.MISSING)
        assert "only its chain can tell" in words_of(net, "countersigned", Status.MISSING)
        for about in ("books", "countersigned", "sums"):
            assert words_of(net, about, Status.MISSING, asks=True) == ""
        assert "countersigned block" in words_of(net, "countersigned", Status.PROVED, asks=True)
        assert "debited $1,434.56 in 2 lines" in words_of(net, "books", Status.STATED, asks=True)
        with node.office() as office, office.process.files.begin() as unit:
            chain = office.process.chain
            kept = heads_of(unit, chain_id=chain.chain_id, coordinator=world.rollover)
            (found,) = compare(kept, block_of=chain.block, signer_of=lambda *_: node_wallet, wallets=asking(chain))
            assert (found.is_there, found.is_signed) == (True, True)
        world.send(
            OWNERS[2], node_wallet, call_of("swap_owner(address,address)", OWNERS[0].address, key("new").address)
        )
        passes(net, 1)
        assert words_of(net, "books", Status.FAILED, asks=True) == ""  # it was the wallet's word at that block
        lie = replace(evidence_at(node).statements[0], signature=signed_by(*OWNERS[1:], digest=b"x" * 32))
        # The wallet says no at the blocks of the file; whether other owners signed in between nobody can show.
        assert "cannot be proven from this file" in words_of(net, "books", Status.MISSING, asks=True, lie=lie)
        source, receiver = (money(each) for each in net.nodes)
        assert source["balance"] == {"PRETAX": 5_000_00 - 1_234_56, "ROTH": 800_00}
        assert receiver["balance"] == {"PRETAX": 1_234_56, "ROTH": 200_00}


def test_what_a_wallet_does_not_sign_in_time_expires_and_its_end_is_asked_for_anew(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    # Money flow: source, held 1,434.56 -> source, free again; nothing moves
    world = founded()
    with network(world, another_database, tmp_path) as net:
        source, receiver = net.nodes
        by_wallet(receiver, world, wallet_of(world, *OWNERS))
        net.open(case := rollover(world))
        net.open(stopped := rollover(world), "stopped")
        passes(net)
        assert {world.state(each) for each in (case, stopped)} == {"preparing"}
        votes = {each.wanted.case: each.wanted.digest for each in waiting(receiver)}
        signed = signed_by(*OWNERS, digest=votes["stopped"])
        files = receiver.files()
        with files.begin() as unit:
            stop(unit, "stopped", 551)
        files.close()
        with pytest.raises(NotNowError, match="is to end, for code 551"):
            put(receiver, votes["stopped"], signed)
        passes(net)
        (ended,) = [each for each in waiting(receiver) if each.wanted.says is Says.ABORT]
        assert ("Why", "551: the core refused for a reason of its own") in ended.told.rows
        put(receiver, ended.wanted.digest, signed_by(*OWNERS, digest=ended.wanted.digest))
        passes(net)
        assert net.states("stopped") == (State.RELEASED, State.RELEASED)
        world.clock.now = case.terms.deadline + 1
        world.send(RELAY, RELAY.address, b"")
        passes(net)
        assert net.states() == (State.RELEASED, State.RELEASED)
        assert world.state(case) == "aborted"
        with pytest.raises(NotNowError, match="is not wanted any more: the case is released"):
            put(receiver, votes["case"], signed_by(*OWNERS, digest=votes["case"]))
        assert waiting(receiver) == []
        assert money(source) == {"is_open": True, "balance": {"PRETAX": 5_000_00, "ROTH": 1_000_00}, "frozen": {}}


def test_a_wallet_offers_a_batch_and_another_answers_it(another_database: NewDatabase, tmp_path: Path) -> None:
    # Money flow: source -> receiver 300.00 in two rollovers; 300.00 held, and free again
    world = founded()
    with network(world, another_database, tmp_path) as net, ExitStack() as stack:
        receiver = net.nodes[1]
        for node in net.nodes:
            by_wallet(node, world, wallet_of(world, *OWNERS))
            node.config.write_text(node.config.read_text() + "\n[batches]\nwindow = 60\nanswer = 600")
            node.now = world.clock.now
        for number, cents in enumerate((100_00, 200_00, 300_00)):
            net.open(world.case(leg(0, cents)), f"case {number}")
        sides = [stack.enter_context(node.office()) for node in net.nodes]
        for each in sides:
            each.process.node.run_once()
        later(net, 61)

        def both(count: int = 1) -> None:
            for _ in range(count):
                for each in sides:
                    each.process.node.run_once()
                    carry(sides)

        def asked(side: Office) -> wallet_putting.Shown:
            (found,) = [each for each in wallet_putting.waiting(side.process) if each.wanted.says is Says.BATCH]
            return found

        both(2)
        first = asked(sides[0])
        assert wallet_putting.waiting(sides[1].process) == []  # nobody is told of what is not signed
        with sides[0].process.files.begin() as unit:
            stop(unit, "case 2", 551)
        both(2)
        second = asked(sides[0])  # drawn up without the one that was ended
        assert second.wanted.digest != first.wanted.digest
        assert [len([row for row in each.told.rows if row[0] == "Rollover"]) for each in (first, second)] == [3, 2]
        with pytest.raises(NotNowError, match="the batch is over"):
            wallet_putting.put(sides[0].process, first.wanted.digest, b"x", by="somebody")
        both(2)
        assert asked(sides[0]).wanted.digest == second.wanted.digest  # the same until its time is over
        for number, side in enumerate(sides):
            digest = asked(side).wanted.digest
            assert open_codes(net.nodes[number]).count(WALLET_AWAITED) >= 2
            for boundary in ("batches.before_offer_commit", "batches.after_offer_commit"):
                with suppress(Stopped), stopping_at(boundary):
                    wallet_putting.put(side.process, digest, signed_by(*OWNERS, digest=digest), by="somebody")
                    side.process.node.run_once()
            both(2)
        for _ in range(3):
            both()
            later(net, 1)
        assert {net.states(name) for name in ("case 0", "case 1")} == {(State.POSTED, State.POSTED)}
        logs = world.chain.logs(0, world.chain.head().number, [world.rollover])
        assert [log.topics[0] for log in logs] == [BATCHED]
        (end,) = [each for each in wallet_putting.waiting(sides[0].process) if each.wanted.says not in LASTING]
        assert (end.wanted.says, end.wanted.case) == (Says.ABORT, "case 2")
        assert open_codes(receiver) == []


def test_a_vote_of_a_key_that_was_replaced_by_a_wallet_is_sent_no_more(
    another_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Money flow: source 1,434.56 -> receiver 1,434.56
    world = founded()
    with network(world, another_database, tmp_path) as net:
        node, member = net.nodes[0], world.members["source"]
        world.send(member, world.network, call_of("name_signer(address)", wallet_of(world, *OWNERS)))
        world.clock.now += DELAY
        net.open(case := rollover(world))
        with suppress(Stopped), stopping_at("node.after_vote_commit"), node.office() as office:
            office.process.node.run_once()
        world.send(RELAY, world.network, call_of("take_signer(address)", member.address))
        node.config.write_text('votes_by = "wallet"\n' + node.config.read_text())
        sent, sends = list[bytes](), NetworkCoordinator.send

        def counted(self: NetworkCoordinator, data: bytes) -> Any:
            sent.append(data)
            return sends(self, data)

        monkeypatch.setattr(NetworkCoordinator, "send", counted)
        for _ in range(4):
            with node.office() as office:
                office.process.node.run_once()
        assert (len(sent), node.state()) == (1, State.VOTED)  # refused once, and then it waits for the wallet
        assert open_codes(node) == [WALLET_AWAITED]
        (vote,) = waiting(node)
        put(node, vote.wanted.digest, signed_by(*OWNERS[:2], digest=vote.wanted.digest))
        passes(net)
        assert world.state(case) == "committed"
        assert net.states() == (State.POSTED, State.POSTED)


def test_by_command_and_api_owners_and_a_passkey_sign_and_the_node_wakes_for_it(
    command: Any,  # noqa: F811
    another_database: NewDatabase,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Money flow: source 1,434.56 -> receiver 1,434.56
    world = founded()
    with network(world, another_database, tmp_path) as net:
        source, receiver = net.nodes
        wallet, typed = wallet_of(world, *OWNERS), ("--config", str(net.nodes[0].config))
        by_wallet(source, world, wallet)
        by_wallet(receiver, world, PASSKEY.address)
        assert command("status", *typed)["can_sign"]
        net.open(case := rollover(world))
        passes(net, 1)
        (vote,) = command("sign", "list", *typed)["waiting"]
        words = [tuple(row) for row in vote["words"]]
        assert ("To", f"the receiver (0x{receiver.identity.member.hex()})") in words
        roth = "$200.00: Roth money (taxed when it was paid in), to the participant's account in the new plan"
        assert ("Moves", roth) in words
        digest = bytes.fromhex(vote["digest"][2:])
        put(source, digest, signed_by(*OWNERS[:2], digest=digest))
        new = key("a new owner")
        world.send(OWNERS[2], wallet, call_of("swap_owner(address,address)", OWNERS[0].address, new.address))
        passes(net, 1)
        assert source.state() is State.HELD  # its owners are others now: it is asked anew
        told = command("sign", "show", vote["digest"][:12], *typed)
        assert (told["owners_digest"], told["typed_data"]["primaryType"]) == (vote["digest"], "Approval")

        def brings(by: Key, signed: bytes, code: int = 0) -> Any:
            at = ("sign", "put", vote["digest"], *typed, "--owner", f"0x{by.address.hex()}")
            return command(*at, "--signature", f"0x{signed.hex()}", code=code)

        assert "is no owner of the wallet" in brings(OWNERS[0], OWNERS[0].sign(digest), code=2)
        assert "is not that of" in brings(new, new.sign(b"x" * 32), code=2)
        assert "Nothing waits" in command("sign", "show", "0x" + "11" * 32, *typed, code=1)
        with source.office() as office:
            process = office.process
            work = Passes(process.node, process.coordinator, signed=lambda: newly_signed(process.files))
            work.once(at=0.0)  # it waits for the wallet, and is left alone for a while
            assert not brings(new, new.sign(digest))["complete"]
            assert brings(OWNERS[1], OWNERS[1].sign(digest))["complete"]
            work.ask()
            work.once(at=0.1)
        assert source.state() is State.VOTED
        passes(net, 1)
        with receiver.office() as office:
            doors = Doors(office, lambda: None, dict)
            client = TestClient(create_node_app(doors, office.receiving()))

            def ask(method: str, path: str, body: Any = None, role: Role = Role.OPERATOR) -> Any:
                secret = doors.entrances.add(role, role, days=1, at=process.around.seconds()).secret
                headers = {"authorization": f"Bearer {secret}", "idempotency-key": f"{role} {body}"[-99:]}
                return client.request(method, f"/v1/signatures{path}", json=body, headers=headers)

            (answer,) = ask("GET", "", role=Role.AUDITOR).json()["signatures"]
            at, digest = f"/{answer['digest']}", bytes.fromhex(answer["digest"])
            assert ask("GET", at).json()["typed_data"]["message"]["role"] == 3
            wrong = ask("POST", at, {"signature": asserted(b"x" * 32).hex()})
            assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/signature")
            right = {"signature": asserted(digest).hex()}
            assert ask("POST", at, right, Role.SYSTEM).status_code == 403
            assert ask("POST", at, right).json() == {"digest": answer["digest"], "complete": True, "owners": []}
        passes(net)
        assert world.state(case) == "committed"
        assert net.states() == (State.POSTED, State.POSTED)
        file = tmp_path / "evidence.json"
        file.write_text(write(evidence_at(source)))
        checked = run(tmp_path, capsys, "rollover", "verify", str(file), "--network", str(source.config), "--json")
        assert (checked["ok"], checked["head_known"]) == (True, True)
