"""Webhooks to whoever builds on us: endpoints, what is sent, how it is signed, when again (ADR-0041)."""

from .endpoints import (
    Delivery,
    NewSecret,
    WebhookEndpoint,
    add,
    again,
    due,
    listed,
    mark,
    next_delivery,
    pause,
    remove,
    resume,
    rotate,
    skip,
    stopped,
    trial,
)
from .history import Attempt, tries
from .kinds import KINDS
from .schedule import Answer, Standing, State
from .sending import Send, Sender

__all__ = [
    "KINDS",
    "Answer",
    "Attempt",
    "Delivery",
    "NewSecret",
    "Send",
    "Sender",
    "Standing",
    "State",
    "WebhookEndpoint",
    "add",
    "again",
    "due",
    "listed",
    "mark",
    "next_delivery",
    "pause",
    "remove",
    "resume",
    "rotate",
    "skip",
    "stopped",
    "trial",
    "tries",
]
