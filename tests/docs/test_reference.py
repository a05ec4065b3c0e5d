"""The reference is what the code says: written anew, nothing differs, and nothing is left out."""

import re
from pathlib import Path

import pytest
from scripts.reference import sources, words
from scripts.reference.pages import PAGES, everything

from open401k.fiduciary.alerts import AlertEventKind
from open401k.payroll.findings import Code

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Every page, written anew."""
    return everything()


@pytest.mark.parametrize("name", ["README.md", *PAGES])
def test_writing_the_reference_anew_changes_nothing(written: dict[str, str], name: str) -> None:
    """Why: a reference that drifts is worse than none. Repair: make reference."""
    assert (ROOT / "docs" / "reference" / name).read_text() == written[name], "run: make reference"


def test_nothing_else_lies_in_the_reference(written: dict[str, str]) -> None:
    assert {path.name for path in (ROOT / "docs" / "reference").iterdir()} == set(written)


def test_every_finding_has_its_meaning_and_the_severity_that_checks_give_it() -> None:
    assert set(words.FINDINGS) == set(Code)
    stated = sources.severities()
    for code, (severity, meaning, fix) in words.FINDINGS.items():
        assert meaning.endswith(".")
        assert fix.endswith(".")
        assert not stated.get(code.name) or severity.name in stated[code.name], code


def test_every_refusal_has_its_reason_in_order() -> None:
    for members in words.REFUSALS.values():
        assert list(members) == list(type(next(iter(members))))


def test_every_setting_that_is_read_is_described() -> None:
    read = {
        name
        for folder in ("src", "bootstrap")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bOPEN401K_[A-Z]+(?:_[A-Z]+)*\b", path.read_text())
    }
    assert set(words.SETTINGS) == read


def test_every_event_that_is_published_is_described() -> None:
    published = sources.events()
    kinds = {f"alert.{kind.value}" for kind in AlertEventKind}
    assert set(words.EVENTS) == {kind for kind in published if not kind.endswith(".")} | kinds
    assert {kind for kind in published if kind.endswith(".")} == {"alert."}
