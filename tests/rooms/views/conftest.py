"""One story for all tests of these pages: they only read it."""

import pytest
from tests.rooms.views.story import Story, told
from tests.support.database import Served


@pytest.fixture(scope="session")
def story(postgres: Served) -> Story:
    """Six pay dates of Acme, told once."""
    return told(postgres.db)
