"""The application as it is described, with nothing behind it: no request is ever made."""

from typing import Any, cast

from fastapi import FastAPI

from open401k.doors.http import create_app
from open401k.doors.provided import DoorSettings, Services


class Nothing:
    """Services that nobody asks."""

    settings = DoorSettings(origin="http://localhost")

    def __getattr__(self, name: str) -> Any:
        return None


def application() -> FastAPI:
    """The application of every route."""
    return create_app(cast("Services", Nothing()))
