"""An embedded chain for others: JSON-RPC over HTTP. Not here: the chain (rails/chain)."""

from .http import create_chain_app
from .methods import Limits, Node
from .ticking import telling_time

__all__ = ["Limits", "Node", "create_chain_app", "telling_time"]
