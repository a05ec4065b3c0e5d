"""Where a payroll came from, and what asking its provider brought, as pages and commands write it. Not here: a page."""

import re
from collections.abc import Mapping
from typing import Any

from open401k.payroll import API_PROVIDER

from .saying import count

#: As a payroll that was pulled is called (flows/provider_payrolls.py): provider, pay date, the provider's own id.
_PULLED = re.compile(r"(Gusto|Finch) \d{4}-\d\d-\d\d \S+\.json")


def came_from(provider: str, file_name: str) -> str:
    """Where a payroll came from, as people call it: the provider that was asked, the API, or the layout of its file.

    >>> came_from("open401k-api", "Finch 2026-01-09 3477df12.json"), came_from("Summit Payroll", "january.csv")
    ('Finch, by itself', 'Summit Payroll')
    """
    if provider != API_PROVIDER:
        return provider
    pulled = _PULLED.fullmatch(file_name)
    return f"{pulled[1]}, by itself" if pulled else "API"


def pulled(made: Mapping[str, Any]) -> str:
    """What asking a provider brought, in one sentence; nothing is said of what there was nothing of.

    >>> none = {"elsewhere": False, "people_added": 0, "people_found": 0, "people_changed": 0, "runs": [], "waits": []}
    >>> pulled(none), pulled({**none, "people_found": 4, "people_added": 1, "runs": ["run_1"]})
    ('Nothing is new.', '4 people found on file, 1 person added, 1 payroll came.')
    """
    if made["elsewhere"]:
        return "It is being asked already."
    people = (("people_found", "found on file"), ("people_added", "added"), ("people_changed", "changed"))
    said = [f"{count(made[key], 'person', 'people')} {what}" for key, what in people if made[key]]
    said += [f"{count(len(made['runs']), 'payroll')} came"] if made["runs"] else []
    said += [f"{count(len(made['waits']), 'thing')} to look at"] if made["waits"] else []
    return f"{', '.join(said) or 'Nothing is new'}."
