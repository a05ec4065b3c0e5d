"""What a cursor of a provider's list says, also one that was stored under its older names."""

import json
from datetime import date

import pytest

from open401k.payroll.providers.cursor import Seen, ask_again

SINCE, TODAY = date(2026, 1, 1), date(2026, 3, 1)


def test_an_empty_cursor_begins_at_the_first_day_and_has_seen_nothing() -> None:
    seen = Seen.read("", SINCE)
    assert (seen.start, seen.looked) == (SINCE, {})
    assert seen.is_news("one", "a")


@pytest.mark.parametrize("name", ["seen", "payrolls", "payments"])
def test_a_cursor_is_read_under_every_name_it_was_stored_by(name: str) -> None:
    stored = json.dumps({"from": "2026-02-01", name: {"one": "a"}})
    seen = Seen.read(stored, SINCE)
    assert (seen.start, seen.looked) == (date(2026, 2, 1), {"one": "a"})
    assert not seen.is_news("one", "a")
    assert Seen.read(seen.written(TODAY), SINCE) == seen


def test_what_looks_otherwise_is_news_and_what_is_not_listed_is_gone_once() -> None:
    seen = Seen(SINCE, {"one": "a", "two": "b"})
    assert seen.is_news("one", "changed")
    assert seen.settle({"one": "changed", "three": "c"}, {"one": "changed"}) == ("two",)
    assert seen.looked == {"one": "changed"}  # three was not read yet
    assert seen.settle({"one": "changed", "three": "c"}, {"three": "c"}) == ()
    assert seen.looked == {"one": "changed", "three": "c"}


def test_what_is_to_be_asked_again_is_news_as_it_is_and_is_missed_when_it_is_gone() -> None:
    stored = ask_again(Seen(SINCE, {"one": "a", "two": "b"}).written(TODAY), {"two", "never listed"})
    seen = Seen.read(stored, SINCE)
    assert (seen.is_news("one", "a"), seen.is_news("two", "b")) == (False, True)
    assert seen.settle({"one": "a"}, {}) == ("two",)
    assert ask_again("", {"one"}) == ""


def test_what_is_old_is_looked_at_no_more() -> None:
    assert json.loads(Seen(date(2020, 1, 1)).written(TODAY))["from"] == "2025-01-25"
