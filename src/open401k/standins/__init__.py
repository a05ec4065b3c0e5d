"""Stand-ins for payroll providers: servers that answer as theirs do, keep state, and misbehave when told to.

For tests, demonstrations and development. They know nothing of this system's rooms but the kernel: what a connector
learns from them it learns over HTTP.
"""

from .finch_http import create_finch
from .finch_world import FinchWorld
from .gusto_http import create_gusto
from .gusto_world import GustoWorld

__all__ = ["FinchWorld", "GustoWorld", "create_finch", "create_gusto"]
