"""Stories of the same plans, told again and again: what is foreseen of the same facts is computed once."""

from collections.abc import Iterator

import pytest
from tests.support import foretold


@pytest.fixture(scope="module", autouse=True)
def foretold_once() -> Iterator[None]:
    """Each process keeps the forecasts of facts that it has met."""
    with foretold.once(most=foretold.A_STORY):
        yield
