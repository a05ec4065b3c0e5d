"""E-mail at each state, to a mail server of its own process: what it says, to whom, tried again, refused, stopped."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from tests.rails.node.deal_nodes import Both, both
from tests.rails.node.halves import PAPER
from tests.rails.world import founded

from open401k.base.faults import Stopped, stopping_at
from open401k.kernel import FixedClock
from open401k.rails.network_file import ConfigError, Table
from open401k.rails.node import deals
from open401k.rails.node.cases import Case, State
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.codes import MAIL_REFUSED
from open401k.rails.node.config import mail_at
from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.mail import MailAt, Template, address, composed, template_of
from open401k.rails.node.mailing import GIVES_UP_AFTER, WAITS, Addresses, Mailing, To, mails_of
from open401k.rails.node.smtp import MailRefusedError, Smtp
from open401k.rails.node.vault import Vault

_SERVE = "import sys, pathlib; from open401k.standins.smtp import serve\n" \
    "s = serve(pathlib.Path(sys.argv[1]), host='127.0.0.1', port=0)\n" \
    "print(s.server_address[1], flush=True); s.serve_forever()"  # fmt: skip
MARIA = "maria@example.com"
Kept = Callable[[str, Callable[[], int]], KeptDeals]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A mail server in a process of its own, and where it keeps what it takes."""
    folder = tmp_path_factory.mktemp("mails")
    with subprocess.Popen([sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), folder
        process.terminate()


class Post:
    """The receiver of two custodians, its mail, and what came into mailboxes since."""

    def __init__(self, kept: Kept, port: int, folder: Path, *, desk: tuple[str, ...] = ()) -> None:
        self.two: Both = both(founded(), kept)
        files = self.two.receiver.files
        assert isinstance(files, KeptDeals)
        self.files, self.folder, self.before = files, folder, len(list(folder.glob("*.eml")))
        self.addresses = Addresses(Vault(files, files.sealing))
        self.clock = FixedClock(datetime.fromtimestamp(self.two.world.clock.now, UTC))
        at = MailAt("127.0.0.1", port, "none", "rollovers@new.example", desk=desk)
        self.mailing = Mailing(files, self.addresses, at, "The New Company", "800 555 0102", Smtp(at), self.clock,
                               files.sealing.keyed_hash)  # fmt: skip
        self.mailing.once(at=0)

    def begin(self, to: str = MARIA, **half: object) -> None:
        self.two.ask(**half)
        with self.files.begin() as unit:
            self.addresses.put(unit, "case", to, at=self.two.world.clock.now)

    def later(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.mailing.once(at=0)

    def came(self) -> list[Message]:
        found = sorted(self.folder.glob("*.eml"))[self.before :]
        self.before += len(found)
        return [message_from_bytes(each.read_bytes()) for each in found]

    def states(self) -> list[str]:
        with self.files.begin() as unit:
            return [each.state for each in mails_of(unit, "case")]

    def standing(self) -> To | None:
        with self.files.begin() as unit:
            return self.addresses.standing(unit, "case")


def test_the_participant_is_told_at_each_state_by_words_that_name_nobody(
    kept_deals: Kept, server: tuple[int, Path]
) -> None:
    post = Post(kept_deals, *server, desk=("desk@new.example",))
    two = post.two
    post.begin(key=None)
    post.later(0)
    first, desk = sorted(post.came(), key=lambda each: str(each["To"]) != MARIA)
    assert (first["Subject"], first["To"], first["From"]) == (
        "It is your turn in your rollover", MARIA, "rollovers@new.example"
    )  # fmt: skip
    assert (first["Auto-Submitted"], desk["Subject"]) == ("auto-generated", "Rollover case: waiting for data")
    two.put_again()
    two.carry()
    two.put()
    two.carry()
    with stopping_at("mailing.after_send"), pytest.raises(Stopped):
        post.later(0)
    post.later(0)
    twice = [each for each in post.came() if each["To"] == MARIA]
    assert len(twice) == 2  # it stopped after the server had it: whoever gets it twice can tell
    assert len({each["Message-ID"] for each in twice}) == 1
    two.explain(PAPER)
    two.sign()
    two.carry()
    two.ready()
    two.carry()
    two.run()
    post.later(0)
    ended = [each for each in post.came() if each["To"] == MARIA]
    assert [each["Subject"] for each in ended] == ["Your rollover has ended"]  # one for all that happened meanwhile
    said = "".join(each.as_string() for each in (first, desk, *twice, *ended))
    for secret in ("Maria", "900-70", "3,000", "3000", "account at", "/r/", "http", "the new plan"):
        assert secret not in said.replace("maria@", "")
    post.later(60)
    assert post.came() == []


def test_a_refused_address_is_an_exception_and_nothing_more_is_sent_there(
    kept_deals: Kept, server: tuple[int, Path]
) -> None:
    post = Post(kept_deals, *server)
    post.begin("refused@example.com")
    post.later(0)
    assert (post.states(), post.standing(), post.addresses.of("case")) == (["refused"], To.REFUSED, None)
    assert post.two.receiver.open_codes() == [MAIL_REFUSED]
    post.two.carry()
    post.two.put()
    post.two.carry()
    post.later(0)
    assert (post.came(), post.states()) == ([], ["refused"])
    with post.files.begin() as unit:
        post.addresses.put(unit, "case", MARIA, at=0)
    assert post.two.receiver.open_codes() == []
    with post.files.begin() as unit:
        deals.stop(unit, post.two.receiver.desk, "case", 501)
    post.later(0)
    assert [each["Subject"] for each in post.came()] == ["Your rollover has ended"]


def test_a_server_that_is_away_is_asked_again_and_at_last_given_up(kept_deals: Kept, server: tuple[int, Path]) -> None:
    post = Post(kept_deals, *server)
    post.begin("later@example.com")
    with pytest.raises(SilentError, match="451"):
        post.later(0)
    post.later(WAITS[0] - 1)
    assert (post.came(), post.states()) == ([], ["waiting"])
    post.later(1)
    assert (len(post.came()), post.states()) == (1, ["sent"])
    with post.files.begin() as unit:
        post.addresses.put(unit, "case", "hangs@example.com", at=0)
    post.two.carry()
    post.two.put()
    post.two.carry()
    with pytest.raises(SilentError, match="the mail server"):
        post.later(0)
    post.later(GIVES_UP_AFTER)
    assert (post.states()[-1], post.two.receiver.open_codes()) == ("given_up", [MAIL_REFUSED])


def test_who_stops_it_gets_nothing_more_and_what_waits_is_withheld(kept_deals: Kept, server: tuple[int, Path]) -> None:
    post = Post(kept_deals, *server)
    post.begin("later@example.com")
    post.mailing.carry = _away
    with pytest.raises(SilentError):
        post.later(0)
    with post.files.begin() as unit:
        assert post.addresses.stop(unit, "case", at=0) is True
        assert post.addresses.stop(unit, "case", at=0) is False
    post.two.carry()
    post.later(3_600)
    assert (post.states(), post.standing(), post.addresses.of("case")) == (["withheld"], To.STOPPED, None)
    with post.files.begin() as unit, pytest.raises(BadInputError, match="stopped e-mails"):
        post.addresses.put(unit, "case", MARIA, at=0)


def test_mail_that_comes_back_after_they_stopped_it_changes_nothing(kept_deals: Kept, server: tuple[int, Path]) -> None:
    post = Post(kept_deals, *server)
    post.begin()
    post.later(0)
    with post.files.begin() as unit:
        post.addresses.stop(unit, "case", at=0)
        post.addresses.came_back(unit, "case", "550 no such user", at=0)
    assert (post.standing(), post.two.receiver.open_codes()) == (To.STOPPED, [])
    with post.files.begin() as unit, pytest.raises(BadInputError, match="stopped e-mails"):
        post.addresses.put(unit, "case", MARIA, at=0)


def test_who_stops_it_while_a_mail_is_on_its_way_has_stopped_it_whatever_the_server_answers(
    kept_deals: Kept, server: tuple[int, Path]
) -> None:
    post = Post(kept_deals, *server)
    post.begin()

    def refuses(_: object) -> None:
        with post.files.begin() as unit:
            post.addresses.stop(unit, "case", at=0)
        raise MailRefusedError(550)

    post.mailing.carry = refuses
    post.later(0)
    assert (post.states(), post.standing(), post.two.receiver.open_codes()) == (["withheld"], To.STOPPED, [])


@pytest.mark.parametrize("waited", [0, GIVES_UP_AFTER])
def test_an_address_that_is_put_while_a_mail_to_the_old_one_is_on_its_way_is_kept_and_gets_it(
    kept_deals: Kept, server: tuple[int, Path], waited: int
) -> None:
    post = Post(kept_deals, *server)
    post.begin("old@example.com")
    carry, post.mailing.carry = post.mailing.carry, _away
    with pytest.raises(SilentError):
        post.later(0)

    def refuses(_: object) -> None:
        with post.files.begin() as unit:
            post.addresses.put(unit, "case", MARIA, at=0)
        raise SilentError("the mail server is away") if waited else MailRefusedError(550)

    post.mailing.carry = refuses
    post.later(max(waited, WAITS[0]))
    assert (post.states(), post.standing(), post.two.receiver.open_codes()) == (["waiting"], To.ON, [])
    post.mailing.carry = carry
    post.later(0)
    assert ([each["To"] for each in post.came()], post.states()) == ([MARIA], ["sent"])


def test_a_refusal_of_a_mail_that_a_newer_one_replaced_says_nothing(kept_deals: Kept, server: tuple[int, Path]) -> None:
    post = Post(kept_deals, *server)
    post.begin()

    def refuses(_: object) -> None:
        post.two.carry()
        post.two.put()
        post.two.carry()
        post.mailing._read()
        raise MailRefusedError(550)

    carry, post.mailing.carry = post.mailing.carry, refuses
    post.later(0)
    assert (post.states(), post.standing(), post.two.receiver.open_codes()) == (["superseded", "waiting"], To.ON, [])
    post.mailing.carry = carry
    post.later(0)
    assert post.states() == ["superseded", "sent"]


def test_the_address_lies_sealed(kept_deals: Kept, server: tuple[int, Path]) -> None:
    post = Post(kept_deals, *server)
    post.begin()
    post.later(0)
    with post.files.begin() as unit:
        rows = [unit.conn.execute(f"select * from node.{table}").fetchall()
                for table in ("mail", "mail_to", "secret", "event")]  # fmt: skip
    assert "maria" not in repr(rows)


def _away(_: object) -> None:
    raise SilentError("the mail server is away")


def test_words_follow_where_the_case_stands() -> None:
    file = Case("case", Side.RECEIVER, "account")
    assert template_of(file, waits_for_them=True) is Template.YOUR_TURN
    assert template_of(file, waits_for_them=False) is Template.NEWS
    assert template_of(replace(file, state=State.RELEASED), waits_for_them=True) is Template.OVER
    at = MailAt("mail.example", 587, "tls", "rollovers@new.example", "node", "hunter2")
    assert "hunter2" not in repr(at)
    mail = composed(Template.NEWS, to=MARIA, at=at, custodian="The New Company", contact="", mark="m", when=datetime(2026, 6, 1, tzinfo=UTC))  # fmt: skip # noqa: E501
    assert "never send that link" in mail.get_content()


@pytest.mark.parametrize(
    "given", ["", "maria", "maria@", "a b@example.com", "maria@example.com\nBcc: x@y.z", "a,b@example.com", "é@a.b"]
)
def test_what_is_no_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(BadInputError, match="no e-mail address") as refused:
        address(given)
    assert not given or given not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('from = "a@b.c"', "host: is missing"),
        ('host = "m"\nfrom = "nobody"', "from: 'nobody' is no address"),
        ('host = "m"\nfrom = "a@b.c"\ntls = "no"', "tls: 'no' is none"),
        ('host = "m"\nfrom = "a@b.c"\nusername = "n"', "password_env: is missing"),
        ('host = "m"\nfrom = "a@b.c"\nusername = "n"\npassword_env = "NOT_SET"', "the environment has no NOT_SET"),
        ('host = "m"\nfrom = "a@b.c"\nusername = "n"\npassword_env = "PW"\ntls = "none"', "password would go in clear"),
        ('host = "m"\nfrom = "a@b.c"\ndesk = "a@b.c, x"', "desk: ' x' is no address"),
        ('host = "m"\nfrom = "a@b.c"\nmore = 1', "more: nothing reads this"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused_by_their_place(written: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        mail_at(Table(Path("node.toml"), "mail.", tomllib.loads(written)), {"PW": "secret"})


def test_settings_are_read() -> None:
    written = 'host = "m"\nfrom = "a@b.c"\nusername = "n"\npassword_env = "PW"\ndesk = "d@b.c, e@b.c"'
    found = mail_at(Table(Path("node.toml"), "mail.", tomllib.loads(written)), {"PW": "secret"})
    assert found == MailAt("m", 587, "starttls", "a@b.c", "n", "secret", ("d@b.c", "e@b.c"))
