"""All pages of a node as routes, for the application that serves it: participants' links, the console, static files."""

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from ..security import SecurityHeaders
from . import tracker_page
from .look import Look
from .provided import ForPages


def routes(given: ForPages) -> list[BaseRoute]:
    """Routes to be put beside those of the API. They carry their security headers by themselves."""
    look = Look(given)
    found: list[BaseRoute] = [*tracker_page.routes(given, look)]
    found.append(Route("/static/{path:path}", look.assets.serve, methods=["GET"], name="static"))
    guard = Middleware(SecurityHeaders, https=given.origin.startswith("https:"))
    for route in found:
        if isinstance(route, Route):
            route.app = guard.cls(route.app, *guard.args, **guard.kwargs)
    return found
