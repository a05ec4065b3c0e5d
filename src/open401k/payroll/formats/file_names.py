"""The names that vendors give their files. Not here: what is in them."""

import re
from datetime import datetime

from open401k.kernel import Open401kError

from .layout import Layout

_PARTS = re.compile(r"\{(\w+)")
_SAFE = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)


def file_name(layout: Layout, *, at: datetime, **parts: str) -> str:
    """The name of a file of this layout written at ``at``; a layout whose vendor names none gets ours.

    >>> from .paykonnect import LAYOUT
    >>> file_name(LAYOUT, at=datetime(2026, 3, 13, 9, 5, 7, 42_000), plan="123456-01")
    '123456-01_13032026_090507042.csv'
    """
    template = layout.writing.file_name or "{layout}_{at:%Y%m%d_%H%M%S}.csv"
    known = {"layout": layout.name.replace("_", "-"), **parts}
    for part in _PARTS.findall(template):
        if part in ("at", "milliseconds"):
            continue
        if not _SAFE.fullmatch(known.get(part, "")):
            reason = f"The name of a file of {layout.title} needs {part}: up to 40 letters, digits and hyphens."
            raise Open401kError(reason, fix=f"Give {part}, as the recipient assigned it.")
    return template.format(at=at, milliseconds=f"{at.microsecond // 1000:03}", **known)
