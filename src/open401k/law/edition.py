"""Which edition of the law's figures and tables this is, and its hash. Not here: the figures."""

import hashlib
import json
from functools import cache

from . import figures, tables

#: What plans, results and the rule registry quote. A change of any figure or table changes it (a test holds the pair
#: of version and hash).
_VERSION = "2026.2"


def version() -> str:
    """The edition of the figures and rules."""
    return _VERSION


@cache
def sha256() -> str:
    """Hash of figures and tables in canonical form (sorted JSON, no layout): equal hashes, equal figures."""
    told: dict[str, object] = {
        row.id: {"read_by": row.read_by, "unit": row.unit, "values": {str(y): v for y, v in row.values.items()}}
        for row in figures.all_figures()
    }
    told |= {
        f"table {table.id}": {
            str(since): {key: str(value) for key, value in rows.items()} for since, rows in table.editions.items()
        }
        for table in tables.all_tables()
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
