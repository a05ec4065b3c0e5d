"""A packed roster gives back what was put in, whoever is asked for in whatever order."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.census.packed import PackedRows, Row
from open401k.kernel import EmployeeId, IdColumn

ROWS = st.lists(
    st.tuples(
        st.uuids(),
        st.none() | st.from_regex(r"\A[0-9]{4}\Z"),
        # what the database writes as JSON: characters under a space only as escapes
        st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=40),
    ),
    unique_by=lambda row: row[0],
    max_size=200,
)


def column(uuids: list[UUID]) -> IdColumn[EmployeeId]:
    """Ids of these."""
    return IdColumn.of(EmployeeId, [EmployeeId(each) for each in uuids])


@settings(deadline=None)
@given(ROWS, st.data())
def test_what_was_put_in_comes_out_in_order_of_id(rows: list[Row], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    packed = PackedRows.of_nobody().with_rows(rows[:cut]).with_rows(rows[cut:])
    stranger = UUID(int=401)
    asked = data.draw(st.lists(st.sampled_from([stranger, *(row[0] for row in rows)]), max_size=300))
    there = {row[0]: row for row in rows}
    assert packed.rows(column(asked)) == [there[who] for who in sorted(set(asked)) if who in there]
    assert set(packed.missing(column(asked))) == {EmployeeId(who) for who in asked if who not in there}
    assert len(packed) == len(rows)
