"""Recognising the columns of a file, by name and by content, as a proposal a person confirms. Not here: storing it."""

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from dataclasses import replace

from rapidfuzz import fuzz, process

from . import headings as words
from .cells import shown, written_as
from .findings import Code, Finding, Severity
from .mapping import Column, DateOrder, Mapping, MappingProposal, ProposedColumn, Reading, fingerprint, letter
from .rows import BY_CODE, DATES, MONEY, Field, masked_ssn

#: Without these a row says nothing about a contribution; SSN may be an employee id instead.
REQUIRED = (Field.SSN, Field.LAST_NAME, Field.FIRST_NAME, Field.PAY_DATE, Field.GROSS, Field.PRE_TAX)
NEAR_ENOUGH = 84
SAMPLES = 3

_KINDS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("ssn", re.compile(r"\d{3}-?\d{2}-?\d{4}", re.ASCII).fullmatch),
    ("date", re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch),
    ("percent", re.compile(r"\d{1,3}(\.\d+)?\s?%", re.ASCII).fullmatch),
    ("money", re.compile(r"[-(]?\$?\d[\d,]*\.\d{1,2}\)?", re.ASCII).fullmatch),
    ("number", re.compile(r"-?\d+(\.\d+)?", re.ASCII).fullmatch),
)


def content_kind(cells: Sequence[str]) -> str:
    """What the cells of a column look like: ssn, date, percent, money, number, text, or blank."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "blank"
    for kind, fits in _KINDS:
        if all(fits(cell) or (kind == "money" and _KINDS[-1][1](cell)) for cell in filled) and any(map(fits, filled)):
            return kind
    return "text"


def propose(
    headings: Sequence[str],
    samples: Sequence[Sequence[str]],
    *,
    provider: str = "",
    remembered: Sequence[Mapping] = (),
    typed_dates: bool = False,
    published: Table[str, Field | None] | None = None,
) -> MappingProposal:
    """What each column seems to be. Settled only when a person settled this exact fingerprint before.

    ``samples`` are the first rows. ``remembered`` are the mappings settled for this provider, newest first.
    ``published`` is what some headings mean by the vendor's own word, in small letters.
    """
    for mapping in remembered:
        if mapping.fingerprint == fingerprint(provider, headings):
            return settled_by(mapping, samples)
    cells = [[row[place] for row in samples] for place in range(len(headings))]
    columns = [_by_name(place, heading, cells[place], published or {}) for place, heading in enumerate(headings)]
    changes: tuple[str, ...] = ()
    if remembered:
        columns, changes = _against(remembered[0], columns, cells)
    ambiguous = _ambiguities(columns, cells)
    fields = {column.field for column in columns}
    missing = tuple(field for field in REQUIRED if field not in fields and not _instead(field, fields))
    reading = propose_reading(columns, cells)
    if remembered:
        reading, rewritten = _reading_now(remembered[0].reading, columns, cells, typed_dates=typed_dates)
        changes += rewritten
    return MappingProposal(
        provider, fingerprint(provider, headings), tuple(columns), missing, ambiguous, False, reading, changes
    )


def _instead(field: Field, fields: set[Field | None]) -> bool:
    """An employee id stands in for SSN and names, payroll's own number for the SSN; Roth alone is a deferral too."""
    if field is Field.SSN and Field.EMPLOYEE_NUMBER in fields:
        return True
    if field in (Field.SSN, Field.FIRST_NAME, Field.LAST_NAME):
        return Field.EMPLOYEE_ID in fields and Field.SSN not in fields
    return field is Field.PRE_TAX and Field.ROTH in fields


def settled_by(mapping: Mapping, samples: Sequence[Sequence[str]]) -> MappingProposal:
    """The proposal that a settled mapping amounts to: nothing left to ask."""
    columns = tuple(
        ProposedColumn(
            column.letter,
            column.heading,
            column.field,
            100,
            "settled before",
            masked_samples([row[column.place] for row in samples], column.field),
            name=column.name,
        )
        for column in mapping.columns
    )
    return MappingProposal(mapping.provider, mapping.fingerprint, columns, (), (), True, mapping.reading)


def masked_samples(cells: Sequence[str], field: Field | None) -> tuple[str, ...]:
    """The first different cells, with nothing that identifies a person in full."""
    filled = list(dict.fromkeys(cell for cell in cells if cell.strip()))[:SAMPLES]
    if field is Field.SSN or content_kind(cells) == "ssn":
        return tuple(masked_ssn(cell) for cell in filled)
    return tuple(shown(cell) for cell in filled)


def _by_name(place: int, heading: str, cells: Sequence[str], published: Table[str, Field | None]) -> ProposedColumn:
    kind = content_kind(cells)
    if by_code := _by_code(heading):
        why, samples = "our own heading of a payroll code", masked_samples(cells, by_code[0])
        return ProposedColumn(letter(place), heading, by_code[0], 100, why, samples, name=by_code[1])
    field, confidence, why = words.field_of(heading), 100, "known heading"
    if field in (Field.EMPLOYEE_ID, Field.EMPLOYEE_NUMBER):
        field = _whose_number(cells)
    alternatives: tuple[Field, ...] = ()
    if heading.casefold() in published:
        field, why = published[heading.casefold()], "published heading"
    elif field is None and words.is_ignored(heading):
        why = "known heading that no contribution needs"
    elif field is None:
        field, confidence, why = _near(heading)
        if field is None:
            alternatives = _by_content(kind)
            confidence, why = 0, f"unknown heading; the cells look like {kind}"
    if field is not None and not _fits(field, kind):
        why, confidence = f"{why}, but the cells look like {kind}", min(confidence, 40)
    return ProposedColumn(
        letter(place), heading, field, confidence, why, masked_samples(cells, field), alternatives=alternatives
    )


def _by_code(heading: str) -> tuple[Field, str] | None:
    """What our own layout writes before a payroll code, in whichever file it stands."""
    for field, prefix in zip(BY_CODE, ("pay:", "hours:", "deduction:"), strict=True):
        if heading.casefold().startswith(prefix) and (code := heading[len(prefix) :].strip()):
            return field, code
    return None


def _whose_number(cells: Sequence[str]) -> Field:
    """A column of employee ids: ours, which all begin with ``emp_``, or the numbers that payroll gives people."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    ours = bool(filled) and all(cell.startswith("emp_") for cell in filled)
    return Field.EMPLOYEE_ID if ours else Field.EMPLOYEE_NUMBER


def _near(heading: str) -> tuple[Field | None, int, str]:
    """A near miss of a known wording: proposed with its likeness, never taken for granted."""
    close = process.extract(
        words.normal(heading), words.words().keys(), scorer=fuzz.ratio, limit=5, score_cutoff=NEAR_ENOUGH
    )
    fields = list(dict.fromkeys(words.words()[wording] for wording, _, _ in close))
    if not fields or (len(fields) > 1 and close[0][1] - close[-1][1] < 4):
        return None, 0, ""
    return fields[0], min(95, int(close[0][1])), f"close to {close[0][0]!r}"


def _by_content(kind: str) -> tuple[Field, ...]:
    if kind == "ssn":
        return (Field.SSN,)
    if kind == "date":
        return tuple(field for field in Field if field in DATES)
    return tuple(field for field in Field if field in MONEY) if kind == "money" else ()


def _fits(field: Field, kind: str) -> bool:
    if kind == "blank":
        return True
    if field is Field.SSN:
        return kind in ("ssn", "number", "text")
    if field in DATES:
        return kind in ("date", "number", "text")
    if field in (Field.EMPLOYER_EIN, Field.PAY_GROUP, Field.FIRST_NAME, Field.LAST_NAME):
        return kind not in ("percent", "date", "money")
    return kind in ("money", "number", "text") if field in MONEY else kind not in ("percent", "date")


def _ambiguities(columns: Sequence[ProposedColumn], cells: Sequence[Sequence[str]]) -> tuple[str, ...]:
    places: dict[Field, list[str]] = {}
    for column in columns:
        if column.field is not None and not column.field.may_repeat:
            places.setdefault(column.field, []).append(f"{column.letter} {column.heading}")
    twice = [f"{' and '.join(labels)} both seem to be {field}" for field, labels in places.items() if len(labels) > 1]
    odd = [
        f"{column.letter} {column.heading}: {column.why}"
        for column, content in zip(columns, cells, strict=True)
        if column.field is not None and not _fits(column.field, content_kind(content))
    ]
    return tuple(twice + odd)


def _against(
    old: Mapping, columns: list[ProposedColumn], cells: Sequence[Sequence[str]]
) -> tuple[list[ProposedColumn], tuple[str, ...]]:
    """Carry over what was settled for headings that did not change, and say what did.

    A column in the place of one that is gone is taken for it where its cells could be that.
    """
    known = {column.heading: column for column in old.columns}
    now = {column.heading for column in columns}
    gone = {column.place: column for column in old.columns if column.heading not in now}
    result, changes = [], []
    for place, column in enumerate(columns):
        before = known.get(column.heading)
        if before is not None:
            column = replace(column, field=before.field, confidence=100, why="settled before", name=before.name)
        elif place in gone:
            renamed = gone.pop(place)
            changes.append(f"Column {column.letter}: {renamed.heading!r} is now {column.heading!r}.")
            field, why = column.field, column.why
            fits = renamed.field is not None and _fits(renamed.field, content_kind(cells[place]))
            if (field is None or column.confidence < 100) and (fits or renamed.field is None):
                field, why = renamed.field, "stands in the same place"
            column = replace(column, field=field, confidence=min(column.confidence, 90), why=why)
            column = replace(column, changed_from=renamed.heading)
        else:
            changes.append(f"Column {column.letter}: {column.heading!r} is new.")
        result.append(column)
    changes += [f"{column.heading!r} (was column {column.letter}) is gone." for column in gone.values()]
    return result, tuple(changes or ["The columns stand in another order."])


def written_otherwise(
    mapping: Mapping, samples: Sequence[Sequence[str]], *, typed_dates: bool
) -> MappingProposal | None:
    """The proposal to read a settled layout as its cells are written now; None where they are written as before."""
    cells = [[row[column.place] for row in samples] for column in mapping.columns]
    reading, changes = _reading_now(mapping.reading, mapping.columns, cells, typed_dates=typed_dates)
    if not changes:
        return None
    return replace(settled_by(mapping, samples), settled=False, reading=reading, changes=changes)


def _reading_now(
    old: Reading,
    columns: Sequence[Column | ProposedColumn],
    cells: Sequence[Sequence[str]],
    *,
    typed_dates: bool,
) -> tuple[Reading, tuple[str, ...]]:
    """What was settled, with what has changed since, in plain words.

    Dates: none of them is written as settled, and all are in another order. Amounts: all with a dollar sign, or all of
    a thousand and more with thousands set apart. A single cell that differs is a finding of its own, and so is a blank
    amount where the layout has none.
    """
    new, changes = propose_reading(columns, cells), []
    days, money = [day for day in _of(DATES, columns, cells) if day], _of(MONEY, columns, cells)
    before = (old.dates, DateOrder.ISO) if typed_dates else (old.dates,)  # a workbook's own days are read as such
    dates = old.dates
    if days and new.dates not in before and all(_only(new.dates, before, day) for day in days):
        dates = new.dates
        changes.append(f"Dates were settled to be written as {old.dates}, and are now as {dates}.")
    grouped = any(map(_GROUPED, money)) and not any(map(_UNGROUPED, money))
    if grouped and not old.grouping:
        changes.append("Amounts of a thousand and more are now written like 1,234.56.")
    dollars = any(money) and all(cell[:1] in ("$", "") for cell in money)
    if dollars and not old.dollar_sign:
        changes.append("Amounts are now written with a dollar sign.")
    now = replace(old, dates=dates, grouping=old.grouping or grouped, dollar_sign=old.dollar_sign or dollars)
    return now, tuple(changes)


def _only(now: DateOrder, before: Sequence[DateOrder], day: str) -> bool:
    return written_as(now, day) and not any(written_as(order, day) for order in before)


_GROUPED = re.compile(r"\$?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII).fullmatch
_UNGROUPED = re.compile(r"\$?\d{4,}(\.\d*)?", re.ASCII).fullmatch


def _of(
    fields: frozenset[Field], columns: Sequence[Column | ProposedColumn], cells: Sequence[Sequence[str]]
) -> list[str]:
    """The different cells of these fields' columns."""
    found: dict[str, None] = {}
    for column, content in zip(columns, cells, strict=True):
        if column.field in fields:
            found |= dict.fromkeys(map(str.strip, content))
    return list(found)


def propose_reading(columns: Sequence[Column | ProposedColumn], cells: Sequence[Sequence[str]]) -> Reading:
    """How dates and amounts are written, from the samples; part of what is confirmed."""
    money = _of(MONEY, columns, cells)
    filled = [day for day in _of(DATES, columns, cells) if day]
    orders = (
        (DateOrder.ISO, r"\d{4}-\d\d-\d\d"),
        (DateOrder.US, r"\d{1,2}/\d{1,2}/\d{4}"),
        (DateOrder.COMPACT, r"(19|20)\d{6}"),
    )
    order = max(orders, key=lambda pair: sum(bool(re.fullmatch(pair[1], day, re.ASCII)) for day in filled))[0]
    return Reading(
        dates=order,
        grouping=any("," in cell for cell in money),
        dollar_sign=any("$" in cell for cell in money),
        blank_is_zero="" in money,
    )


def findings_of(proposal: MappingProposal) -> list[Finding]:
    """Why an unsettled file waits: what is missing, unknown, ambiguous, with the best suggestion for each."""
    found = []
    optional = ", ".join(sorted(str(field) for field in Field if field not in REQUIRED and field not in BY_CODE))
    for field in proposal.missing:
        reason = f"No column is {field}."
        fix = f"Add the column {field}, or say which column it is. Optional columns: {optional}."
        found.append(Finding(Severity.REJECT, Code.HEADER_MISSING, reason, fix, row=1, line=1, column=str(field)))
    for column in proposal.columns:
        if column.confidence == 100 and not column.changed_from:
            continue
        suggestion = f"Is it {column.field}?" if column.field else "Say which field it is, or that it is read over."
        reason = f"The heading {column.heading!r} is not known ({column.why})."
        if column.changed_from:
            reason = f"The heading {column.changed_from!r} became {column.heading!r}."
        label = f"{column.letter} {column.heading}"
        found.append(Finding(Severity.REJECT, Code.HEADER_UNKNOWN, reason, suggestion, row=1, line=1, column=label))
    for reason in proposal.ambiguous:
        found.append(Finding(Severity.REJECT, Code.HEADER_UNKNOWN, reason, "Say which one it is.", row=1, line=1))
    return found


def _chosen(place: int, column: ProposedColumn, field: Field | None) -> Column:
    """A column as it was settled; its heading is the pay code, unless the proposal knows a better name."""
    name = column.heading if field in BY_CODE and not column.name else column.name
    return Column(place, column.heading, field, name)


def settle(proposal: MappingProposal, choices: dict[str, Field | None], reading: Reading | None = None) -> Mapping:
    """The mapping a person confirmed: the proposal, with their ``choices`` by column letter over it.

    A required field without a column, or a field in two columns, is a ValueError that says which.
    """
    columns = tuple(
        _chosen(place, column, choices.get(column.letter, column.field))
        for place, column in enumerate(proposal.columns)
    )
    mapping = Mapping(proposal.provider, columns, reading or proposal.reading)
    fields: set[Field | None] = set(mapping.fields)
    lacking = [str(field) for field in REQUIRED if field not in fields and not _instead(field, fields)]
    lacking = [field for field in lacking if field != Field.PAY_DATE]
    if lacking:
        raise ValueError(f"no column is {', '.join(lacking)}")
    for field in mapping.fields:
        if not field.may_repeat and sum(column.field is field for column in columns) > 1:
            raise ValueError(f"two columns are {field}; choose one")
    return mapping
