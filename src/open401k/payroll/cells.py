"""One cell of a file as money, date, SSN, hours or name: exact or refused. Not here: rows and columns (formats/)."""

import re
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from .findings import Code
from .mapping import DateOrder, Reading
from .rows import masked_ssn

Parser: TypeAlias = Callable[[str], object]

#: Results remembered per column kind: most cells of a payroll repeat ("0.00", the pay date).
MOST_REMEMBERED = 20_000
#: More dollars than this in one cell is a slipped column, not pay.
MOST_DIGITS = 12
KNOWN_INVALID_SSNS = frozenset({"078051120", "219099999", "457555462", "987654321", "111111111", "222222222"})

_AMOUNT = re.compile(r"\d{1,3}(,\d{3})+(\.\d{1,2})?|\d+(\.\d*)?|\.\d+", re.ASCII)
_NEGATIVE = re.compile(
    r"[-\u2212]\s*\$?[\d.,]+|\$-[\d.,]+|\(\s*\$?[\d.,]+\s*\)|\$?[\d.,]+\s*(-|\u2212|CR)", re.ASCII | re.I
)
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NEUTRALIZED = re.compile(r"''*[=+\-@\t\r＝＋－＠]")
#: A long number as a spreadsheet shows it in a narrow column.
_ROUNDED = re.compile(r"\d(\.\d+)?E\+?\d{1,2}", re.ASCII | re.IGNORECASE)
_NINE_DIGITS = re.compile(r"(?<!\d)\d{3}[- ]?\d{2}[- ]?\d{4}(?!\d)", re.ASCII)


class CellError(ValueError):
    """A cell that is not what its column says: the code, why in plain words, and the fix."""

    def __init__(self, code: Code, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.fix = code, reason, fix


def shown(text: str) -> str:
    """A cell as a finding may show it: short, one line, nothing that could be an SSN."""
    flat = "".join(character if character.isprintable() else "·" for character in text[:60])
    return _NINE_DIGITS.sub(lambda found: masked_ssn(found[0]), flat)


def money_parser(reading: Reading, *, blank_is_zero: bool | None = None) -> Callable[[str], int]:
    """Cents of a cell; strict ASCII digits, never a float.

    >>> money_parser(Reading())("200.5")
    20050
    """
    known: dict[str, int] = {}
    blanks = reading.blank_is_zero if blank_is_zero is None else blank_is_zero

    def parse(text: str) -> int:
        cents = known.get(text)
        if cents is None:
            dollars, _, rest = text.partition(".")
            if len(rest) == 2 and 0 < len(dollars) <= MOST_DIGITS and (digits := dollars + rest).isascii():
                cents = int(digits) if digits.isdigit() else _careful_cents(text, reading, blanks)
            else:
                cents = _careful_cents(text, reading, blanks)
            if len(known) < MOST_REMEMBERED:
                known[text] = cents
        return cents

    return parse


def unless_blank(amount: Callable[[str], int]) -> Callable[[str], int | None]:
    """Cents of a cell that may be left blank: what it does not say follows from elsewhere, and is not zero."""
    return lambda text: amount(text) if text.strip(" ") else None


def _careful_cents(text: str, reading: Reading, blank_is_zero: bool) -> int:
    """Every form that is not plainly 1234.56, with the reason when it is refused."""
    text = text.strip(" ")
    if not text:
        if blank_is_zero:
            return 0
        raise CellError(
            Code.AMOUNT_MISSING, "The amount is blank, and this layout does not read blank as zero.", "0.00"
        )
    if _NEGATIVE.fullmatch(text):
        raise CellError(
            Code.AMOUNT_NEGATIVE,
            "A negative amount would take money back out of an account.",
            "Send the corrected file of that pay date as a replacement of the run; every amount in it is zero or more.",
        )
    plain = text[1:] if reading.dollar_sign and text.startswith("$") else text
    if not _AMOUNT.fullmatch(plain) or ("," in plain and not reading.grouping):
        raise CellError(Code.AMOUNT_FORMAT, "This is not an amount in dollars and cents.", _amount_fix(text))
    dollars, _, rest = plain.replace(",", "").partition(".")
    if len(rest) > 2 and rest[2:].strip("0"):
        raise CellError(
            Code.AMOUNT_PRECISION, "The amount has a fraction of a cent.", "Round it to whole cents at the source."
        )
    if len(dollars.lstrip("0")) > MOST_DIGITS:
        raise CellError(
            Code.AMOUNT_IMPLAUSIBLE, "No paycheck is this large.", "Check the decimal point and the column."
        )
    return int(dollars or "0") * 100 + int(rest[:2].ljust(2, "0"))


def _amount_fix(text: str) -> str:
    """What to write instead; never where a comma may be a decimal point.

    >>> [_amount_fix(each) for each in ("$1,234.5", "12,34")]
    ['Write it as 1234.5.', 'Write it like 1234.50.']
    """
    bare = text.replace("$", "").strip()
    whole = re.fullmatch(r"(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?", bare, re.ASCII)
    return f"Write it as {bare.replace(',', '')}." if whole else "Write it like 1234.50."


def hours_parser() -> Callable[[str], int | None]:
    """Hundredths of an hour; blank is unknown."""
    known: dict[str, int | None] = {"": None}

    def parse(text: str) -> int | None:
        if text in known:
            return known[text]
        bare = text.strip(" ")
        if re.fullmatch(r"-\d+(\.\d*)?", bare, re.ASCII):
            raise CellError(Code.HOURS_RANGE, "Hours cannot be negative.", "Send the hours of this pay period.")
        whole, _, rest = bare.partition(".")
        if bare and not re.fullmatch(r"\d{1,6}(\.\d{0,4})?", bare, re.ASCII):
            raise CellError(Code.HOURS_FORMAT, "This is not a number of hours.", "Write it like 80 or 80.25.")
        if rest[2:].strip("0"):
            raise CellError(Code.HOURS_FORMAT, "Hours have at most two decimals.", "Round them to hundredths.")
        hundredths = int(whole) * 100 + int((rest[:2] or "0").ljust(2, "0")) if bare else None
        if len(known) < MOST_REMEMBERED:
            known[text] = hundredths
        return hundredths

    return parse


def date_parser(order: DateOrder, *, iso_too: bool = False) -> Callable[[str], date | None]:
    """The day a cell names in the layout's one form; blank is None. ``iso_too`` for typed workbook cells."""
    known: dict[str, date | None] = {"": None}

    def parse(text: str) -> date | None:
        if text in known:
            return known[text]
        bare = text.strip(" ")
        day = _day(bare, DateOrder.ISO if iso_too and _PATTERNS[DateOrder.ISO].fullmatch(bare) else order)
        if len(known) < MOST_REMEMBERED:
            known[text] = day
        return day

    return parse


_PATTERNS = {
    DateOrder.ISO: re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", re.ASCII),
    DateOrder.US: re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})", re.ASCII),
    DateOrder.COMPACT: re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII),
    DateOrder.US_COMPACT: re.compile(r"(?P<m>\d{2})(?P<d>\d{2})(?P<y>\d{4})", re.ASCII),
}


def written_as(order: DateOrder, cell: str) -> bool:
    """Whether a cell has the form of a day in this order, be there such a day or not."""
    return _PATTERNS[order].fullmatch(cell) is not None


def _day(bare: str, order: DateOrder) -> date | None:
    if not bare:
        return None
    found = _PATTERNS[order].fullmatch(bare)
    if found is None:
        us_date = _PATTERNS[DateOrder.US].fullmatch(bare)
        raise CellError(
            Code.DATE_INVALID if us_date and not _exists(us_date) else Code.DATE_FORMAT,
            f"This is not a day written as {order}; day and month are never guessed, and a year has four digits.",
            f"Write it as {order}.",
        )
    if not _exists(found):
        raise CellError(Code.DATE_INVALID, "There is no such day in the calendar.", "Correct the date.")
    return date(int(found["y"]), int(found["m"]), int(found["d"]))


def _exists(found: re.Match[str]) -> bool:
    try:
        date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return False
    return True


def ssn(text: str) -> str:
    """Nine digits of ``123456789`` or ``123-45-6789``; never padded, never an ITIN, never a known fake."""
    digits = text if len(text) == 9 else _undashed(text)
    if _ROUNDED.fullmatch(digits):
        reason = "A spreadsheet has rounded this number: digits of the SSN are lost."
        raise CellError(Code.SSN_INVALID, reason, "Format the column as text and export again from payroll.")
    if not (digits.isdigit() and digits.isascii()):
        raise CellError(Code.SSN_INVALID, "An SSN is nine digits.", "Write it as 123-45-6789 or 123456789.")
    if len(digits) != 9:
        raise CellError(
            Code.SSN_LENGTH,
            f"The SSN has {len(digits)} digits instead of nine"
            + ("; a spreadsheet drops leading zeros of a number." if len(digits) < 9 else "."),
            "Format the column as text and export again.",
        )
    area = digits[:3]
    if area in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000" or area[0] == "9":
        raise CellError(
            Code.SSN_INVALID, "The Social Security Administration never issued such a number.", _ssn_fix(area)
        )
    if digits in KNOWN_INVALID_SSNS:
        raise CellError(
            Code.SSN_KNOWN_INVALID, "This number is known from samples and advertisements.", "Ask the employee."
        )
    return digits


def _undashed(text: str) -> str:
    bare = text.strip(" ")
    if len(bare) == 11 and bare[3] == "-" and bare[6] == "-":
        return bare[:3] + bare[4:6] + bare[7:]
    return bare


def ein(text: str) -> str:
    """Nine digits of ``12-3456789`` or ``123456789``; blank is unknown."""
    bare = text.strip(" ")
    digits = bare[:2] + bare[3:] if len(bare) == 10 and bare[2] == "-" else bare
    if bare and not (len(digits) == 9 and digits.isascii() and digits.isdigit()):
        reason = "An employer identification number is nine digits."
        raise CellError(Code.EIN_FORMAT, reason, "Write it as 12-3456789; format the column as text.")
    return digits


def _ssn_fix(area: str) -> str:
    if area[0] == "9":
        return "ITIN? It is not an SSN: ask the employee for the Social Security card."
    return "Take the number from the employee's Social Security card."


def neutral(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula; :func:`stated` gives the text back.

    >>> neutral("=1+1"), neutral("'-"), neutral("O'Neil")
    ("'=1+1", "''-", "O'Neil")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def stated(cell: str) -> str:
    """The text of a cell, without the apostrophe that keeps a spreadsheet from running it."""
    bare = cell.strip(" ")
    return bare[1:] if bare[:1] == "'" and _NEUTRALIZED.match(bare) else bare


def restated(text: str) -> str:
    """Text as a cell that no spreadsheet will see: as it is, unless :func:`stated` would take an apostrophe from it."""
    return f"'{text}" if stated(text) != text else text


def name(text: str) -> str:
    """A name as text: no control characters, nothing a spreadsheet would run as a formula."""
    bare = stated(text)
    if not bare.isprintable() or "\ufffd" in bare:
        raise CellError(
            Code.NAME_FORMAT,
            "The name has a line break or an unreadable character.",
            "Type the name again and export as UTF-8.",
        )
    if (bare and bare[0] in "=+@") or len(bare) > 100 or _NINE_DIGITS.search(bare):
        raise CellError(Code.NAME_FORMAT, "This is a formula, a number or too long to be a name.", "Correct the name.")
    return bare


def text(value: str) -> str:
    """A reference or code: printable, at most 60 characters."""
    bare = stated(value)
    if not bare.isprintable() or len(bare) > 60:
        raise CellError(Code.NAME_FORMAT, "This is not a reference of at most 60 printable characters.", "Correct it.")
    return bare
