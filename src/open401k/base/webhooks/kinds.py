"""Which events an endpoint may ask for (docs/reference/events.md). Pure."""

from collections.abc import Iterable, Sequence

from open401k.kernel import Open401kError

KINDS: Sequence[str] = (
    "alert.acknowledged",
    "alert.raised",
    "alert.resolved",
    "alert.updated",
    "amounts.failed",
    "connection.needs_a_person",
    "correction.approved",
    "correction.proposed",
    "deposit.late",
    "deposit.received",
    "feedback_file.made",
    "forfeitures.approved",
    "forfeitures.due",
    "forfeitures.posted",
    "instruction.needs_a_person",
    "instructions.queued",
    "overpaid.beyond",
    "overpaid.found",
    "payroll.posted",
    "plan.ending_stated",
    "plan.tested",
    "plan.year_ended",
    "rollover.invalid",
    "rollovers.not_followed",
    "turnover.presumed",
    "webhook_endpoint.stopped",
)
#: What a try-out sends; it is in no outbox.
TEST = "webhook_endpoint.test"


def checked(kinds: Iterable[str]) -> tuple[str, ...]:
    """Kinds that exist, or ``alert`` for every kind of alert; none are all."""
    wanted = tuple(sorted(set(kinds)))
    known = {*KINDS, *(each.partition(".")[0] for each in KINDS)}
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise Open401kError(f"There is no kind of event {', '.join(unknown)}.", fix=f"Choose from {', '.join(KINDS)}.")
    return wanted


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether an endpoint that asked for ``kinds`` is told of an event."""
    return not kinds or kind in kinds or kind.partition(".")[0] in kinds
