"""``open401k calc``: the calculators of the bare install, without database, server or their packages.

Not here: what is computed (calculators), the other commands (cli), which need the server's packages.
"""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from open401k.calculators import (
    Calculator,
    InputRefused,
    Pairs,
    Problem,
    Table,
    UnknownCalculator,
    calculators,
    example_of,
    find,
    parsed,
    set_fields,
    told,
)
from open401k.kernel import Open401kError

DONE, FAILED, BAD_INPUT = 0, 1, 2
#: More than this is no input of a calculator.
MOST_BYTES = 8_000_000
HELP = "A rule of the law on an input of one's own: JSON in, a table or JSON out; no database. --list names them all."


def main(arguments: Sequence[str]) -> int:
    """Run ``calc`` with what follows it; the exit code: 0 done, 2 what was given cannot be meant."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked)
    except InputRefused as refused:
        return _refused(refused, as_json=asked.json)
    except Open401kError as error:
        _say(sys.stderr, f"Error: {error.message}", *([f"Fix:   {error.fix}"] if error.fix else []))
        return BAD_INPUT
    except BrokenPipeError:  # who reads has seen enough
        sys.stderr.close()
        return DONE


def _run(asked: argparse.Namespace) -> int:
    if asked.list:
        return _list(as_json=asked.json)
    if asked.name is None:
        raise UnknownCalculator("Which calculator?", fix="All of them: open401k calc --list")
    calculator = find(asked.name)
    if asked.schema:
        return _json(calculator.schema())
    if asked.example:
        return _json(example_of(calculator))
    answer = calculator.calculate(_input(asked))
    if asked.json:
        return _json(answer)
    _say(sys.stdout, *_lines(answer))
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="open401k calc",
        description=HELP,
        epilog="open401k calc adp-test --example | open401k calc adp-test",
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", help="The calculator, as --list names it.")
    parser.add_argument("--list", action="store_true", help="Every calculator; with --json also its schema.")
    parser.add_argument("--schema", action="store_true", help="The JSON Schema of the input.")
    parser.add_argument("--example", action="store_true", help="An input that works.")
    parser.add_argument("--json", action="store_true", help="Print JSON.")
    parser.add_argument("--input", metavar="FILE", help="Read the input from a file instead of standard input.")
    parser.add_argument(
        "--set",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        help="Set one field, like year=2026 or participants.0.hce=true; may be repeated.",
    )
    return parser


def _input(asked: argparse.Namespace) -> Any:
    """What was piped or read from the file, with the fields that were set; without either, those alone."""
    text = ""
    if asked.input is not None:
        try:
            with open(asked.input, encoding="utf-8") as file:
                text = file.read(MOST_BYTES + 1)
        except (OSError, UnicodeDecodeError) as error:
            raise Open401kError(f"{asked.input} cannot be read: {error}.") from error
    elif not sys.stdin.isatty() and not asked.set:
        text = sys.stdin.read(MOST_BYTES + 1)
    elif not asked.set:
        raise Open401kError("No input.", fix=f"Pipe JSON in; one that works: open401k calc {asked.name} --example")
    if len(text) > MOST_BYTES:
        raise InputRefused([Problem((), f"is longer than {MOST_BYTES:,} characters")])
    return set_fields(parsed(text) if text.strip() else {}, asked.set)


def _list(*, as_json: bool) -> int:
    every = list(calculators().values())
    if as_json:
        return _json([listed(each) for each in every])
    width = max(len(each.name) for each in every)
    room = max(shutil.get_terminal_size((120, 24)).columns - width - 2, 40)
    for each in every:
        title = textwrap.shorten(f"{each.title} ({each.citation})", room, placeholder=" ...")
        _say(sys.stdout, f"{each.name:<{width}}  {title}")
    return DONE


def listed(calculator: Calculator) -> dict[str, Any]:
    """A calculator in a list."""
    return {
        "name": calculator.name,
        "title": calculator.title,
        "citation": calculator.citation,
        "subject": calculator.subject,
        "schema": calculator.schema(),
    }


def _refused(refused: InputRefused, *, as_json: bool) -> int:
    if as_json:
        problems = [{"path": each.where, "message": each.message} for each in refused.problems]
        _say(sys.stdout, json.dumps({"problems": problems, "fix": refused.fix}, indent=2, ensure_ascii=False))
        return BAD_INPUT
    _say(sys.stderr, *(f"Error: {line}" for line in refused.message.split("\n")))
    if refused.fix:
        _say(sys.stderr, f"Fix:   {refused.fix}")
    return BAD_INPUT


def _lines(answer: dict[str, Any]) -> list[str]:
    """The answer for people: what it is, its values, its tables, its words."""
    wide = min(shutil.get_terminal_size((100, 24)).columns, 120)
    lines = [f"{answer['title']} ({answer['citation']})", ""]
    for block in told(answer):
        lines += [f"{block.heading}:"] if block.heading else []
        lines += _of_pairs(block, wide) if isinstance(block, Pairs) else _of_table(block)
        lines.append("")
    return [*lines, *textwrap.wrap(answer["explanation"], wide), f"Law {answer['law_version']}"]


def _of_pairs(block: Pairs, wide: int) -> list[str]:
    width = max(len(label) for label, _ in block.pairs)
    lines = []
    for label, value in block.pairs:
        first, *more = textwrap.wrap(value, max(wide - width - 4, 20)) or [""]
        lines += [f"  {label:<{width}}  {first}", *(f"  {'':<{width}}  {line}" for line in more)]
    return lines


def _of_table(table: Table) -> list[str]:
    widths = [max(len(row[place]) for row in (table.columns, *table.rows)) for place in range(len(table.columns))]

    def line(cells: Sequence[str]) -> str:
        set_out = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, table.numbers, strict=True)
        )
        return ("  " + "  ".join(set_out)).rstrip()

    return [line(table.columns), *(line(row) for row in table.rows)]


def _json(value: Any) -> int:
    _say(sys.stdout, json.dumps(value, indent=2, ensure_ascii=False))
    return DONE


def _say(where: TextIO, *lines: str) -> None:
    for line in lines:
        where.write(line + "\n")


def run() -> NoReturn:
    """The console script's part: everything after ``calc``."""
    sys.exit(main(sys.argv[2:]))
