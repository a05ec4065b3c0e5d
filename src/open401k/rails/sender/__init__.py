"""Transactions of ours on their way: numbers of each key, fees, sending again. Not here: what they say, the chain."""

from .sending import Fees, Network, Outcome, Sender, TakenError, prepare

__all__ = ["Fees", "Network", "Outcome", "Sender", "TakenError", "prepare"]
