"""The stone floor: values that every room uses. No I/O, no rules."""

from .clock import NEW_YORK, Clock, FixedClock, SystemClock, day_of
from .id_columns import IdColumn
from .ids import (
    AccountId,
    AlertId,
    ApiKeyId,
    ComplianceRunId,
    ConnectionId,
    EmployeeId,
    EntryId,
    EventId,
    FileId,
    FlowId,
    Id,
    Ids,
    PlanId,
    ReservationId,
    RunId,
    SessionId,
    SponsorId,
    TimedIds,
    UserId,
    named_uuid,
)
from .money import ZERO, Money, half_up
from .outcome import Open401kError, Refused
from .quantity import Price, Units
from .random import Random, SeededRandom, SystemRandom
from .sources import Source
from .years import CalendarYear, LimitationYear, PlanYear, Year, age_on, anniversary

__all__ = [
    "NEW_YORK",
    "ZERO",
    "AccountId",
    "AlertId",
    "ApiKeyId",
    "CalendarYear",
    "Clock",
    "ComplianceRunId",
    "ConnectionId",
    "EmployeeId",
    "EntryId",
    "EventId",
    "FileId",
    "FixedClock",
    "FlowId",
    "Id",
    "IdColumn",
    "Ids",
    "LimitationYear",
    "Money",
    "Open401kError",
    "PlanId",
    "PlanYear",
    "Price",
    "Random",
    "Refused",
    "ReservationId",
    "RunId",
    "SeededRandom",
    "SessionId",
    "Source",
    "SponsorId",
    "SystemClock",
    "SystemRandom",
    "TimedIds",
    "Units",
    "UserId",
    "Year",
    "age_on",
    "anniversary",
    "day_of",
    "half_up",
    "named_uuid",
]
