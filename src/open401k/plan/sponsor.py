"""The employer that sponsors a plan; it is the tenant of everything about it. Not here: its owners (census)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import Open401kError, SponsorId

from . import _store

#: First two digits that the IRS has never given to an employer.
_NO_EIN = frozenset(
    {"00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97"}
)
_EIN = re.compile(r"(\d{2})-?(\d{7})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sponsor:
    """An employer. ``employees`` holds, by year, how many it normally employed."""

    sponsor_id: SponsorId
    name: str
    ein: str
    established_on: date
    employees: Mapping[int, int]

    @property
    def ein_written(self) -> str:
        """As the IRS writes it: ``12-3456789``."""
        return f"{self.ein[:2]}-{self.ein[2:]}"


def parse_ein(text: str) -> str:
    """The nine digits of an employer identification number, written with or without its dash.

    >>> parse_ein("12-3456789")
    '123456789'
    """
    match = _EIN.fullmatch(text.strip())
    if match is None or match[1] in _NO_EIN:
        raise Open401kError(
            f"{text!r} is not an employer identification number.",
            fix="Copy the nine digits from IRS notice CP 575, for example 12-3456789.",
        )
    return match[1] + match[2]


def register_sponsor(
    tx: Tx, *, name: str, ein: str, established_on: date, sponsor_id: SponsorId | None = None
) -> SponsorId:
    """Register an employer as a tenant, with its head.

    Row security must already let the transaction see the new tenant: either it begins with ``ALL_TENANTS``, or the
    caller makes the id first, begins with it and passes it.
    """
    if not name.strip():
        raise Open401kError("A sponsor has a name.", fix="Give its legal name, as on Form SS-4.")
    digits = parse_ein(ein)
    tenant_id = sponsor_id or tx.ids.new(SponsorId)
    heads.open(tx, tenant_id=tenant_id)
    heads.lock(tx, tenant_id=tenant_id)
    if _store.sponsor(tx, tenant_id=tenant_id) is not None:
        raise Open401kError(f"{tenant_id} is registered already.", fix="Register each sponsor once.")
    _store.add_sponsor(tx, tenant_id=tenant_id, name=name.strip(), ein=digits, established_on=established_on)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="plan.sponsor_registered",
        subject=str(tenant_id),
        after={"name": name.strip(), "ein": digits, "established_on": established_on.isoformat()},
    )
    return tenant_id


def record_headcount(tx: Tx, *, tenant_id: SponsorId, year: int, employees: int) -> None:
    """State how many people the sponsor normally employed in a year; a later statement takes the place of this one."""
    heads.lock(tx, tenant_id=tenant_id)
    before = _store.headcounts(tx, tenant_id=tenant_id).get(year)
    _store.add_headcount(tx, tenant_id=tenant_id, year=year, employees=employees)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="plan.headcount_recorded",
        subject=str(tenant_id),
        before=None if before is None else {"year": year, "employees": before},
        after={"year": year, "employees": employees},
    )


def sponsor(tx: Tx, *, tenant_id: SponsorId) -> Sponsor:
    """One sponsor; asking for one that was never registered is an error."""
    row = _store.sponsor(tx, tenant_id=tenant_id)
    if row is None:
        raise Open401kError(f"There is no sponsor {tenant_id}.", fix="Register it first, or check the id.")
    counts = _store.headcounts(tx, tenant_id=tenant_id)
    return Sponsor(tenant_id, row.name, row.ein, row.established_on, counts)


def list_sponsors(tx: Tx) -> list[Sponsor]:
    """Every sponsor that the transaction may see, by name; head counts left out."""
    return [Sponsor(tenant_id, row.name, row.ein, row.established_on, {}) for tenant_id, row in _store.sponsors(tx)]
