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
from .amounts import AmountsFailed, amounts_failed, tell_amounts
from .corrections import WaitingCorrection, tell_approved, tell_correction, waiting_corrections
from .forfeitures import ForfeituresDue, forfeitures_due, tell_forfeitures
from .overpaid import OverpaidOpen, overpaid_beyond, overpaid_open, tell_overpaid
from .turnover import TurnoverOpen, tell_turnover, turnover_open

__all__ = [
    "RAISE_FROM_BPS",
    "RESOLVE_BELOW_BPS",
    "Alert",
    "AlertEvent",
    "AlertEventKind",
    "AlertState",
    "AmountsFailed",
    "Content",
    "ForfeituresDue",
    "OverpaidOpen",
    "TurnoverOpen",
    "WaitingCorrection",
    "acknowledge",
    "amounts_failed",
    "content_of",
    "decide",
    "events",
    "follows",
    "forfeitures_due",
    "get",
    "open_alerts",
    "overpaid_beyond",
    "overpaid_open",
    "tell_amounts",
    "tell_approved",
    "tell_correction",
    "tell_forfeitures",
    "tell_overpaid",
    "tell_turnover",
    "turnover_open",
    "waiting_corrections",
    "watch",
]
