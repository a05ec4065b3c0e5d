"""What a stand-in is told to do wrong: fail, throttle, delay, lie, repeat webhooks. Not here: doing it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Fault:
    """The next ``times`` answers to requests whose path begins with ``path`` are this status instead."""

    status: int
    times: int = 1
    path: str = "/v1"
    method: str = ""
    retry_after: str = ""
    delay_ms: int = 0
    after_work: bool = False  # the work is done, and only the answer is lost


@dataclass(slots=True)
class Misbehavior:
    """Everything at once; nothing by default."""

    faults: list[Fault] = field(default_factory=list)
    lies: bool = False  # totals that are a dollar off
    webhook_copies: int = 1
    webhooks_backwards: bool = False
    webhooks_held: bool = False

    def next_fault(self, method: str, path: str) -> Fault | None:
        """What happens to this request, if anything; counted."""
        for fault in self.faults:
            if fault.times > 0 and path.startswith(fault.path) and fault.method in ("", method):
                fault.times -= 1
                return fault
        return None
