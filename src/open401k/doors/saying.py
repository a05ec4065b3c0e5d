"""Days, moments and counts as every page writes them. Not here: the words of one door (web/render.py, node/look.py)."""

from datetime import date, datetime

from open401k.kernel import NEW_YORK


def day(value: date | None, *, year: bool = True) -> str:
    """``Aug 14, 2026``."""
    if value is None:
        return "–"
    return f"{value:%b} {value.day}, {value.year}" if year else f"{value:%b} {value.day}"


def instant(value: datetime | None) -> str:
    """``Aug 14, 2026, 9:02 AM``, in New York."""
    if value is None:
        return "–"
    local = value.astimezone(NEW_YORK)
    return f"{day(local.date())}, {local.hour % 12 or 12}:{local:%M %p}"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
