"""The documents point at things that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def _links(text: str) -> Iterator[str]:
    """Targets of Markdown links, outside of code blocks."""
    prose = re.sub(r"```[\s\S]*?```", "", text)
    yield from re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """Why: a reader who meets a dead link stops believing the rest. Foreign addresses are not visited: no network."""
    broken = []
    for target in _links(document.read_text()):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = (document.parent / path).resolve() if path else document
        if not place.exists() or (anchor and anchor not in _anchors(place.read_text())):
            broken.append(target)
    assert not broken


def _anchors(text: str) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+\s+(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_of_the_repository_exists(document: Path) -> None:
    """Paths in backticks that begin at the root. Why: "where do I change" is worth its line only while it is true."""
    named = re.findall(r"`((?:src|tests|docs|bootstrap|benchmarks|\.ci)/[^`\s*<>]*)`", document.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/README.md"])
def test_every_how_to_is_found_from_the_first_page(page: str) -> None:
    """Why: two of them were written and linked from nowhere a newcomer begins."""
    linked = {((ROOT / page).parent / target).resolve() for target in _links((ROOT / page).read_text())}
    assert set((ROOT / "docs" / "howto").glob("*.md")) <= linked
    assert set((ROOT / "docs" / "users").glob("*.md")) <= linked


def test_every_test_that_a_document_names_exists() -> None:
    """``file.py::name`` in backticks. Why: an invariant whose test is gone is a claim."""
    named = {each for document in DOCUMENTS for each in re.findall(r"`(test_\w+\.py::test_\w+)`", document.read_text())}
    there = {
        f"{path.name}::{name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 20
    assert named <= there


def test_every_document_that_a_message_names_exists() -> None:
    """The program sends its users to ``docs/...``. Why: a message whose way out is missing is worse than none."""
    named = {
        (page, str(path.relative_to(ROOT)))
        for path in (ROOT / "src").rglob("*")
        if path.suffix in {".py", ".sql", ".yaml", ".html"}
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text())
    }
    assert {(page, place) for page, place in named if not (ROOT / page).exists()} == set()


def test_every_setting_is_documented() -> None:
    """Each ``OPEN401K_...`` that the program reads. Why: a switch that nobody finds is a trap."""
    read = {
        name
        for folder in ("src", "bootstrap")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bOPEN401K_[A-Z]+(?:_[A-Z]+)*\b", path.read_text())
    }
    prose = "\n".join(document.read_text() for document in DOCUMENTS)
    assert sorted(name for name in read if name not in prose) == []


def test_every_cited_decision_exists() -> None:
    """What is cited as ADR-NNNN is there and in the table. Why: a reason that one cannot read is none."""
    records = {path.name[:4]: path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    cited: dict[str, str] = {}
    for folder in ("src", "tests", "docs", "bootstrap"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".sql", ".md", ".yaml"}:
                for number in re.findall(r"ADR-(\d{4})|decisions/(\d{4})", path.read_text()):
                    cited["".join(number)] = str(path.relative_to(ROOT))
    assert {number: place for number, place in cited.items() if number not in records} == {}
    table = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert [name for name in records.values() if name not in table] == []
    assert sorted(records) == [f"{number:04}" for number in range(1, len(records) + 1)]


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda path: path.name)
def test_a_decision_has_its_parts(record: Path) -> None:
    """MADR, minimal: status, context, decision, consequences. Why: without its context nobody can argue with it."""
    text = record.read_text()
    for part in ("- Status: ", "- Date: ", "## Context", "## Decision", "## Consequences"):
        assert part in text, part


def test_the_two_commands_are_what_the_readme_says() -> None:
    """README, Makefile and CI name the same targets. Why: the first five minutes decide."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        prose = re.sub(r"\bmake (?:[a-z]+ )?PYTHON3=\S*", "", document.read_text())
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", prose, re.MULTILINE))
        assert named <= targets, f"{document.name}: {named - targets}"


def test_every_command_is_documented() -> None:
    """Each command of the terminal is named in README or docs. Why: what is not written down is not found.

    Escape: a hidden command.
    """
    names = _commands()
    prose = "\n".join(document.read_text() for document in DOCUMENTS)
    assert [name for name in names if f"open401k {name}" not in prose] == []


def _commands() -> list[str]:
    """``clock advance``, ``demo``, ...: as the typer application declares them."""
    typer = pytest.importorskip("typer")
    app = pytest.importorskip("open401k.doors.cli")
    root = next((value for value in vars(app).values() if isinstance(value, typer.Typer)), None)
    if root is None:
        pytest.skip("no command line yet")
    return list(_walk(typer.main.get_command(root), ""))


def _walk(command: object, prefix: str) -> Iterator[str]:
    """Names of the leaves below ``command``."""
    inner = getattr(command, "commands", None)
    if inner is None:
        if prefix and not getattr(command, "hidden", False):
            yield prefix.strip()
        return
    for name, one in inner.items():
        if not getattr(one, "hidden", False):
            yield from _walk(one, f"{prefix} {name}")
