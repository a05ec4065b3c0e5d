"""One story for all tests of these pages: they only read it."""

from collections.abc import Iterator

import pytest
from tests.rooms.views.story import Story, told
from tests.support import foretold
from tests.support.database import Served


@pytest.fixture(scope="session")
def story(postgres: Served) -> Story:
    """Six pay dates of Acme, told once."""
    return told(postgres.db)


@pytest.fixture(scope="module", autouse=True)
def foretold_once() -> Iterator[None]:
    """What is foreseen of the same facts is computed once."""
    with foretold.once():
        yield
