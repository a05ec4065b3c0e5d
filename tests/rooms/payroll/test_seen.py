"""A person who comes twice in a file is found by the first row, whatever chunks the file is read in."""

from hypothesis import given
from hypothesis import strategies as st

from open401k.payroll import PayrollRow
from open401k.payroll.checks import _Seen

PEOPLE = st.tuples(
    st.sampled_from(["123456789", "987654321", "emp_018f", "", "\u00e9"]), st.sampled_from(["May", "Kim"])
)


@given(people=st.lists(PEOPLE, max_size=12), size=st.integers(1, 5))
def test_repeated_people_are_told_by_their_first_row(people: list[tuple[str, str]], size: int) -> None:
    rows = [PayrollRow(place + 2, place + 2, ssn=key, last_name=name) for place, (key, name) in enumerate(people)]
    first: dict[str, PayrollRow] = {}
    expected = []
    for row in rows:
        before = first.setdefault(row.key, row)
        if before is not row:
            expected.append((row.row, before.row, before.last_name == row.last_name))

    seen = _Seen()
    found = []
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        found += [(chunk[place].row, row, same) for place, row, same in seen.again(chunk)]
    assert found == expected
