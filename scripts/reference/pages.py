"""The pages of the reference, each from the code that it describes. Not here: words that the code lacks (words.py)."""

# ruff: noqa: E501 - a sentence of a page reads better in one piece

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import typer

from open401k import law
from open401k.calculators import Calculator
from open401k.calculators import calculators as find_all
from open401k.calculators.names import LEFT_OUT
from open401k.calculators.shapes import Field
from open401k.compliance.registry import PLAN_TESTS
from open401k.doors.cli import app as command_line
from open401k.doors.guard import Needs, Open, guards_of, routes_of
from open401k.payroll import LAYOUTS, PARTIAL, RECORDS

from . import described, law_rules, node_api, payroll_formats, words

HEAD = "<!-- Written by `make reference` from the code; change it there. -->\n"


def cli() -> str:
    """Commands, their arguments and options."""
    parts = [
        "# Commands",
        "Every command that answers something takes `--json`. Exit codes: 0 done; 1 refused or failed; 2 what was typed, or a "
        "file that was sent, cannot be meant, and nothing was done; 130 interrupted.",
    ]
    parts += [_command(name, command) for name, command in commands()]
    return _page(*parts)


def commands() -> list[tuple[str, Any]]:
    """Every command with its full name."""
    return list(_leaves(typer.main.get_command(command_line), "open401k"))


def _leaves(command: Any, name: str) -> Iterable[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
    for part, one in (inner or {}).items():
        yield from _leaves(one, f"{name} {part}")


def _command(name: str, command: Any) -> str:
    rows = []
    for option in command.params:
        is_argument = option.param_type_name == "argument"
        written = (
            f"`{option.name.upper()}`"
            if is_argument
            else " ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))
        )
        default = "" if option.default in (None, "", False) or callable(option.default) else f"`{option.default}`"
        rows.append((written, _words(getattr(option, "help", "") or ""), "needed" if option.required else default))
    told = [f"## {name}", _words(command.help or "")]
    return "\n\n".join([*told, _table(("", "", "usual"), rows)] if rows else told)


def api() -> str:
    """Routes: who may ask, what is sent, what comes back."""
    app = described.application()
    document = app.openapi()
    needs = {(str(route.path), method): _needs(route) for route in routes_of(app) for method in route.methods or ()}
    parts = [
        "# The HTTP API",
        "The whole description, with every schema, is at `/docs` and `/openapi.json` of a running server. How to use it: "
        "[connect by API](../howto/connect-by-api.md).",
        document["info"]["description"].strip(),
    ]
    groups: dict[str, list[str]] = {}
    for path, routes in document["paths"].items():
        for method, route in routes.items():
            block = _route(f"{method.upper()} {path}", route, needs[path, method.upper()])
            groups.setdefault(route.get("tags", ["Other"])[0], []).append(block)
    for group, blocks in groups.items():
        parts += [f"## {group}", *blocks]
    return _page(
        *parts, "## Schemas", *(_schema(name, each) for name, each in sorted(document["components"]["schemas"].items()))
    )


def _needs(route: Any) -> str:
    guard = next(iter(guards_of(route)), None)  # static files have none
    if isinstance(guard, Open):
        return f"nothing: {guard.because}"
    return f"`{guard.permission.value}`" if isinstance(guard, Needs) and guard.permission else "any credential"


def _route(name: str, route: Mapping[str, Any], needs: str) -> str:
    lines = [f"### {name}", _words(route.get("description", route["summary"])), f"- Needs {needs}"]
    asked = [each for each in route.get("parameters", []) if each["in"] != "path"]
    if asked:
        lines.append("- Takes " + ", ".join(f"`{each['name']}` ({each['in']})" for each in asked))
    for kind, body in route.get("requestBody", {}).get("content", {}).items():
        lines.append(f"- Body ({kind}): {_kind(body['schema'])}")
    for code, answer in route["responses"].items():
        kinds = [_kind(each["schema"]) for each in answer.get("content", {}).values() if "schema" in each]
        lines.append(f"- {code}: {', '.join(kinds) or answer['description']}")
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:])


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    told = [f"### {name}", _words(schema.get("description", ""))]
    needed = set(schema.get("required", ()))
    rows = [
        (f"`{member}`", _kind(each), "needed" if member in needed else "", _words(each.get("description", "")))
        for member, each in schema.get("properties", {}).items()
    ]
    if rows:
        told.append(_table(("", "kind", "", ""), rows))
    elif "enum" in schema:
        told.append(", ".join(f"`{each}`" for each in schema["enum"]))
    return "\n\n".join(part for part in told if part)


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_kind(each) for each in schema[several])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        inner = schema.get("items") or {}
        return f"list of {_kind(inner)}" if inner else "row of " + ", ".join(map(_kind, schema.get("prefixItems", [])))
    return " ".join(filter(None, (str(schema.get("type", "anything")), schema.get("format", ""))))


def findings() -> str:
    """Every finding of a payroll check."""
    rows = [
        (f"`{code.value}`", severity.value, meaning, fix) for code, (severity, meaning, fix) in words.FINDINGS.items()
    ]
    return _page(
        "# Findings of a payroll file",
        "*Reject*: nothing of the file is posted. *Hold*: the money waits in suspense, the rest posts. *Note*: told; some notes "
        "ask for a yes before anything posts. All findings of a file come at once, each with row, column, masked value, reason "
        "and fix. The codes are stable.",
        _table(("code", "", "what it means", "what to do"), rows),
    )


def refusals() -> str:
    """Why a command was not carried out."""
    parts = [
        "# Refusals",
        "Each list is in order of precedence: the first that holds is answered. The codes are stable.",
    ]
    for title, members in words.REFUSALS.items():
        parts += [f"## {title}", _table(("code", "why"), [(f"`{each.value}`", why) for each, why in members.items()])]
    return _page(*parts)


def settings() -> str:
    """What an operator may set."""
    rows = [(f"`{name}`", usual, told) for name, (usual, told) in words.SETTINGS.items()]
    told = (
        "All are environment variables, read once at the start; a value that cannot be meant is refused with its fix."
    )
    return _page("# Settings", told, _table(("setting", "if unset", "what it decides"), rows))


def events() -> str:
    """What is told to the outside."""
    rows = [(f"`{name}`", *told) for name, told in words.EVENTS.items()]
    told = (
        "`GET /v1/plans/{plan_id}/events` streams them (server-sent events); `Last-Event-ID` resumes where a connection broke. "
        "[Webhooks](../howto/connect-by-api.md#be-told-of-events) bring their ids. An event is written in the transaction that it tells of."
    )
    return _page("# Events", told, _table(("kind", "what happened", "subject", "data"), rows))


def tests() -> str:
    """The tests of a plan."""
    rows = [
        (f"`{each.measure.test.value}`", each.measure.title, each.measure.citation, each.measure.unit.value)
        for each in PLAN_TESTS
    ]
    told = "All run after each payroll, each correction and on each day that begins, on the facts known then; results carry their working."
    return _page("# Plan tests", told, _table(("key", "test", "citation", "measured in"), rows))


UNITS = {law.figures.Unit.USD: "dollars", law.figures.Unit.BPS: "basis points", law.figures.Unit.COUNT: "whole numbers"}


LEVELS = (
    "Level A: primary text read, and a second source agrees; B: primary text read in one copy, or two secondary sources; C: one "
    "source, or a text that could not be read; D: contested or only proposed."
)


def figures() -> str:
    """The law's figures and tables with citation, level and values."""
    parts = [
        "# Figures of the law",
        f"Version `{law.version()[:16]}`. {LEVELS} "
        "A year that is not here is refused, never guessed: [add a year](../howto/add-a-year.md).",
    ]
    for file, rows in _by_file():
        parts.append(f"## {file}")
        parts += [_figure(each) for each in rows]
    parts.append("## Tables")
    return _page(*parts, *(_dated_table(each) for each in law.tables.all_tables()))


def _by_file() -> list[tuple[str, list[law.figures.Figure]]]:
    found: dict[str, list[law.figures.Figure]] = {}
    for each in law.figures.all_figures():
        found.setdefault(each.file, []).append(each)
    return sorted(found.items(), key=lambda pair: (pair[0] != "limits.yaml", pair[0]))


def _figure(each: law.figures.Figure) -> str:
    values = [(str(year), f"{value:,}") for year, value in sorted(each.values.items())]
    ahead = "; holds until changed" if each.carries_forward else ""
    return (
        f"### {each.id}\n\n{each.name}. {each.cite}.\n\n"
        f"Level {each.level}, in {UNITS[each.unit]}, read by {each.read_by.value.replace('_', ' ')}{ahead}, "
        f"checked on {each.checked_on}.\n\n" + _table(("year", "value"), values)
    )


def _dated_table(each: law.tables.Table) -> str:
    told = [
        f"### {each.id}",
        f"{each.name}. {each.cite}.",
        f"Level {each.level}, in {each.unit}, from `tables/{each.file}`, checked on {each.checked_on}.",
    ]
    for since, rows in sorted(each.editions.items()):
        told += [f"From {since}:", _beside(list(rows.items()))]
    return "\n\n".join(told)


def _beside(rows: Sequence[tuple[str, Any]]) -> str:
    """Long tables in several columns, read downwards."""
    columns = 1 if len(rows) <= 20 else 4
    height = -(-len(rows) // columns)
    lines = [[cell for key, value in rows[row::height] for cell in (key, str(value))] for row in range(height)]
    wide = max(map(len, lines))
    return _table(("", "value") * (wide // 2), [line + [""] * (wide - len(line)) for line in lines])


def rules() -> str:
    """The law's rules with citation, tests, confidence and worked examples."""
    found = law_rules.subjects()
    every = [rule for subject in found for rule in subject.rules]
    passed = {case for rule in every for case in rule.cases}
    parts = [
        "# Rules of the law",
        f"{len(every)} rules of {len(found)} subjects, each a pure function of `open401k.law`. {len(passed)} worked examples of "
        "regulations, agencies and practitioners are read by their tests (`tests/law/cases`): what the source says is what the rule "
        "answers, and where a source errs the test says why. A test counts where it names the rule, directly or through a helper "
        "of its file; a rule that none names is exercised through the rules that call it.",
        f"{len(law_rules.other_cases())} more are read by tests of the figures or of whole plans: "
        f"{', '.join(law_rules.other_cases())}. {len(law_rules.case_ids())} are on file.",
        f"Confidence is that of the figures a subject reads, the least sure of them ([figures](figures.md)); a dash: it reads none, "
        f"its numbers are those of the sections cited. {LEVELS}",
        _table(
            ("subject", "rules", "worked examples", "confidence", "what"),
            [
                (
                    f"[{each.name}](#{each.name})",
                    str(len(each.rules)),
                    str(len({case for rule in each.rules for case in rule.cases})),
                    each.level or "-",
                    _words(each.said),
                )
                for each in found
            ],
        ),
    ]
    for each in found:
        parts += [
            f"## {each.name}",
            _words(each.said),
            _table(("rule", "citation", "tests", "confidence", "cases passed"), map(_rule, each.rules)),
        ]
    return _page(*parts)


def _rule(rule: law_rules.Rule) -> tuple[str, ...]:
    level = next(each.level for each in law_rules.subjects() if each.name == rule.subject)
    tests = ", ".join(f"[{file}](../../tests/law/{file}): {count}" for file, count in rule.tests.items())
    said = _words(rule.said)
    through = "through " + ", ".join(f"`{each}`" for each in rule.through[:3]) if rule.through else "-"
    return (f"`{rule.name}`: {said}", rule.citation, tests or through, level or "-", ", ".join(rule.cases) or "-")


def calculators() -> str:
    """Every calculator by subject, with what it takes; and the rules that are none, with the reason."""
    every = list(find_all().values())
    parts = [
        "# Calculators",
        f"{len(every)} calculators, each a rule of the law or a few together: `open401k calc NAME`, `POST /v1/calculations/NAME` "
        "of a server, or its page at `/calculators/NAME`. [How to use them](../howto/use-the-calculators.md). Inputs in brackets may be left out; those after a colon "
        "are fields of each person. Schemas: `open401k calc --list --json`.",
    ]
    for subject in dict.fromkeys(each.subject for each in sorted(every, key=lambda each: each.subject)):
        rows = [
            (f"`{each.name}`", f"{_words(each.title)} ({each.citation})", _inputs(each))
            for each in every
            if each.subject == subject
        ]
        parts += [f"## {subject.replace('_', ' ')}", _table(("calculator", "what", "inputs"), rows)]
    left = [(f"`{rule}`", reason) for rule, reason in LEFT_OUT.items()]
    return _page(*parts, "## Rules that are no calculators", _table(("rule", "why"), left))


def _inputs(calculator: Calculator) -> str:
    def listed(fields: Mapping[str, Field]) -> str:
        return ", ".join(f"`{name}`" if field.required else f"[`{name}`]" for name, field in fields.items())

    plain = {
        name: field
        for name, field in calculator.inputs.fields.items()
        if name != "participants" or not calculator.people
    }
    people = f"`participants`: {listed(calculator.people)}" if calculator.people else ""
    return "; ".join(part for part in (listed(plain), people) if part) or "none"


def formats() -> str:
    """Payroll files of each vendor: what is read, what is written, what they cannot carry and why."""
    parts = [
        *payroll_formats.lead(),
        _table(("format", "name", "reads", "writes", "days", "file name"), payroll_formats.overview()),
        "## Not here",
        _table(("what", "why"), payroll_formats.MISSING),
    ]
    for each in (*LAYOUTS, *PARTIAL):
        parts += [
            f"## {each.title}",
            "\n".join(payroll_formats.layout_words(each)),
            _table(("heading", "field", ""), payroll_formats.layout_rows(each)),
        ]
    for record in RECORDS:
        parts += [
            f"## {record.title}",
            "\n".join(payroll_formats.record_words(record)),
            _table(("position", "name", "field"), payroll_formats.record_rows(record)),
        ]
    return _page(*parts, "## Instructions to payroll (360)", "\n".join(payroll_formats.feedback_words()))


def of_node() -> str:
    """What a custodian's node answers over HTTP, and the facts that it takes."""
    parts = [
        "# The API of a node",
        node_api.words(),
        _table(("route", "who may", "what it does"), node_api.operations()),
    ]
    parts.append("## Facts\n\nA field that may be `None` and is left out is not known, which is never the same as no.")
    for name, told, rows in node_api.records():
        parts += [f"### {name}", _words(told), _table(("field", "type"), node_api.rows_of(rows))]
    return _page(*parts)


def index() -> str:
    """What the reference has."""
    rows = [(f"[{name}]({name})", (page.__doc__ or "").split("\n")[0]) for name, page in PAGES.items()]
    return _page(
        "# Reference", "Written from the code; a test holds it to be what the code says.", _table(("", ""), rows)
    )


def _words(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _page(*parts: str) -> str:
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "api.md": api,
    "node-api.md": of_node,
    "findings.md": findings,
    "payroll-formats.md": formats,
    "refusals.md": refusals,
    "settings.md": settings,
    "events.md": events,
    "tests.md": tests,
    "figures.md": figures,
    "law.md": rules,
    "calculators.md": calculators,
}


def everything() -> dict[str, str]:
    """Every page by the name of its file."""
    return {"README.md": index(), **{name: page() for name, page in PAGES.items()}}
