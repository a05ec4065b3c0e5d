"""The test shows that a server of one's own is reached or told why not, and that only its own keys open its books."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.database import TESTER, Served, served

from open401k.app import Wiring
from open401k.base import access
from open401k.base.db import ALL_TENANTS
from open401k.base.settings import Settings
from open401k.doors import cli

PEOPLE = """ssn,first_name,last_name,birth_date,hired_on
123-45-6701,Owner,One,1970-02-03,2015-01-01
123-45-6702,Clerk,One,1972-02-03,2015-01-01
total,,,,
"""


def key(name: str) -> str:
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


MASTER, INDEX = "OPEN401K_MASTER_KEY", "OPEN401K_INDEX_KEY"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Served]:
    with served(durable=True) as found:
        yield found


@pytest.fixture
def environment(postgres: Served, tmp_path: Path) -> dict[str, str]:
    return {
        "OPEN401K_DATA_DIR": str(tmp_path / "data"),
        "OPEN401K_DATABASE_URL": postgres.urls.app,
        "OPEN401K_OWNER_DATABASE_URL": postgres.urls.owner,
        MASTER: key("first"),
        INDEX: key("index"),
    }


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def go(environment: Mapping[str, str], *arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(Wiring(Settings.from_env(environment)), [str(each) for each in arguments])
        return code, *capsys.readouterr()

    return go


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    return file


@pytest.fixture
def employer(environment: dict[str, str], run: Run, people: Path) -> dict[str, str]:
    """A sponsor with two people, entered under these keys; twice is once."""
    for order in (
        ("migrate",),
        ("takeover", "sponsor", "Acme", "--ein", "12-3456789", "--established-on", "2008-05-01"),
        ("takeover", "people", people),
    ):
        code, _, err = run(environment, *order)
        assert code == 0, err
    return environment


def verified(run: Run, environment: Mapping[str, str]) -> Any:
    code, out, err = run(environment, "verify", "--json")
    assert code == 0, err
    return json.loads(out)


def test_books_restored_beside_another_master_key_are_refused_and_not_proved_empty(
    employer: dict[str, str], run: Run
) -> None:
    other = {**employer, MASTER: key("another"), "OPEN401K_MODE": "production"}
    code, out, err = run(other, "verify", "--json")
    assert (code, out) == (1, "")
    assert "master key" in err
    assert "OPEN401K_PREVIOUS_MASTER_KEYS" in err
    assert verified(run, employer)["counts"]["sponsors"] == 1


def test_a_migration_under_another_master_key_is_refused_and_locks_nobody_out(
    employer: dict[str, str], run: Run
) -> None:
    code, _, err = run({**employer, MASTER: key("another")}, "migrate")
    assert code == 1
    assert "OPEN401K_PREVIOUS_MASTER_KEYS" in err
    assert verified(run, {**employer, "OPEN401K_MODE": "production"})["counts"]["sponsors"] == 1


def test_nobody_comes_on_the_roster_twice_under_another_index_key(
    employer: dict[str, str], run: Run, people: Path
) -> None:
    code, _, err = run({**employer, INDEX: key("another")}, "takeover", "people", people)
    assert code == 1
    assert "OPEN401K_INDEX_KEY" in err
    _, out, _ = run(employer, "takeover", "people", people)
    assert out.startswith("0 people were added")


def test_a_changed_master_key_takes_over_and_the_former_one_is_needed_no_more(
    employer: dict[str, str], run: Run, people: Path
) -> None:
    both = {**employer, MASTER: key("second"), "OPEN401K_PREVIOUS_MASTER_KEYS": key("first")}
    assert run(both, "migrate")[0] == 0
    alone = {**employer, MASTER: key("second")}
    code, _, err = run(alone, "takeover", "people", people)
    assert code == 1
    assert "open401k keys rewrap" in err
    assert run(both, "keys", "rewrap")[1].startswith("1 data key ")
    assert run(both, "keys", "rewrap")[1].startswith("0 data keys ")
    assert run(alone, "takeover", "people", people)[1].startswith("0 people were added")
    back = {**employer, "OPEN401K_PREVIOUS_MASTER_KEYS": key("second")}
    assert run(back, "migrate")[0] == 0
    assert run(back, "keys", "rewrap")[0] == 0


@pytest.mark.parametrize("name", ["OPEN401K_DATABASE_URL", "OPEN401K_OWNER_DATABASE_URL"])
@pytest.mark.parametrize(
    "url", ["postgresql://open401k_app:s3cret@127.0.0.1:9/open401k", "postgresql:/s3cret@", "s3cret"]
)
@pytest.mark.parametrize("command", ["migrate", "plans", "doctor"])
def test_a_database_that_cannot_be_reached_is_told_with_its_setting_and_without_its_password(
    environment: dict[str, str], run: Run, name: str, url: str, command: str
) -> None:
    code, out, err = run({**environment, name: url}, command)
    assert code == 1
    assert name in out + err
    assert "s3cret" not in out + err


def test_the_doctor_looks_at_a_server_of_ones_own(employer: dict[str, str], run: Run) -> None:
    code, out, _ = run(employer, "doctor", "--json")
    found = {each["name"]: each for each in json.loads(out)["checks"]}
    assert found["database"]["ok"], found["database"]
    assert found["row security"]["ok"]
    assert "address" not in found  # a sandbox needs none
    assert code == 0


def test_the_doctor_tells_what_production_will_refuse(employer: dict[str, str], run: Run) -> None:
    code, out, _ = run({**employer, "OPEN401K_MODE": "production"}, "doctor", "--json")
    needed = {each["name"] for each in json.loads(out)["checks"] if each["needed"] and not each["ok"]}
    assert needed == {"address"}  # a socket needs no TLS
    assert code == 1


def test_a_server_in_production_need_not_hold_the_owners_password(employer: dict[str, str], run: Run) -> None:
    alone = {name: value for name, value in employer.items() if name != "OPEN401K_OWNER_DATABASE_URL"}
    assert verified(run, {**alone, "OPEN401K_MODE": "production"})["ok"]
    code, _, err = run({**alone, "OPEN401K_MODE": "production"}, "migrate")
    assert code == 1
    assert "OPEN401K_OWNER_DATABASE_URL" in err


def test_production_refuses_the_embedded_server_before_it_starts_one(environment: dict[str, str], run: Run) -> None:
    bare = {n: v for n, v in environment.items() if not n.endswith("DATABASE_URL")}
    code, _, err = run({**bare, "OPEN401K_MODE": "production"}, "plans")
    assert code == 1
    assert "OPEN401K_DATABASE_URL" in err
    assert not (Path(environment["OPEN401K_DATA_DIR"]) / "database").exists()


def test_the_first_person_of_a_fresh_installation_can_sign_in(employer: dict[str, str], run: Run) -> None:
    live = {**employer, "OPEN401K_ORIGIN": "https://plans.example.org"}
    code, _, err = run(live, "keys", "link", "owner@acme.example")
    assert code == 2
    assert "open401k users add" in err
    for _ in range(2):
        code, out, err = run(live, "users", "add", "owner@acme.example", "--name", "The owner", "--role", "sponsor")
        assert code == 0, err
        assert "open401k keys link owner@acme.example" in out
    code, out, _ = run(live, "keys", "link", "owner@acme.example")
    assert code == 0
    assert out.startswith("https://plans.example.org/enter/")
    assert run(live, "users", "add", "us@example.org", "--name", "Us", "--role", "operations")[0] == 0
    assert run(live, "users", "revoke", "us@example.org", "--role", "operations")[0] == 0
    code, _, err = run(live, "users", "add", "x@example.org", "--name", "X", "--role", "boss")
    assert code == 2
    assert "payroll_provider" in err
    code, _, err = run(live, "users", "revoke", "nobody@example.org", "--role", "sponsor")
    assert code == 2


def test_who_lost_a_role_acts_in_it_no_more(postgres: Served, employer: dict[str, str], run: Run) -> None:
    order = ("gone@acme.example", "--role", "advisor")
    assert run(employer, "users", "add", *order, "--name", "An advisor")[0] == 0
    assert _roles(employer, "gone@acme.example") == {"advisor"}
    assert run(employer, "users", "revoke", *order)[0] == 0
    assert _roles(employer, "gone@acme.example") == set()


def _roles(environment: Mapping[str, str], email: str) -> set[str]:
    opened = Wiring(Settings.from_env(environment)).open()
    with opened as services, services.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user = access.find_user(tx, email=email)
        assert user is not None
        principal = access.principal_of(tx, user_id=user.user_id, at=services.wall.now())
    return {str(role) for held in principal.roles.values() for role in held}


def test_a_link_leads_to_the_server_that_runs_here(employer: dict[str, str], run: Run) -> None:
    run(employer, "users", "add", "owner@acme.example", "--name", "The owner", "--role", "sponsor")
    order = ("keys", "link", "owner@acme.example")
    _, out, _ = run(employer, *order)
    assert out.startswith("http://localhost:4010/enter/")
    assert "No server of this data directory runs" in out
    assert run(employer, *order, "--port", "4321")[1].startswith("http://localhost:4321/enter/")
    wiring = Wiring(Settings.from_env(employer), origin="http://localhost:5999")
    with wiring._address_recorded():
        _, out, _ = run(employer, *order)
        assert out.startswith("http://localhost:5999/enter/")
        assert "No server" not in out
    recorded = Path(employer["OPEN401K_DATA_DIR"]) / "address"
    assert not recorded.exists()
    recorded.write_text("999999999 http://localhost:5999")  # killed: it could not clean up
    assert run(employer, *order)[1].startswith("http://localhost:4010/enter/")
