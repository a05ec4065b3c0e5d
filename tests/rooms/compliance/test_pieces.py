"""JSON in pieces is, put together, the JSON that it stands for."""

import json
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.compliance import pieces as subject
from open401k.compliance.labels import Labels
from open401k.compliance.pieces import Told, pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES, st.integers(1, 5))
def test_pieces_are_the_text_that_the_library_writes(value: object, long: int) -> None:
    tight = json.dumps(value, sort_keys=True, separators=(",", ":"))
    with mock.patch.object(subject, "SLICE", long):
        assert "".join(pieces(value)) == json.dumps(value, sort_keys=True)
        assert "".join(pieces(value, between=",", after_key=":")) == tight


@given(st.lists(st.integers(-(2**62), 2**62), max_size=9))
def test_a_column_reads_like_the_list_that_it_stands_for(values: list[int]) -> None:
    told = Told(np.array(values, dtype=np.int64))
    assert told == values, "compared as a list"
    assert (list(told), len(told)) == (values, len(values))
    assert [told[place] for place in range(-len(values), len(values))] == values * 2
    assert all(type(each) is int for each in told)
    assert told != [*values, 1]


def test_a_long_column_comes_in_pieces_and_is_made_as_it_is_written() -> None:
    many = range(subject.SLICE * 2 + 1)
    parts = list(pieces({"people": Told(many, str), "all": list(many)}))

    assert "".join(parts) == json.dumps({"people": [str(each) for each in many], "all": list(many)}, sort_keys=True)
    assert max(map(len, parts)) < len("".join(parts)) / 3


@given(st.lists(st.text(max_size=4), max_size=6), st.lists(st.text(max_size=4), max_size=3))
def test_labels_read_like_the_names_that_were_added(names: list[str], more: list[str]) -> None:
    labels = Labels(names)
    labels.add(more)
    every = names + more
    assert (list(labels), len(labels), labels[:]) == (every, len(every), every)
    assert [labels[place] for place in range(-len(every), 0)] == every
    with pytest.raises(IndexError):
        labels[len(every)]
