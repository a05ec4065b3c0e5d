"""The reference is what the code says: written anew, nothing differs, and nothing is left out."""

import inspect
import re
from pathlib import Path

import pytest
from scripts.reference import law_rules, sources, words
from scripts.reference.pages import PAGES, everything

from open401k import law
from open401k.calculators.citations import cited
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


def test_every_worked_example_on_file_is_read_by_a_test() -> None:
    """Why: an example that nobody reads proves nothing, however many are on file."""
    of_rules = {case for subject in law_rules.subjects() for rule in subject.rules for case in rule.cases}
    assert of_rules | set(law_rules.other_cases()) == law_rules.case_ids()


def test_every_rule_of_the_law_has_its_citation_and_a_test() -> None:
    """Named by a test of tests/law, or reached by a rule that is. Why: the page claims both."""
    rules = [rule for subject in law_rules.subjects() for rule in subject.rules]
    assert len(rules) > 400
    assert [f"{rule.subject}.{rule.name}" for rule in rules if not rule.citation] == []
    assert [f"{rule.subject}.{rule.name}" for rule in rules if not (rule.tests or rule.through)] == []


def test_the_rules_of_the_page_are_the_public_functions_of_the_law() -> None:
    """Found from the source as from the running program. Why: a rule that the page misses is one that nobody finds."""
    shown = {(subject.name, rule.name) for subject in law_rules.subjects() for rule in subject.rules}
    running = {
        (module.__name__.rpartition(".")[2], name)
        for module in vars(law).values()
        if inspect.ismodule(module) and module.__name__.rpartition(".")[2] not in law_rules.CARRIERS
        for name, each in vars(module).items()
        if callable(each) and not inspect.isclass(each) and not name.startswith("_")
        if getattr(each, "__module__", "") == module.__name__
    }
    assert shown == {each for each in running if not each[0].startswith("explain_")}


def test_what_a_rule_cites_is_read_in_full() -> None:
    said = "So (IRC 401(k)(8)(B)-(C), 401(m)(6)(B); Reg. 1.401(k)-2(b)(2)), by Notice 2016-16; not Notice 2016-16."
    assert cited(said) == "IRC 401(k)(8)(B)-(C), 401(m)(6)(B); Reg. 1.401(k)-2(b)(2); Notice 2016-16"
    assert cited("Compensation of 415(c)(3).") == "IRC 415(c)(3)"
    assert cited("Two of 30 people.") == ""
