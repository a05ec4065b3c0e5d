"""Columns of ids behave as the ids that they hold, whatever their bytes."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import EmployeeId, IdColumn

# Bytes that end in zeros are those that an array of strings is apt to cut.
ids = st.one_of(st.uuids(), st.integers(0, 2**128 - 1).map(lambda n: UUID(int=n >> 32 << 32))).map(EmployeeId)
columns = st.lists(ids, unique=True, max_size=12)


@given(held=columns)
def test_a_column_gives_back_what_it_was_made_of(held: list[EmployeeId]) -> None:
    column = IdColumn.of(EmployeeId, held)
    assert list(column) == held
    assert [column[place] for place in range(len(column))] == held
    assert list(column[1:]) == held[1:]
    assert column == held


@given(held=columns, strangers=columns, shuffled=st.randoms(use_true_random=False))
def test_places_are_those_that_a_search_one_by_one_finds(
    held: list[EmployeeId], strangers: list[EmployeeId], shuffled: object
) -> None:
    others = [*strangers, *(each for each in held[::2] if each not in strangers)]
    shuffled.shuffle(others)  # type: ignore[attr-defined]
    places = IdColumn.of(EmployeeId, held).places_in(IdColumn.of(EmployeeId, others))
    assert places.tolist() == [others.index(each) if each in others else -1 for each in held]
