"""The values of a deal's transfer file: what follows from both halves and worked amounts, the rest as it is told.

Both sides make these values for themselves and the receiver compares. What follows from facts is never taken from a
half's own ``file``, and nothing is invented: an item that nobody told is missing, and said so. Not here: leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from open401k.kernel import Money, Refused, Source
from open401k.law.form_1099r import Form1099R
from open401k.law.minimum_distributions import applicable_age
from open401k.law.rollover_statements import ExplanationPath, explanation_in_time

from ..kinds import Into, Kind
from ..messages import Election, Mode, Role, election_hash
from ..preflight.facts import Held
from ..preflight.worked import WorkedPart, roth_judged
from ..transfer_file.schema import Problem
from .deal import Deal
from .desk import Desk
from .halves import ReceivingHalf, ReleasingHalf
from .terms_of import Worked

#: Under which a receiver writes what it tells of its own place, whichever that is.
_FIRST: Final = "receiving[0]."
Row = tuple[str, str | int | bool | date | None]


@dataclass(frozen=True, slots=True)
class Making:
    """A file in the making: of which deal, under which signed election, when, and how long its terms stand."""

    deal: Deal
    releasing: ReleasingHalf
    receiving: ReceivingHalf
    done: Worked
    election: Election
    desk: Desk
    made_at: int
    until: int

    @property
    def halves(self) -> tuple[ReceivingHalf, ...]:
        """Of all receivers, in the election's order."""
        return self.deal.halves or (self.receiving,)

    @property
    def parts(self) -> tuple[WorkedPart, ...]:
        return self.done.found.parts or ()

    @property
    def paid(self) -> list[Held]:
        """The sources that are paid."""
        return [each for each in self.releasing.held if each.paid_cents]


def values_of(making: Making) -> tuple[dict[str, str], list[Problem]]:
    """Every value by its label, and what of the halves' own items contradicts them."""
    derived = {label: _text(value) for label, value in _derived(making) if value is not None}
    values, problems = dict(derived), []
    for told in (making.releasing.file, *_files(making)):
        for label, value in told.items():
            if values.setdefault(label, value) != value:
                said = "follows from the facts" if label in derived else "is told by both halves, each otherwise"
                problems.append(Problem(label, f"{said}: leave it out, or correct it"))
    return values, problems


def _files(making: Making) -> Iterator[Mapping[str, str]]:
    """What receivers tell besides, each of its own place; of who does not lead nothing but that."""
    for place, half in enumerate(making.halves):
        if place == 0:
            yield half.file
        else:
            own = {name: value for name, value in half.file.items() if name.startswith(_FIRST)}
            yield {f"receiving[{place}].{name.removeprefix(_FIRST)}": value for name, value in own.items()}


def _derived(making: Making) -> Iterator[Row]:
    yield from _case(making)
    yield from _people(making)
    yield from _places(making)
    yield from _event(making)
    yield from _amounts(making)
    yield from _tax(making)
    for place, form in enumerate(making.done.found.forms):
        if not isinstance(form, Refused):
            yield from _form(f"forms[{place}]", form)
    yield from _authority(making)
    yield from _institution(making)


def _case(making: Making) -> Iterator[Row]:
    deal, mode = making.deal, making.receiving.mode
    yield "case.reference", deal.reference.hex()
    yield "case.message_version", 1
    yield "case.rule_version", making.election.rule_version
    yield "case.direction", "rollover" if deal.gives_back is None else "return"
    yield "case.full", mode is Mode.ALL
    yield "case.direct", any(each.part.into is not Into.PERSON for each in making.parts)
    yield "case.parent", deal.gives_back.hex() if deal.gives_back else None
    yield "case.created_at", _moment(making.made_at)
    yield "case.valid_until", _moment(making.until)
    yield "settlement.method", "deposit_token"
    yield "settlement.currency", "USD"
    yield "settlement.amount_cents", sum(each.part.cents for each in making.parts)
    yield "settlement.residual_expected", mode is Mode.ALL
    yield "settlement.residual_until", making.receiving.deadline if mode is Mode.ALL else None


def _people(making: Making) -> Iterator[Row]:
    person, facts = making.releasing.identity, making.done.facts
    if person is not None:
        yield "participant.legal_name", person.legal_name
        yield "participant.former_names", "; ".join(person.former_names) or None
        yield "participant.tax_number", person.tax_number
        yield "participant.born_on", person.born_on
        reached = applicable_age(born_on=person.born_on).reached_on
        yield "minimum.age_reached", reached.year <= making.releasing.payment_on.year
    if facts.tax is not None and facts.tax.nonresident_alien is not None:
        yield "participant.us_person", not facts.tax.nonresident_alien
    if facts.minimum is not None and facts.minimum.required_cents is not None:
        yield "minimum.year_cents", facts.minimum.required_cents
    if facts.loan is not None and facts.loan.outstanding_cents:
        yield "loan.balance_cents", facts.loan.outstanding_cents
        yield "loan.note_goes_along", facts.loan.note_goes_along
    if facts.loan is not None and facts.loan.offset is not None:
        yield "loan.offset_cents", facts.loan.offset.cents
        yield "loan.offset_on", facts.loan.offset.on


def _places(making: Making) -> Iterator[Row]:
    paying = making.done.facts.paying
    yield "distributing.account_number", making.releasing.account
    if paying is not None:
        yield "distributing.qualification_evidence", paying.evidence.value
        yield "distributing.form_5500_code_3c", paying.reported_code_3c
        yield "distributing.simple_first_participation_on", paying.simple_participation_began_on
    for place, half in enumerate(making.halves):
        at, letter = f"receiving[{place}]", half.letter
        yield f"{at}.account_number", half.account
        yield f"{at}.token_address", making.desk.token.hex()
        if letter is not None:
            yield f"{at}.account_title", letter.account_title
            taken = ", ".join(f"{kind.name.lower()} into {into.name.lower()}" for kind, into in sorted(letter.takes))
            yield f"{at}.accepted_kinds", taken or None
            yield f"{at}.letter_expires_on", letter.valid_until


def _event(making: Making) -> Iterator[Row]:
    opened = making.done.facts.opened
    if opened is not None:
        yield "event.kind", opened.event.value
        yield "event.on", opened.on
    # preflight found the payment eligible and none of the exclusions of IRC 402(c)(4), or there were no terms
    for name in ("eligible_certified", "not_series", "not_required_minimum", "not_hardship", "not_corrective",
                 "not_deemed_loan", "not_dividend", "not_insurance_cost"):  # fmt: skip
        yield f"event.{name}", making.done.facts.because is not None


def _amounts(making: Making) -> Iterator[Row]:
    """Each source with its share of what is taxed and of the basis of its kind."""
    told: dict[str, list[tuple[Held, int, int]]] = {}
    for kind in {each.kind for each in making.paid}:
        held = [each for each in making.paid if each.kind is kind]
        parts = [each for each in making.parts if each.part.kind is kind]
        taxed = _shared(sum(each.taxable_cents for each in parts), held)
        basis = _shared(sum(each.basis_cents for each in parts), held)
        for each, taxable, of_it in zip(held, taxed, basis, strict=True):
            told.setdefault(source_label(each), []).append((each, taxable, of_it))
    for name, rows in told.items():
        at, gross, of_it = f"amounts[{name}]", sum(row[0].paid_cents for row in rows), sum(row[2] for row in rows)
        yield f"{at}.gross_cents", gross
        yield f"{at}.taxable_cents", sum(row[1] for row in rows)
        yield f"{at}.basis_cents", of_it
        if any(row[0].kind in (Kind.ROTH, Kind.AFTER_TAX) for row in rows):
            yield f"{at}.earnings_cents", gross - of_it
        yield f"{at}.as_of", making.releasing.payment_on
        vested, balance = sum(row[0].vested_cents or 0 for row in rows), sum(row[0].balance_cents for row in rows)
        yield f"{at}.vested_cents", vested
        if vested == balance:
            yield f"{at}.forfeited_cents", 0


def _shared(cents: int, held: Sequence[Held]) -> list[int]:
    return [share.cents for share in Money(cents).split([each.paid_cents for each in held])]


def source_label(held: Held) -> str:
    """What the transfer file calls a source of a kind."""
    if held.kind in _OF_IRAS:
        return _OF_IRAS[held.kind]
    if held.kind is Kind.ROTH and held.source in _ROTH:
        return _ROTH[held.source]
    return _PLAIN.get(held.source, held.source.value)


_OF_IRAS = {
    Kind.TRADITIONAL_IRA: "traditional_ira", Kind.ROTH_IRA: "roth_ira", Kind.SIMPLE_IRA: "simple_ira",
    Kind.SEP_IRA: "sep_ira",
}  # fmt: skip
_ROTH = {
    Source.MATCH: "roth_match", Source.NONELECTIVE: "roth_nonelective", Source.ROLLOVER: "rollover_roth",
    Source.ROTH_ROLLOVER: "rollover_roth",
}  # fmt: skip
_PLAIN = {
    Source.NONELECTIVE: "profit_sharing", Source.ROLLOVER: "rollover_pre_tax", Source.AFTER_TAX_ROLLOVER: "after_tax",
}  # fmt: skip


def _tax(making: Making) -> Iterator[Row]:
    facts = making.done.facts
    if any(each.part.kind is Kind.ROTH for each in making.parts) and facts.roth is not None:
        judged = roth_judged(facts)
        yield "roth.first_year", facts.roth.first_year
        yield "roth.basis_cents", sum(each.basis_cents for each in making.parts if each.part.kind is Kind.ROTH)
        yield "roth.qualified", judged.qualified if judged else None
    if any(each.part.kind is Kind.AFTER_TAX for each in making.parts):
        yield "tax_basis.after_tax_cents", sum(x.basis_cents for x in making.parts if x.part.kind is Kind.AFTER_TAX)
        into = {each.part.into.name.lower() for each in making.parts if each.part.kind is Kind.AFTER_TAX}
        yield "tax_basis.destination", ", ".join(sorted(into))
    cash = [each for each in making.parts if each.part.into is Into.PERSON]
    rates = {making.done.rules.rate_bps(each.part.kind) for each in cash}
    if len(rates) < 2:
        yield "tax.federal_bps", max(rates, default=0)
    yield "tax.federal_cents", making.done.found.withheld_cents
    if not cash:
        yield "tax.state", "none"
        yield "tax.state_cents", 0


def _form(at: str, form: Form1099R) -> Iterator[Row]:
    yield f"{at}.box_1_cents", form.box_1_gross_cents
    yield f"{at}.box_2a_cents", form.box_2a_taxable_cents
    yield f"{at}.box_2b", "total distribution" if form.box_2b_total_distribution else "not a total distribution"
    yield f"{at}.box_4_cents", form.box_4_withheld_cents
    yield f"{at}.box_5_cents", form.box_5_basis_cents
    yield f"{at}.box_6_cents", form.box_6_appreciation_cents
    yield f"{at}.box_7", form.box_7_codes
    yield f"{at}.box_10_cents", form.box_10_recapture_cents or None
    yield f"{at}.box_11", form.box_11_roth_first_year
    yield f"{at}.tax_year", form.tax_year.year


def _authority(making: Making) -> Iterator[Row]:
    facts = making.done.facts
    yield "authority.election", election_hash(making.election).hex()
    if facts.explanation is not None:
        told = facts.explanation
        yield "authority.explanation_on", told.given_on
        judged = explanation_in_time(
            given_on=told.given_on,
            distribution_on=facts.timing.payment_on,
            told_of_thirty_days=told.told_of_thirty_days,
            elected_since=told.elected_since,
        )
        yield "authority.thirty_days_waived", judged.path is ExplanationPath.THIRTY_DAYS_WAIVED
    yield "authority.proofing_level", facts.proof.level if facts.proof else None
    if facts.contact is not None:
        changed = facts.contact.last_on
        yield "authority.fraud_signals", "none" if changed is None else "contact data changed"
        yield "authority.contact_changed_on", changed
    if facts.approved_by_administrator:
        yield "authority.releasing_administrator_approval", "approved"
    if facts.spouse is not None and facts.spouse.consent is not None:
        yield "authority.spouse_consented_on", facts.spouse.consent.on
        yield "authority.spouse_witness", facts.spouse.consent.witness.value
    if facts.holds is not None:
        yield "authority.holds", "none"


def _institution(making: Making) -> Iterator[Row]:
    """Both custodians' proofs, and the keys that sign for them."""
    yield "institution.releasing_proven_until", making.releasing.member_until
    yield "institution.receiving_proven_until", making.receiving.member_until
    network = making.desk.network
    signers = {Role.SOURCE: making.deal.source, Role.RECEIVER: making.receiving.member}
    told = ", ".join(f"{role.name.lower()} {network.signer_of(who).hex()}" for role, who in signers.items())
    yield "institution.signers", told


def _text(value: str | int | bool | date | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
