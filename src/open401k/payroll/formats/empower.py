"""Empower's fixed-length file: the census part. The positions of pay, contributions and loans are not published."""

from ..mapping import DateOrder
from ..rows import Field
from .records import Part, Record, RecordLayout, checked, positions

LAYOUT = checked(
    RecordLayout(
        name="empower_fixed",
        title="Empower fixed length",
        dates=DateOrder.US,
        goes_on=True,
        parts=(
            Part(
                "census",
                Record(
                    positions(
                        ("plan number", 1, 13),
                        ("SSN", 14, 11, Field.SSN),
                        ("division", 25, 20),
                        ("last name", 45, 35, Field.LAST_NAME),
                        ("first name", 80, 20, Field.FIRST_NAME),
                        ("middle name", 100, 20),
                        ("suffix", 120, 15),
                        ("birth date", 135, 10, Field.BIRTH_DATE),
                        ("gender", 145, 1),
                        ("marital status", 146, 1),
                        ("address 1", 147, 35),
                        ("address 2", 182, 35),
                        ("city", 217, 20),
                        ("state", 237, 2),
                        ("zip", 239, 10),
                        ("home phone", 249, 10),
                        ("work phone", 259, 10),
                        ("extension", 269, 4),
                        ("country", 273, 2),
                        ("hire date", 275, 10, Field.HIRE_DATE),
                        ("termination date", 285, 10, Field.TERMINATION_DATE),
                        ("rehire date", 295, 10, Field.REHIRE_DATE),
                    )
                ),
            ),
        ),
        remarks=(
            "The file comes as .txt.pgp: decrypt it first. Behind position 304 nothing is read, and nothing written.",
        ),
    )
)
