"""What a stand-in is told to do wrong: fail, throttle, delay, lie, repeat webhooks. Not here: doing it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Lie(StrEnum):
    """What is told that is not so, with totals that agree with it; see lies.py."""

    PAGE_DROPPED = "page_dropped"  # a part of every list is missing
    PAGE_DOUBLED = "page_doubled"  # another part comes twice in its place
    PERSON_TWICE = "person_twice"  # in every payroll
    OTHER_COMPANY = "other_company"  # its people and payrolls
    NEGATIVE = "negative"  # the pay of the first person of every payroll
    OTHER_AMOUNTS = "other_amounts"  # the same person is paid $100 more of everything
    NO_DATES = "no_dates"  # payrolls without a pay date
    PAYROLL_GONE = "payroll_gone"  # the newest is not listed


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
    lie: Lie | None = None
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
