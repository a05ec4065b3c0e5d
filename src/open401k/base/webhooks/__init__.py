"""Webhooks to whoever builds on us: endpoints, what is sent, how it is signed, when again (ADR-0041)."""

from .endpoints import (
    Delivery,
    NewSecret,
    WebhookEndpoint,
    add,
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
from .kinds import KINDS
from .schedule import Answer, Standing, State
from .sending import Send, Sender

__all__ = [
    "KINDS",
    "Answer",
    "Delivery",
    "NewSecret",
    "Send",
    "Sender",
    "Standing",
    "State",
    "WebhookEndpoint",
    "add",
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
]
