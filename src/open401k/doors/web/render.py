"""How pages write things: Jinja environment, filters, words for standings. Not here: what pages say (views)."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from open401k.custody import retries
from open401k.kernel import Money
from open401k.views.connections import Stands
from open401k.views.deposits import State
from open401k.views.fix_links import code_anchor
from open401k.views.shown import DutyState, PayrollLine, Percent, RunState, Shown, Standing

from .. import payroll_words
from ..assets import Assets
from ..saying import count, day, instant
from . import charts

STATIC = Path(__file__).parent / "static"
_SPACED_PERCENT = re.compile(r"(\d) %(?!\w)")
_ISO_DAY = re.compile(r"(?<![\w./-])(\d{4})-(\d\d)-(\d\d)(?![\w/-]|\.\w)")
_RUN_ID = re.compile(r"\b(?:run )?(run_[0-9a-f]{32})\b")

#: Word and colour of every closed set that pages tag; the word carries the meaning.
TAGS: Mapping[str, tuple[str, str]] = {
    **{f"standing:{key}": value for key, value in {
        Standing.PASSES: ("Passes", "ok"),
        Standing.AT_RISK: ("On track to fail", "warn"),
        Standing.FAILS: ("Fails today", "bad"),
        Standing.NOT_REQUIRED: ("Not required", ""),
        Standing.NOT_ENACTED: ("Waits for a figure", "warn"),
        Standing.TOP_HEAVY: ("Top-heavy", "warn"),
    }.items()},
    **{f"run:{key}": value for key, value in {
        RunState.MAPPING: ("Columns to confirm", "warn"),
        RunState.CHECKED: ("Checked, not posted", "warn"),
        RunState.POSTING: ("Posting", ""),
        RunState.POSTED: ("Posted", "ok"),
        RunState.POSTED_WITH_HOLDS: ("Posted, some held", "warn"),
        RunState.REJECTED: ("Rejected", "bad"),
        RunState.REPLACED: ("Replaced", ""),
        RunState.CANCELED: ("Canceled", ""),
    }.items()},
    **{f"duty:{key}": value for key, value in {
        DutyState.AHEAD: ("Ahead", ""),
        DutyState.SOON: ("Due soon", "warn"),
        DutyState.LATE: ("Late", "bad"),
        DutyState.DONE: ("Done", "ok"),
    }.items()},
    **{f"deposit:{key}": value for key, value in {
        State.DUE: ("Due", "warn"),
        State.ON_ITS_WAY: ("On its way", ""),
        State.RECEIVED: ("Received", "ok"),
        State.COVERED: ("Nothing to send", "ok"),
        State.SHORT: ("Short", "warn"),
        State.LATE: ("Late", "bad"),
        State.RETURNED: ("Returned", "bad"),
    }.items()},
    **{f"connection:{key}": value for key, value in {
        Stands.NEEDS_A_PERSON: ("Connect again", "bad"),
        Stands.NOT_UNDERSTOOD: ("Not taken", "bad"),
        Stands.LATER: ("Asked again by itself", "warn"),
        Stands.WAITS: ("Waits for you", "warn"),
        Stands.NEW: ("Not asked yet", ""),
        Stands.CONNECTED: ("Connected", "ok"),
        Stands.PAUSED: ("Paused", ""),
    }.items()},
    "file:made": ("Ready", "warn"),
    "file:sent": ("At the bank", ""),
    "file:withdrawn": ("Withdrawn", ""),
    "severity:note": ("Note", ""),
    "severity:hold": ("Held", "warn"),
    "severity:reject": ("Rejected", "bad"),
}  # fmt: skip


def show(value: Shown) -> str | Markup:
    """Any value of a view-model as a person reads it."""
    match value:
        case None:
            return "–"
        case datetime():
            return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), instant(value))
        case date():
            return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day(value))
        case Money() | Percent() | str():
            return str(value)
        case int():
            return f"{value:,}"


def is_number(value: Shown) -> bool:
    """Whether a cell is set flush right."""
    return isinstance(value, Money | Percent | int)


def tag(kind: str, key: str) -> Markup:
    """A status as a word with a colour and a shape."""
    words, colour = TAGS[f"{kind}:{key}"]
    return Markup('<span class="tag {}">{}</span>').format(colour, words)


def lower_first(words: str) -> str:
    """For the middle of a sentence; an abbreviation stays as it is."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def came_from(run: PayrollLine) -> str:
    """Where a payroll came from, as people call it."""
    return payroll_words.came_from(run.provider, run.file_name)


def dated(words: str) -> str:
    """A sentence whose days are written as sentences write them: ``July 1, 2026``; the name of a file stays."""
    return _ISO_DAY.sub(_in_words, words)


def _in_words(found: re.Match[str]) -> str:
    try:
        value = date.fromisoformat(found[0])
    except ValueError:
        return found[0]
    return f"{value:%B} {value.day}, {value.year}"


def with_runs(words: str, base: str) -> Markup:
    """A sentence in which the id of a run has become a link to that payroll."""
    words = dated(_SPACED_PERCENT.sub(r"\1%", words))
    link = f'<a href="{escape(base)}/payrolls/\\g<1>">that payroll</a>'
    return Markup(_RUN_ID.sub(link, str(escape(words))))  # noqa: S704 - everything around the link is escaped


def tidied(value: object) -> object:
    """A percentage in a sentence is written as it is everywhere else on a page: without a space."""
    return _SPACED_PERCENT.sub(r"\1%", value) if type(value) is str else value


def environment(assets: Assets) -> Environment:
    """The environment of all templates: escaping on, unknown names are errors."""
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=tidied,
    )
    env.filters.update(with_runs=with_runs, dated=dated, show=show, day=day, instant=instant, count=count)
    env.filters.update(lower_first=lower_first, came_from=came_from)
    env.filters["code_anchor"] = code_anchor
    env.filters["back_reason"] = retries.reason
    env.filters["cents"] = lambda cents: str(Money(cents))
    env.tests["number_shown"] = is_number
    env.globals.update(asset=assets.url, sri=assets.integrity, tag=tag, charts=charts)
    return env


class Pages:
    """Renders a page by its name; what every page needs is passed with it."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._env = environment(assets)

    def html(self, name: str, **words: Any) -> str:
        """The page as text."""
        return self._env.get_template(f"pages/{name}.html").render(**words)
