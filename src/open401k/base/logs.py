"""Logs without anybody's data: what an error says of values is left out, where it happened stays. Not here: where to.

PostgreSQL names the values of the row that it refuses, and a message of Python's may hold the key that was not found: a
Social Security number. Logs are kept longer, and read by more people, than what is sealed in the database.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from typing import Any, Final

import psycopg

#: Numbers of people and accounts, alone among other words; ids, and places in files, are no such.
_NUMBER: Final = re.compile(r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}|\d{6,17})(?![\w-])")
_DEEPEST: Final = 10


def mask_errors() -> None:
    """From now on every error that this process logs, by whatever library, is told without values."""
    made = logging.getLogRecordFactory()
    if made is not _record:
        _Factory.before = made
        logging.setLogRecordFactory(_record)


class _Factory:
    before: Any = logging.LogRecord


def _record(*args: Any, **named: Any) -> logging.LogRecord:
    record: logging.LogRecord = _Factory.before(*args, **named)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = told(record.exc_info[1])  # a formatter takes this, and does not write its own
    return record


def told(error: BaseException) -> str:
    """A traceback with the class of each error and where it was raised; of the database's its code and names."""
    return "".join(_lines(error, _DEEPEST)).rstrip("\n")


def _lines(error: BaseException, deep: int) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and deep:
        yield from _lines(before, deep - 1)
        yield "\nThen:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {words(error)}\n"
    if isinstance(error, BaseExceptionGroup) and deep:
        for each in error.exceptions:
            yield from _lines(each, deep - 1)


def words(error: BaseException) -> str:
    """What an error says, without the values that it may name."""
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        diag = error.diag
        places = ("schema", diag.schema_name), ("table", diag.table_name), ("column", diag.column_name)
        named = [f"{what} {name}" for what, name in (*places, ("constraint", diag.constraint_name)) if name]
        return ", ".join([f"SQLSTATE {error.sqlstate}", *named]) + " (its message may hold values)"
    return _NUMBER.sub("(number)", str(error))
