"""What a provider told, kept sealed before anything is done with it, and what became of it. Not here: asking.

The same thing told again is one version; anything else is the next one, and nothing is ever overwritten.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId

from . import _connections_store as _store
from . import connection_words
from .connections import Connection
from .providers import (
    Earning,
    Employed,
    PayrollKind,
    PayStatement,
    Person,
    ProviderError,
    ProviderPayroll,
    Totals,
    Trouble,
    Withheld,
)
from .rows import Field

PERSON: Final = "person"
PAYROLL: Final = "payroll"
Told = TypeVar("Told", Person, ProviderPayroll)
#: What is not told of everything, and was not kept at first.
_LATER: Final = ("employee_number", "pay_group", "doubts")
_NOTHING: Final[dict[str, Any]] = {"reverses": "", "reversed_by": (), "doubts": ()}


@dataclass(frozen=True, slots=True)
class Version(Generic[Told]):
    """Something told, and which telling of it this is."""

    version_no: int
    told: Told


@dataclass(frozen=True, slots=True)
class Became:
    """What became of something told."""

    employee_id: EmployeeId | None
    run_id: RunId | None


def keep_people(tx: Tx, *, of: Connection, people: Sequence[Person]) -> int:
    """Keep the roster; how many of it are new or changed."""
    return _keep(tx, of, PERSON, {each.provider_id: _written(each) for each in people})


def keep_payrolls(tx: Tx, *, of: Connection, payrolls: Sequence[ProviderPayroll]) -> int:
    """Keep payrolls; how many of them are new or changed."""
    return _keep(tx, of, PAYROLL, {each.provider_id: _written(each) for each in payrolls})


def withdraw(tx: Tx, *, of: Connection, gone: Sequence[str], looked_from: date | None) -> int:
    """Keep that payrolls are not listed any more, each as a telling of its own; how many were there till now.

    One that was paid before ``looked_from`` was not looked for.
    """
    known = [payroll_of(tx, of=of, provider_id=each) for each in gone]
    told = [
        replace(each.told, kind=PayrollKind.WITHDRAWN, statements=(), totals=Totals(), **_NOTHING)
        for each in known
        if each is not None and (looked_from is None or each.told.pay_date >= looked_from)
    ]
    return keep_payrolls(tx, of=of, payrolls=told)


def waiting_people(tx: Tx, *, of: Connection) -> list[tuple[Version[Person], Person | None]]:
    """People whose newest version is not done with, each with the last one that is."""
    found = []
    for provider_id, (number, _, done) in _newest(tx, of, PERSON).items():
        if done != number:
            before = None if done is None else _person(_opened(tx, of, PERSON, provider_id, done))
            found.append((Version(number, _person(_opened(tx, of, PERSON, provider_id, number))), before))
    return found


def waiting_payrolls(tx: Tx, *, of: Connection) -> list[Version[ProviderPayroll]]:
    """Payrolls whose newest version is not done with, by pay date."""
    newest = _newest(tx, of, PAYROLL).items()
    found = [_payroll_of(tx, of, each, number) for each, (number, _, done) in newest if done != number]
    return sorted(found, key=lambda version: (version.told.pay_date, version.told.provider_id))


def told_people(tx: Tx, *, of: Connection) -> frozenset[str]:
    """Everybody who was ever told, by the provider's ids."""
    return frozenset(_newest(tx, of, PERSON))


def must_overlap(tx: Tx, *, of: Connection, told: Collection[str]) -> None:
    """A roster without anybody who was told before is not believed, unless a person said so of this very one."""
    before = told_people(tx, of=of)
    if before and before.isdisjoint(told):
        asks = connection_words.asked_of_roster(told)
        if asks in connection_words.said(tx, of=of):
            return
        fix = (
            "It may be the answer of another company. It is asked again by itself; if the employer moved there, pause "
            "this connection and connect again. If the provider gave the same people other ids, say yes to it."
        )
        message = f"None of the {len(before)} people who were told before is among the {len(told)} told now."
        raise ProviderError(Trouble.BUG, message, where="people", fix=fix, asks=asks)


def people_of(tx: Tx, *, of: Connection) -> dict[EmployeeId, list[Person]]:
    """What a company told last of everybody who is on file because of it or was found there, by who they are here."""
    known = _newest(tx, of, PERSON)
    found: dict[EmployeeId, list[Person]] = {}
    for provider_id, became_of in became(tx, of=of, kind=PERSON).items():
        done_with = known[provider_id][2]
        if became_of.employee_id is not None and done_with is not None:
            told = _person(_opened(tx, of, PERSON, provider_id, done_with))
            found.setdefault(became_of.employee_id, []).append(told)
    return found


def payroll_of(tx: Tx, *, of: Connection, provider_id: str) -> Version[ProviderPayroll] | None:
    """The newest version of one payroll, done with or not."""
    found = _newest(tx, of, PAYROLL).get(provider_id)
    return None if found is None else _payroll_of(tx, of, provider_id, found[0])


def waits(tx: Tx, *, of: Connection, provider_id: str) -> bool:
    """Whether the newest version of a payroll is not done with."""
    number, _, done = _newest(tx, of, PAYROLL)[provider_id]
    return done != number


def told_as(tx: Tx, *, of: Connection, told: ProviderPayroll, version_no: int) -> bool:
    """Whether an earlier telling of a payroll was the same."""
    return _payroll_of(tx, of, told.provider_id, version_no).told == told


def done(
    tx: Tx,
    *,
    of: Connection,
    kind: str,
    provider_id: str,
    version_no: int,
    employee_id: EmployeeId | None = None,
    run_id: RunId | None = None,
) -> None:
    """What became of a version; said once."""
    _store.add_done(
        tx,
        tenant_id=of.tenant_id,
        connection_id=of.connection_id,
        kind=kind,
        provider_id=provider_id,
        version_no=version_no,
        employee_id=employee_id,
        run_id=run_id,
    )


def became(tx: Tx, *, of: Connection, kind: str) -> dict[str, Became]:
    """By the provider's id: what the newest version that is done with became."""
    found = _store.became(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, kind=kind)
    return {
        provider_id: Became(EmployeeId(employee) if employee else None, RunId(run) if run else None)
        for provider_id, (employee, run) in found.items()
    }


def _written(told: Person | ProviderPayroll) -> dict[str, Any]:
    """What is kept of it. What later versions know and a provider does not tell is left out: it makes no other telling
    of what was kept before.
    """
    said = asdict(told)
    return {name: value for name, value in said.items() if value or name not in _LATER}


def _newest(tx: Tx, of: Connection, kind: str) -> dict[str, tuple[int, bytes, int | None]]:
    return _store.newest(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, kind=kind)


def _keep(tx: Tx, of: Connection, kind: str, told: Mapping[str, dict[str, Any]]) -> int:
    known, kept = _newest(tx, of, kind), 0
    keys: dict[str, Any] = {"tenant_id": of.tenant_id, "connection_id": of.connection_id, "kind": kind}
    for provider_id, said in told.items():
        written = json.dumps(said, sort_keys=True, default=_day).encode()
        index = tx.keyring.blind_index(f"pulled {kind}", written.decode())
        number, last, _ = known.get(provider_id, (0, b"", None))
        if index == last:
            continue
        place = _place(of, kind, provider_id, number + 1)
        sealed = tx.keyring.seal(tx, **place, plaintext=written)
        version: dict[str, Any] = {"version_no": number + 1, "content_index": index, "sealed": sealed}
        _store.add_pulled(tx, **keys, provider_id=provider_id, **version)
        kept += 1
    return kept


def _place(of: Connection, kind: str, provider_id: str, number: int) -> dict[str, Any]:
    row_id = f"{of.connection_id}|{kind}|{provider_id}|{number}"
    return {"tenant_id": of.tenant_id, "table": "payroll.pulled", "column": "sealed", "row_id": row_id}


def _opened(tx: Tx, of: Connection, kind: str, provider_id: str, number: int) -> dict[str, Any]:
    keys: dict[str, Any] = {"tenant_id": of.tenant_id, "connection_id": of.connection_id, "kind": kind}
    sealed = _store.sealed_pulled(tx, **keys, provider_id=provider_id, version_no=number)
    found: dict[str, Any] = json.loads(tx.keyring.unseal(tx, **_place(of, kind, provider_id, number), sealed=sealed))
    return found


def _payroll_of(tx: Tx, of: Connection, provider_id: str, number: int) -> Version[ProviderPayroll]:
    return Version(number, _payroll(_opened(tx, of, PAYROLL, provider_id, number)))


def _day(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not kept")


def _on(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _person(said: dict[str, Any]) -> Person:
    spans = tuple(
        Employed(date.fromisoformat(e["hired_on"]), _on(e["terminated_on"]), e.get("ends_unknown", False))
        for e in said["employment"]
    )
    return Person(**{**said, "birth_date": _on(said["birth_date"]), "employment": spans})


def _payroll(said: dict[str, Any]) -> ProviderPayroll:
    days = {name: _on(said[name]) for name in ("pay_date", "period_start", "period_end", "processed_on")}
    rest = {
        "kind": PayrollKind(said["kind"]),
        "statements": tuple(_statement(each) for each in said["statements"]),
        "totals": Totals(**said["totals"]),
        "reversed_by": tuple(said["reversed_by"]),
        "doubts": tuple(said.get("doubts", ())),
    }
    return ProviderPayroll(**{**said, **days, **rest})


def _statement(said: dict[str, Any]) -> PayStatement:
    earnings = tuple(Earning(**each) for each in said["earnings"])
    withheld = tuple(
        Withheld(**{**each, "means": _field(each["means"]), "employer_means": _field(each["employer_means"])})
        for each in said["withheld"]
    )
    return PayStatement(**{**said, "earnings": earnings, "withheld": withheld})


def _field(said: str | None) -> Field | None:
    return None if said is None else Field(said)
