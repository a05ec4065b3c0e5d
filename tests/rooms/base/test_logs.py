"""Errors in logs: where and what kind, without the values that a database or a message names."""

import io
import logging
from collections.abc import Iterator

import psycopg
import pytest
from tests.support.database import Begin

from open401k.base import logs
from open401k.kernel import SponsorId

SSN = "219-11-1003"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a plain formatter writes, with errors masked as the command has them."""
    before, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("open401k.test_logs")
    log.addHandler(handler)
    log.propagate = False
    logs.mask_errors()
    logs.mask_errors()  # once is enough
    yield stream
    logging.setLogRecordFactory(before)
    log.removeHandler(handler)


def test_what_the_database_refuses_is_told_by_its_code_and_never_by_value(begin: Begin, written: io.StringIO) -> None:
    with pytest.raises(psycopg.Error) as caught, begin() as tx:
        tx.one("select %s::text::date", [SSN])
    assert SSN in str(caught.value)
    try:
        raise RuntimeError("could not go on") from caught.value
    except RuntimeError:
        logging.getLogger("open401k.test_logs").exception("GET /plans failed")
    text = written.getvalue()
    assert text.startswith("GET /plans failed\nTraceback")
    assert "SQLSTATE 22" in text
    assert "RuntimeError: could not go on" in text
    assert "test_logs.py" in text
    assert SSN not in text


def test_of_a_broken_rule_of_a_table_its_names_are_told(begin: Begin, tenant: SponsorId) -> None:
    with pytest.raises(psycopg.Error) as caught, begin() as tx:
        tx.run("insert into base.webhook_endpoint (tenant_id, url) values (%s, %s)", [tenant, SSN])
    named = "SQLSTATE 23502, schema base, table webhook_endpoint, column endpoint_id"
    assert logs.words(caught.value) == f"{named} (its message may hold values)"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("219111003"), "'(number)'"),
        (ValueError(f"{SSN} is nobody"), "(number) is nobody"),
        (ValueError("account 12345678"), "account (number)"),
        (ValueError("run_019b8eac118071ed on line 12 of 2026-01-09"), "run_019b8eac118071ed on line 12 of 2026-01-09"),
        (psycopg.OperationalError("connection refused"), "connection refused"),
    ],
    ids=["a key", "a number of a person", "an account", "an id and a day", "no answer"],
)
def test_numbers_of_people_and_accounts_are_left_out_of_what_an_error_says(error: Exception, said: str) -> None:
    assert logs.words(error) == said


def test_a_group_tells_each_of_its_errors() -> None:
    text = logs.told(ExceptionGroup("several", [ValueError(SSN), KeyError("x")]))
    assert "ExceptionGroup: several" in text
    assert "ValueError: (number)" in text
    assert SSN not in text
