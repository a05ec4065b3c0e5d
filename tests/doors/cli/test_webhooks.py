"""Webhook endpoints in a terminal."""

import pytest
from tests.doors.cli.conftest import Run
from tests.support.receiver import receiving, verified

SPONSOR = ("--sponsor", "acme")


def test_an_endpoint_is_added_tried_changed_and_removed(run: Run) -> None:
    with receiving() as receiver:
        made = run("webhooks", "add", receiver.url, "--kind", "alert", *SPONSOR, "--json").document
        of = made["endpoint"]["endpoint_id"]
        assert run("webhooks", "test", of, *SPONSOR).code == 0
        assert verified(*receiver.came[0], made["secret"])
        fresh = run("webhooks", "rotate", of, *SPONSOR, "--json").document["secret"]
        receiver.answer = 500
        failed = run("webhooks", "test", of, *SPONSOR)
        assert (failed.code, failed.out.strip()) == (1, "Answered 500.")
        assert all(verified(*receiver.came[1], secret) for secret in (made["secret"], fresh))
    assert "Nothing was sent yet." in run("webhooks", "history", of, *SPONSOR).out
    never = run("webhooks", "resend", of, "evt_" + "0" * 32, *SPONSOR)
    assert "was not sent to that endpoint" in never.err
    assert "is paused." in run("webhooks", "pause", of, *SPONSOR).out
    assert "is active." in run("webhooks", "resume", of, *SPONSOR).out
    (line,) = run("webhooks", "list", *SPONSOR, "--json").document["endpoints"]
    assert (line["state"], line["kinds"]) == ("active", ["alert"])
    assert "alert" in run("webhooks", "list", *SPONSOR).out
    assert "No event fails there." in run("webhooks", "skip", of, *SPONSOR).err
    assert run("webhooks", "remove", of, *SPONSOR).code == 0
    assert "No endpoint yet." in run("webhooks", "list", *SPONSOR).out


@pytest.mark.parametrize(
    "typed",
    [
        ("webhooks", "add", "ftp://example.com", *SPONSOR),
        ("webhooks", "pause", "nothing", *SPONSOR),
        ("webhooks", "pause", "whe_" + "0" * 32, *SPONSOR),
        ("webhooks", "resend", "whe_" + "0" * 32, "nothing", *SPONSOR),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, typed: tuple[str, ...]) -> None:
    refused = run(*typed)
    assert refused.code != 0
    assert "Error:" in refused.err
    assert "Fix:" in refused.err
