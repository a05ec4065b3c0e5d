"""Voya's fixed-length file (INGWIN6): the census part. The positions of pay and contributions are not published."""

from ..mapping import DateOrder
from ..rows import Field
from .records import Part, Record, RecordLayout, checked, positions

LAYOUT = checked(
    RecordLayout(
        name="voya_fixed",
        title="Voya fixed length (INGWIN6)",
        dates=DateOrder.COMPACT,
        goes_on=True,
        parts=(
            Part(
                "census",
                Record(
                    positions(
                        ("record type", 1, 7),
                        ("employer id", 8, 6),
                        ("payroll cycle", 14, 1),
                        ("pay date", 15, 8, Field.PAY_DATE),
                        ("IRS code", 23, 4),
                        ("SSN", 27, 9, Field.SSN),
                        ("employee number", 36, 10, Field.EMPLOYEE_NUMBER),
                        ("department", 46, 10),
                        ("location", 56, 4),
                        ("last name", 60, 20, Field.LAST_NAME),
                        ("first name", 80, 15, Field.FIRST_NAME),
                        ("middle initial", 95, 1),
                        ("address 1", 96, 25),
                        ("address 2", 121, 25),
                        ("city", 146, 20),
                        ("state", 166, 2),
                        ("zip", 168, 9),
                        ("gender", 177, 1),
                        ("reserved", 178, 20),
                        ("marital status", 198, 1),
                        ("status", 199, 1, Field.EMPLOYMENT_STATUS),
                        says="INGWIN6",
                    )
                ),
            ),
        ),
        remarks=(
            "Payroll cycle: 4 monthly, 5 semi-monthly, 6 bi-weekly, 7 weekly.",
            "It has no dates of birth, hire or leaving.",
        ),
    )
)
