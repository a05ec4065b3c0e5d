"""The desk: duties and alerts, raised from what compliance projects."""

from .alerts import (
    RAISE_FROM_BPS,
    RESOLVE_BELOW_BPS,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Content,
    acknowledge,
    content_of,
    decide,
    events,
    follows,
    get,
    open_alerts,
    watch,
)

__all__ = [
    "RAISE_FROM_BPS",
    "RESOLVE_BELOW_BPS",
    "Alert",
    "AlertEvent",
    "AlertEventKind",
    "AlertState",
    "Content",
    "acknowledge",
    "content_of",
    "decide",
    "events",
    "follows",
    "get",
    "open_alerts",
    "watch",
]
