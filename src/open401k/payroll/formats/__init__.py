"""Layouts: one file per provider or vocabulary, all read into PayrollRow by one compiled reader.

LAYOUTS are read as they come. PARTIAL are layouts whose published headings do not suffice for a payroll: their columns
are known, and what is missing is asked once. RECORDS are records of fixed length whose published positions end before
the contributions: their census part alone is read and written, and they are no payroll.
"""

from . import (
    ascensus,
    detamoov,
    employee_fiduciary,
    empower,
    feedback,
    feedback_ascensus,
    feedback_paykonnect,
    oneamerica,
    paykonnect,
    standard,
    vestwell,
    vestwell_template,
    voya,
)
from .canonical_json import API_PROVIDER, as_json, period_of, read_json
from .cell_writer import carried
from .file_names import file_name
from .layout import Layout, Writing
from .reader import RowReader
from .record_layouts import record_layout
from .record_reader import RecordFile, read_records
from .record_writer import WrittenRecords, write_records
from .records import RecordLayout
from .writer import Lost, Written, write_layout, write_mapped

#: Tried in this order; headings of one layout never satisfy another.
LAYOUTS: tuple[Layout, ...] = (standard.LAYOUT, paykonnect.LAYOUT, ascensus.LAYOUT, vestwell.LAYOUT, detamoov.LAYOUT)
#: Known by their headings, and no payroll before a person has settled the columns that are not published.
PARTIAL: tuple[Layout, ...] = (oneamerica.LAYOUT, employee_fiduciary.LAYOUT, vestwell_template.LAYOUT)
#: Census parts of files whose further positions are not published: no payrolls.
RECORDS: tuple[RecordLayout, ...] = (empower.LAYOUT, voya.LAYOUT)

__all__ = [
    "API_PROVIDER",
    "LAYOUTS",
    "PARTIAL",
    "RECORDS",
    "Layout",
    "Lost",
    "RecordFile",
    "RecordLayout",
    "RowReader",
    "Writing",
    "Written",
    "WrittenRecords",
    "as_json",
    "carried",
    "feedback",
    "feedback_ascensus",
    "feedback_paykonnect",
    "file_name",
    "period_of",
    "read_json",
    "read_records",
    "record_layout",
    "write_layout",
    "write_mapped",
    "write_records",
]
