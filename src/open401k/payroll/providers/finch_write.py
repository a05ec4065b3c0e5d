"""Instructions as Finch's request bodies, and what is still to do once a job is done. Not here: sending them."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from ..rows import Field
from .connector import ProviderError, Trouble
from .statements import Instruction, Rate, Tier

#: Some payrolls behind Finch cut what is longer.
LONGEST_NAME: Final = 29
TYPES: Final = {Field.PRE_TAX: "401k", Field.ROTH: "401k_roth", Field.LOAN_PAYMENT: "401k_loan"}
_NAMES: Final = {Field.PRE_TAX: "401(k)", Field.ROTH: "Roth 401(k)"}


def benefit(wanted: Instruction) -> dict[str, Any]:
    """The company benefit that an instruction goes under; each loan has its own: payrolls tell it by nothing else."""
    if wanted.means not in TYPES:
        fix = "It is entered at the payroll provider by hand."
        raise ProviderError(Trouble.REFUSED, f"Finch has no deduction for {wanted.means}.", fix=fix)
    name = _NAMES.get(wanted.means, f"401(k) loan {wanted.loan_id}")
    if len(name) > LONGEST_NAME or (wanted.means is Field.LOAN_PAYMENT and not wanted.loan_id):
        fix = "Give the loan a shorter id; some payroll providers cut longer names."
        raise ProviderError(Trouble.REFUSED, "A loan has an id of at most 17 characters there.", fix=fix)
    return {"type": TYPES[wanted.means], "description": name, "frequency": "every_paycheck"}


def enrolment(wanted: Instruction) -> dict[str, Any]:
    """One person with their configuration; it takes the place of what is there."""
    configuration: dict[str, Any] = {"effective_date": wanted.effective_on.isoformat()}
    configuration["employee_deduction"] = _rate(wanted.employee or Rate(cents=0))
    if wanted.employer is not None:
        configuration["company_contribution"] = _employer(wanted.employer)
    if wanted.means is not Field.LOAN_PAYMENT:
        configuration["catch_up"] = wanted.catch_up
        if wanted.annual_maximum_cents is not None:
            configuration["annual_maximum"] = wanted.annual_maximum_cents
    return {"individual_id": wanted.person_id, "configuration": configuration}


def _rate(rate: Rate) -> dict[str, Any]:
    kind = "fixed" if rate.bps is None else "percent"
    return {"type": kind, "amount": rate.cents if rate.bps is None else rate.bps}


def _employer(employer: Rate | tuple[Tier, ...]) -> dict[str, Any]:
    if isinstance(employer, Rate):
        return _rate(employer)
    return {"type": "tiered", "tiers": [{"match": each.match_bps, "threshold": each.up_to_bps} for each in employer]}


@dataclass(frozen=True, slots=True)
class Job:
    """What is waited for. With ``then`` it makes the benefit that the instruction goes under once it is there."""

    job_id: str
    benefit_id: str
    then: Instruction | None = None

    def written(self) -> str:
        """As a receipt carries it."""
        said = {"job": self.job_id, "benefit": self.benefit_id}
        return json.dumps(said | ({"then": asdict(self.then)} if self.then else {}), default=str, sort_keys=True)


def job(written: str) -> Job:
    """A job as it was written."""
    said = json.loads(written)
    then = said.get("then")
    return Job(said["job"], said["benefit"], _instruction(then) if then else None)


def _instruction(said: dict[str, Any]) -> Instruction:
    employer = said["employer"]
    known = said | {"means": Field(said["means"]), "effective_on": date.fromisoformat(said["effective_on"])}
    known["employee"] = None if said["employee"] is None else Rate(**said["employee"])
    if isinstance(employer, list):
        known["employer"] = tuple(Tier(**each) for each in employer)
    elif employer is not None:
        known["employer"] = Rate(**employer)
    return Instruction(**known)
