"""How doors take values as text: patterns of money, percentages and words. Not here: what is taken (api/v1/models)."""

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MoneyText = Annotated[
    str,
    StringConstraints(pattern=r"^-?\d{1,13}\.\d{2}$"),
    Field(description="US dollars and cents, such as 1234.50; never a number", examples=["1234.50"]),
]
PercentText = Annotated[
    str, StringConstraints(pattern=r"^-?\d{1,7}\.\d{2}$"), Field(description="A percentage, such as 5.21")
]
#: Text that PostgreSQL can hold: without the character of number zero.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", max_length=200)]

SsnText = Annotated[
    str,
    StringConstraints(pattern=r"^\d{3}-?\d{2}-?\d{4}$"),
    Field(description="Nine digits; stored encrypted, shown masked", repr=False),
]


_NUMBER = "It is no number with two digits after the point, as text."
#: Of a pattern above, by its end: what text that does not follow it is, and how it is written.
_HOW_TO_WRITE: tuple[tuple[str, str, str], ...] = (
    (r"\.\d{2}$", _NUMBER, 'Write it as "1234.50": in quotation marks, no sign of currency, no commas, both cents.'),
    (r"\d{2}-?\d{4}$", "It is no Social Security number.", 'Write its nine digits as text: "219-11-1003".'),
    (r"-?\d{7}$", "It is no employer identification number.", 'Write its nine digits as text: "12-3456789".'),
)


def how_to_write(pattern: str) -> tuple[str, str] | None:
    """Why text that does not follow a pattern is refused, and the fix; None where the pattern has no words.

    >>> how_to_write(r"^\\d{1,12}\\.\\d{2}$")[0]
    'It is no number with two digits after the point, as text.'
    """
    return next(((reason, fix) for end, reason, fix in _HOW_TO_WRITE if pattern.endswith(end)), None)


_DAY = ("It is no date.", "Write it as 2026-08-14.")
_INSTANT = ("It is no time of a day with its offset.", "Write it as 2026-08-14T15:30:00Z.")
_OBJECT = ("It is no JSON object.", "Send it in braces, with the members that the API reference names.")
_WHOLE = ("It is no whole number.", "Write it as 12.")
_NO_NUMBER = ("It is no number.", "Write it as 12.5.")
#: Of a kind of error, by how its name begins: what is wrong, and the fix; {} takes what the error says beside.
_WHAT_IS_WRONG: tuple[tuple[str, str, str], ...] = (
    ("missing", "It is missing.", "Send it; the API reference says what it is."),
    ("extra_forbidden", "No member of this name is taken here.", "Leave it out, or correct its name."),
    ("json_invalid", "It is not JSON: {error}.", "Correct it there; texts stand in double quotation marks."),
    ("model_", *_OBJECT),
    ("dict_", *_OBJECT),
    ("list_type", "It is no list.", "Send it in square brackets, with a comma between its members."),
    ("tuple_type", "It is no list.", "Send it in square brackets, with a comma between its members."),
    ("int_", *_WHOLE),
    ("float_", *_NO_NUMBER),
    ("finite_number", *_NO_NUMBER),
    ("decimal_", *_NO_NUMBER),
    ("bool_", "It is neither true nor false.", "Write true or false, without quotation marks."),
    ("date_", *_DAY),
    ("datetime_", *_INSTANT),
    ("timezone_", *_INSTANT),
    ("literal_error", "It is none of the words known here.", "Write {expected}."),
    ("enum", "It is none of the words known here.", "Write {expected}."),
    ("string_type", "It is no text.", "Write it in quotation marks."),
    ("string_unicode", "It is no text in UTF-8.", "Send it in UTF-8."),
    ("string_too_short", "It is too short.", "Write at least {min_length} characters."),
    ("string_too_long", "It is too long.", "Write at most {max_length} characters."),
    ("string_pattern_mismatch", "It is not written as it has to be.", "Write it as the pattern {pattern} asks."),
    ("too_short", "It has too few members.", "Send at least {min_length}."),
    ("too_long", "It has too many members.", "Send at most {max_length}."),
    ("greater_than_equal", "It is too small.", "Write {ge} or more."),
    ("greater_than", "It is too small.", "Write more than {gt}."),
    ("less_than_equal", "It is too large.", "Write {le} or less."),
    ("less_than", "It is too large.", "Write less than {lt}."),
    ("uuid_", "It is no id.", "Use the id as it was answered."),
)


def what_is_wrong(error: Mapping[str, Any]) -> tuple[str, str]:
    """Why pydantic refused a place of what was sent, and the fix; never what was sent: it may be a person's.

    >>> what_is_wrong({"type": "missing", "msg": "Field required"})
    ('It is missing.', 'Send it; the API reference says what it is.')
    """
    beside, kind = dict(error.get("ctx") or {}), str(error["type"])
    if words := how_to_write(str(beside.get("pattern", ""))):
        return words
    words = next(((reason, fix) for begins, reason, fix in _WHAT_IS_WRONG if kind.startswith(begins)), None)
    with contextlib.suppress(KeyError):  # a check of ours of that name says nothing beside: it has words of its own
        if words is not None:
            return words[0].format_map(beside), words[1].format_map(beside)
    return str(error["msg"]).removeprefix("Value error, "), "Correct it; the API reference says how it is written."


class Sent(BaseModel):
    """A request body: unknown members are refused, so that a misspelt one is not read over."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
