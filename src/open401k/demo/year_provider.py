"""Acme's payroll at a provider's stand-in: told over HTTP what happens there, asked for its own totals.

Not here: the stand-in (standins), asking it for the plan (flows.provider_pull).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2

from open401k.kernel import Open401kError
from open401k.payroll.providers import trusted

from .people import ACME, Person

#: Gusto's name for what it withholds, and for what the employer adds.
_WITHHELD, _ADDED = "employee_benefits_deductions", "benefits"


@dataclass(slots=True)
class AtProvider:
    """One company there. ``people``: the provider's ids by SSN."""

    url: str
    company: str
    people: dict[str, str]
    access: str
    refresh: str

    def hire(self, person: Person) -> None:
        """Somebody new is typed in there."""
        made = _tell(self.url, f"/companies/{self.company}/employees", _employee(person))
        self.people[person.ssn] = str(made["employee_uuid"])

    def change(self, ssn: str, **sent: Any) -> None:
        """Something of one person changes there."""
        _tell(self.url, f"/companies/{self.company}/employees/{self.people[ssn]}", sent, "PATCH")

    def move_to(self, day: date) -> None:
        """Its day moves on; payrolls are run on the way."""
        _tell(self.url, "/clock", {"to": day.isoformat()})

    def totals(self, year: int) -> dict[date, tuple[int, int]]:
        """What it withheld and what the employer added, in cents, by pay date: its own sums, read past our connector.

        The token for it is one of its own: the connection's would be used up.
        """
        access = _tell(self.url, "/tokens", {"grant": self.company})["tokens"]["access_token"]
        asked = {"start_date": f"{year - 1}-12-01", "end_date": f"{year}-11-30", "include": "totals", "per": "100"}
        found: dict[date, tuple[int, int]] = {}
        for params in (asked, asked | {"start_date": f"{year}-12-01", "end_date": f"{year}-12-31"}):
            with httpx2.Client(base_url=self.url, timeout=30, verify=trusted(), headers=_bearer(access)) as client:
                for each in client.get(f"/v1/companies/{self.company}/payrolls", params=params).json():
                    totals = each["totals"]
                    found[date.fromisoformat(each["check_date"])] = (_cents(totals[_WITHHELD]), _cents(totals[_ADDED]))
        return {day: both for day, both in sorted(found.items()) if day.year == year}


def open_company(url: str, people: Sequence[Person], *, first_check: date, match: Mapping[str, Any]) -> AtProvider:
    """Acme opens its account there: its people, and the match as its plan has it."""
    sent = {"name": ACME.name, "ein": ACME.ein, "first_check": first_check.isoformat(), "contribution": dict(match)}
    made = _tell(url, "/companies", sent | {"people": [{"key": each.ssn, **_employee(each)} for each in people]})
    tokens = made["tokens"]
    return AtProvider(url, made["company_uuid"], made["people"], tokens["access_token"], tokens["refresh_token"])


def _bearer(access: str) -> dict[str, str]:
    return {"authorization": f"Bearer {access}"}


def _employee(person: Person) -> dict[str, Any]:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "date_of_birth": person.birth_date.isoformat(),
        "hire_date": person.hired_on.isoformat(),
        "salary_cents": person.salary_cents,
    }


def _tell(url: str, path: str, sent: Mapping[str, Any], method: str = "POST") -> dict[str, Any]:
    with httpx2.Client(base_url=f"{url}/_sandbox", timeout=30, verify=trusted()) as client:
        answered = client.request(method, path, json=sent)
    if not answered.is_success:
        raise Open401kError(f"The stand-in answered {answered.status_code} to {path}.", fix="Start over: --reset")
    told: dict[str, Any] = answered.json()
    return told


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])
