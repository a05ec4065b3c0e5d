"""The desk: duties and alerts, raised from what compliance projects."""

from .alerts import Alert, AlertEventKind, AlertState

__all__ = ["Alert", "AlertEventKind", "AlertState"]
