"""What an operator sets: read whole, and refused with the file, the key, the reason and what to write."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from open401k.kernel import FixedClock
from open401k.rails.kinds import Kind
from open401k.rails.messages import Role
from open401k.rails.network_file import ConfigError
from open401k.rails.node.adapters.bank import Banked
from open401k.rails.node.batching import Settings
from open401k.rails.node.config import NodeConfig, RulesAt, read_config
from open401k.rails.node.core import Order, Part, Side, Waiting
from open401k.rails.node.office import rules_of
from open401k.rails.node.process import core_of

MEMBER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
GOOD = f"""
name = "Our Trust"
member = "{MEMBER}"
port = 4014
database_url = "postgresql://node@localhost/node"
[chain]
id = 401
agreeing = 2
finality = 12
[[chain.endpoints]]
name = "one"
url = "https://one.example.org/rpc"
[[chain.endpoints]]
name = "two"
url = "https://two.example.org"
[contracts]
network = "{OTHER}"
rollover = "{OTHER}"
deposit_token = "{OTHER}"
[core]
adapter = "rest"
url = "https://core.example.org/"
token_env = "CORE_TOKEN"
[[rules]]
number = 3
year = 2026
most_total_cents = 700
[voters]
administrator = "{OTHER}"
[policy]
most_cents = 500
[[peers]]
name = "The Other"
member = "{OTHER}"
url = "https://node.example.com"
mailbox = "0x{"33" * 32}"
"""


def read(folder: Path, text: str, *, production: bool = False, **environment: str) -> NodeConfig:
    file = folder / "node.toml"
    file.write_text(text)
    return read_config(file, {"CORE_TOKEN": "secret"} | environment, production=production)


BANK = """
[core]
adapter = "batch"
folder = "files"
layout = "iso"
[core.bank]
folder = "bank"
name = "Our Trust"
account = "111000"
bank = "021000021"
to_name = "Settlement Bank"
to_account = "900100"
to_bank = "026009593"
"""


def test_a_core_by_messages_may_have_a_bank(tmp_path: Path) -> None:
    rest = 'adapter = "rest"\nurl = "https://core.example.org/"\ntoken_env = "CORE_TOKEN"\n'
    text = GOOD.replace(f"[core]\n{rest}", BANK)
    at = read(tmp_path, text).core
    assert at.layout == "iso"
    at = replace(at, folder=tmp_path / "files", bank=at.bank and replace(at.bank, folder=tmp_path / "bank"))
    core = core_of(at, {}, FixedClock(datetime(2026, 11, 20, tzinfo=UTC)))
    assert isinstance(core, Banked)
    order = Order(b"r" * 32, Side.RECEIVER, "R-1", (Part(0, 0, 100),))
    assert isinstance(core.hold(order), Waiting)
    assert isinstance(core.bank.pay(order.rollover, 100), Waiting)
    core.close_day()
    assert [path.name for path in sorted(tmp_path.glob("*/out/*"))] == ["payments-000001.xml", "orders-000001.xml"]
    with pytest.raises(ConfigError, match=r"core\.bank\.to_bank: is missing"):
        read(tmp_path, text.replace('to_bank = "026009593"', ""))


def test_everything_that_is_set_is_read(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert (config.name, config.member.hex(), config.port) == ("Our Trust", "11" * 20, 4014)
    assert config.chain.endpoints == {"one": "https://one.example.org/rpc", "two": "https://two.example.org"}
    assert (config.chain.agreeing, config.chain.finality) == (2, 12)
    assert (config.core.url, config.core.token, config.core.seconds) == ("https://core.example.org", "secret", 10)
    assert config.policy.most == 500
    assert config.batches is None
    batched = read(tmp_path, GOOD.replace("[policy]", "[batches]\nwindow = 30\n[policy]"))
    assert batched.batches == Settings(30, 600, 2, 32)
    assert config.rules == (RulesAt(3, 2026, 2, 700),)
    asked = read(tmp_path, GOOD.replace("year = 2026", 'year = 2026\nvoters = { roth = ["administrator"] }'))
    assert rules_of(asked)[3].voters_for(Kind.ROTH) == {Role.ADMINISTRATOR}
    assert config.voters == {Role.ADMINISTRATOR: b"\x22" * 20}
    (peer,) = config.peers
    assert (peer.name, peer.member, peer.mailbox) == ("The Other", b"\x22" * 20, b"\x33" * 32)
    assert "secret" not in repr(config)
    assert "postgresql" not in repr(config)
    assert read(tmp_path, GOOD, OPEN401K_NODE_DATABASE_URL="postgresql://other").database_url == "postgresql://other"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('name = "Our Trust"', "name = 7", "name: '7' is no text"),
        (f'member = "{MEMBER}"', "", "member: is missing"),
        (f'member = "{MEMBER}"', 'member = "0x11"', "member: '0x11' is no address"),
        ("port = 4014", "port = 70_000", "port: '70000' is no whole number"),
        ("port = 4014", 'prot = 4014', "prot: nothing reads this"),
        ("agreeing = 2", "agreeing = 1", "chain.agreeing: '1' is no whole number from 2 to 2"),
        ("finality = 12", 'finality = "soon"', "chain.finality: is neither a tag nor a depth"),
        ('name = "two"', 'name = "one"', "chain.endpoints 2.name: 'one' is named twice"),
        ('url = "https://two.example.org"', 'url = "two"', "chain.endpoints 2.url: 'two' is no address"),
        ('adapter = "rest"', 'adapter = "magic"', "core.adapter: 'magic' is none"),
        ('token_env = "CORE_TOKEN"', 'token_env = "NONE"', "core.token_env: the environment has no NONE"),
        (f'name = "The Other"\nmember = "{OTHER}"', f'name = "We"\nmember = "{MEMBER}"', "is named twice"),
        (f'mailbox = "0x{"33" * 32}"', "", "peers 1.mailbox: is missing"),
        ("year = 2026", 'year = 2026\nvoters = { roth = ["cat"] }', "rules 1.voters.roth: is no list of voters"),
        ("year = 2026", "year = 2026\nvoters = { rott = [] }", "rules 1.voters.rott: nothing reads this"),
        ("year = 2026", "year = 1999", "rules 1.year: '1999' is no whole number"),
        ('administrator = "', 'spouse = "', "voters.spouse: nothing reads this"),
        ("[policy]", "[policy]\nmore = 1", "policy.more: nothing reads this"),
        ("[policy]", "[batches]\nmost = 33\n[policy]", "batches.most: '33' is no whole number from 2 to 32"),
        ("[policy]", "[batches]\nleast = 5\nmost = 4\n[policy]", "batches.least: is more than most"),
        ("[contracts]", "[contracts", "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    assert was in GOOD
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, GOOD.replace(was, becomes, 1))
    assert str(tmp_path / "node.toml") in refused.value.message
    assert said in refused.value.message
    assert refused.value.fix


@pytest.mark.parametrize(
    ("was", "becomes", "key"),
    [
        ("https://node.example.com", "http://node.example.com", "peers 1.url"),
        ("https://core.example.org/", "http://core.example.org/", "core.url"),
        ("port = 4014", 'port = 4014\norigin = "http://node.example.org"', "origin"),
    ],
)
def test_in_production_nothing_of_a_person_goes_in_clear(tmp_path: Path, was: str, becomes: str, key: str) -> None:
    text = GOOD.replace(was, becomes)
    assert read(tmp_path, text)
    with pytest.raises(ConfigError, match=f"{key}: this is production"):
        read(tmp_path, text, production=True)
    assert read(tmp_path, GOOD, production=True)


def test_a_plan_is_a_core_by_its_id(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    before, _, after = GOOD.partition('adapter = "rest"')
    after = after.replace('url = "https://core.example.org/"', 'plan = "pln_1"').replace('token_env = "CORE_TOKEN"', "")
    file.write_text(before + 'adapter = "plan"' + after)
    core = read_config(file, {}).core
    assert (core.adapter, core.plan) == ("plan", "pln_1")
    file.write_text(before + 'adapter = "plan"' + after.replace('plan = "pln_1"', ""))
    with pytest.raises(ConfigError, match=r"core\.plan: is missing"):
        read_config(file, {})
