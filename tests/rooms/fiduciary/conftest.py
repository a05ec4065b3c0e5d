"""Alerts follow from forecasts: of the same facts these are made once."""

from collections.abc import Iterator

import pytest
from tests.support import foretold


@pytest.fixture(scope="module", autouse=True)
def foretold_once() -> Iterator[None]:
    """What is foreseen of the same facts is computed once."""
    with foretold.once():
        yield
