"""Layouts: one file per provider or vocabulary, all read into PayrollRow by one compiled reader.

Left out, because their published headings do not suffice to carry contributions without further information:
Vestwell's upload template (no pay, so no match and no test can follow from it), OneAmerica and Employee Fiduciary
(the headings of their contribution columns are not published), Empower and Voya fixed length (positions beyond the
census part are not published), SPARK (field positions are not published). Their files still come in by a confirmed
mapping, where they are CSV or XLSX.
"""

from . import ascensus, detamoov, paykonnect, standard, vestwell
from .canonical_json import API_PROVIDER, as_json, period_of, read_json
from .file_names import file_name
from .layout import Layout, Writing
from .reader import RowReader
from .writer import Lost, Written, carried, write_layout, write_mapped

#: Tried in this order; headings of one layout never satisfy another.
LAYOUTS: tuple[Layout, ...] = (standard.LAYOUT, paykonnect.LAYOUT, ascensus.LAYOUT, vestwell.LAYOUT, detamoov.LAYOUT)

__all__ = [
    "API_PROVIDER",
    "LAYOUTS",
    "Layout",
    "Lost",
    "RowReader",
    "Writing",
    "Written",
    "as_json",
    "carried",
    "file_name",
    "period_of",
    "read_json",
    "write_layout",
    "write_mapped",
]
