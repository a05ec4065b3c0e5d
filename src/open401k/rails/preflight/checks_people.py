"""1xx and 2xx: who the person is, who must agree, what was told before. Not here: the plan, the amounts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from ...law.rollover_statements import explanation_in_time
from ...law.rollovers import Distributee
from ...law.spousal_consent import SpouseStanding, consent_checked, spousal_consent
from ..kinds import IRAS, Into, Kind
from .facts import Facts, Screening, Spouse
from .policy import Policy
from .reasons import Code, Reason, found, unknown
from .rule_version import RuleVersion


def identity(facts: Facts, rules: RuleVersion) -> Iterator[Reason]:
    """Both sides know the same person, and the proof of it is strong enough and lasts."""
    one, other = facts.releasing, facts.receiving
    if one is None or other is None:
        side = "releasing" if one is None else "receiving"
        yield unknown(Code.IDENTITY_NOT_TOLD, f"the {side} side has not told whom it knows")
    else:
        names = {_plain(name) for name in (one.legal_name, *one.former_names)}
        if not names & {_plain(name) for name in (other.legal_name, *other.former_names)}:
            yield found(Code.NAME_DIFFERS, "no legal or former name is the same on both sides")
        if _digits(one.tax_number) != _digits(other.tax_number):
            yield found(Code.TAX_NUMBER_DIFFERS, "the taxpayer numbers differ")
        if one.born_on != other.born_on:
            yield found(Code.BIRTH_DATE_DIFFERS, "the birth dates differ")
    if facts.proof is None:
        yield unknown(Code.IDENTITY_NOT_ATTESTED, "no attestation of the participant's key")
        return
    if facts.proof.level < rules.min_level:
        yield found(Code.IDENTITY_TOO_WEAK, f"level {facts.proof.level}, and the rules ask for {rules.min_level}")
    if facts.proof.valid_until < facts.timing.deadline:
        yield found(Code.IDENTITY_LAPSES, f"valid until {facts.proof.valid_until}, before {facts.timing.deadline}")


def screening(facts: Facts, policy: Policy) -> Iterator[Reason]:
    """The lists of sanctions were looked at, lately, and contact data did not just change."""
    looked: list[tuple[str, int | None, Screening | None]] = [("the person", None, facts.screening)]
    to_iras = {part.to for part in facts.parts if part.into in IRAS}
    looked += [
        (each.name, place, each.screening)
        for place, each in enumerate(facts.receivers)
        if each.screening is not None or place in to_iras  # a receiver of IRAs looks for itself
    ]
    days = policy.screening_days
    for about, to, one in looked:
        if one is None:
            yield unknown(Code.NOT_SCREENED, f"{about}: no screening", to=to)
        elif not one.clear:
            yield found(Code.ON_A_LIST, f"{about}: a match of {one.on} is not cleared", to=to)
        elif one.on < facts.timing.payment_on - timedelta(days=days):
            yield found(Code.NOT_SCREENED, f"{about}: screened on {one.on}, more than {days} days ago", to=to)
    change = facts.contact
    if change is None:
        yield unknown(Code.CONTACT_CHANGED, "nobody has said whether contact or bank data changed lately")
        return
    since = facts.timing.on - timedelta(days=policy.contact_days)
    confirmed = change.confirmed_on is not None and change.last_on is not None and change.confirmed_on >= change.last_on
    if change.last_on is not None and change.last_on >= since and not confirmed:
        yield found(Code.CONTACT_CHANGED, f"changed on {change.last_on} and not confirmed since")


def members(facts: Facts) -> Iterator[Reason]:
    """Every custodian's own proof reaches the deadline."""
    told = [("the releasing custodian", facts.releasing_member_until)]
    told += [(each.name, each.member_until) for each in facts.receivers]
    for about, until in told:
        if until is None:
            yield unknown(Code.MEMBER_LAPSES, f"{about}: not known as a member")
        elif until < facts.timing.deadline:
            yield found(Code.MEMBER_LAPSES, f"{about}: proven until {until}, before {facts.timing.deadline}")


def explanation(facts: Facts) -> Iterator[Reason]:
    """The explanation of section 402(f), of each kind of money that is paid by a plan, in time."""
    kinds = facts.plan_kinds
    if not kinds:
        return  # an IRA's trustee owes none
    told = facts.explanation
    if told is None:
        yield unknown(Code.EXPLANATION_NOT_GIVEN, "no explanation on file (IRC 402(f))")
        return
    if Kind.ROTH in kinds and not told.of_roth_money:
        yield found(Code.EXPLANATION_NOT_GIVEN, "not of Roth money (IRC 402(f); Notice 2026-13)")
    if kinds - {Kind.ROTH} and not told.of_other_money:
        yield found(Code.EXPLANATION_NOT_GIVEN, "not of money other than Roth (IRC 402(f); Notice 2026-13)")
    if told.given_on > facts.timing.on:
        yield found(Code.EXPLANATION_NOT_GIVEN, f"it is to be given on {told.given_on} (IRC 402(f))")
        return
    judged = explanation_in_time(
        given_on=told.given_on,
        distribution_on=facts.timing.payment_on,
        told_of_thirty_days=told.told_of_thirty_days,
        elected_since=told.elected_since,
    )
    if not judged.in_time:
        days = f"without a waiver from {judged.earliest_without_waiver}, until {judged.last}"
        yield found(Code.EXPLANATION_NOT_IN_TIME, f"{judged.path}: {days} ({judged.cite})")


def spouse(facts: Facts) -> Iterator[Reason]:
    """A spouse's consent, where the plan's terms ask for it, with its form and its 180 days."""
    if not facts.plan_kinds:
        return
    if facts.distributee is Distributee.SURVIVING_SPOUSE:
        return  # a spouse consents to what would be paid to somebody else (IRC 401(a)(11)(B)(iii), 417(a)(2))
    told = facts.spouse
    if told is None:
        yield unknown(Code.SPOUSE_NOT_KNOWN, "nobody has said whether there is a spouse (IRC 417(a)(2))")
        return
    if told.is_full_death_beneficiary is None or told.transferred_from_annuity_plan is None:
        yield unknown(Code.SPOUSE_NOT_KNOWN, "whether the plan is free of annuity rules (IRC 401(a)(11)(B)(iii))")
    if not consent_needed(facts, told):
        return
    if told.standing is None:
        yield unknown(Code.SPOUSE_NOT_KNOWN, "whether there is a spouse who must consent (IRC 417(a)(2)(B))")
    elif told.consent is None:
        yield found(Code.SPOUSE_HAS_NOT_CONSENTED, "a written and witnessed consent is needed (IRC 417(a)(2)(A))")
    else:
        checked = consent_checked(
            consented_on=told.consent.on,
            starts_on=facts.timing.payment_on,
            in_writing=told.consent.in_writing,
            names_form_or_beneficiary=told.consent.names_form_or_beneficiary,
            acknowledges_effect=told.consent.acknowledges_effect,
            witness=told.consent.witness,
        )
        if not checked.in_effect:
            yield found(Code.CONSENT_WITHOUT_EFFECT, f"{', '.join(checked.problems)} ({checked.cite})")


def consent_needed(facts: Facts, told: Spouse) -> bool:
    """Whether a spouse must consent; what is not known counts against being free of it."""
    vested = [each.vested_cents for each in facts.held]
    return spousal_consent(
        on=facts.timing.payment_on,
        vested_cents=sum(
            cents if cents is not None else each.balance_cents for cents, each in zip(vested, facts.held, strict=True)
        ),
        spouse=told.standing or SpouseStanding.MARRIED,
        minimum_funding_applies=told.minimum_funding_applies,
        spouse_is_full_death_beneficiary=told.is_full_death_beneficiary is True,
        life_annuity_elected=told.life_annuity_elected,
        transferred_from_annuity_plan=told.transferred_from_annuity_plan is not False,
    ).needed


def authority(facts: Facts) -> Iterator[Reason]:
    """No order or hold is in the way; the plan approves; signing electronically was agreed to."""
    holds = facts.holds
    if holds is None or holds.order_pending is None:
        yield unknown(Code.ORDER_PENDING, "whether a domestic relations order is pending (IRC 414(p))")
    elif holds.order_pending:
        yield found(Code.ORDER_PENDING, "a domestic relations order is pending (IRC 414(p)(7))")
    if holds is None or None in (holds.levy, holds.bankruptcy, holds.other_legal):
        yield unknown(Code.LEGAL_HOLD, "whether a levy, a bankruptcy or another legal hold stands")
    elif holds.levy or holds.bankruptcy or holds.other_legal:
        yield found(Code.LEGAL_HOLD, "a levy, a bankruptcy or another legal hold stands")
    if facts.approved_by_administrator is None:
        yield unknown(Code.NOT_APPROVED_BY_PLAN, "the plan administrator has not answered")
    elif not facts.approved_by_administrator:
        yield found(Code.NOT_APPROVED_BY_PLAN, "the plan administrator refused")
    if facts.e_sign_consent is None:
        yield unknown(Code.NO_ESIGN_CONSENT, "consent to electronic signing and delivery")
    elif not facts.e_sign_consent:
        yield found(Code.NO_ESIGN_CONSENT, "electronic signing was declined")


def delivery(facts: Facts) -> Iterator[Reason]:
    """5xx: where each receiver's money goes is confirmed, and its account has a title."""
    paid = {part.to for part in facts.parts}
    to_accounts = {part.to for part in facts.parts if part.into is not Into.PERSON}
    for place, each in enumerate(facts.receivers):
        if place not in paid:
            continue
        if each.delivery_confirmed is None:
            yield unknown(Code.NO_DELIVERY, f"{each.name}: where it goes", to=place)
        elif not each.delivery_confirmed:
            yield found(Code.NO_DELIVERY, f"{each.name}: not confirmed", to=place)
        if place in to_accounts and each.letter is not None and not each.letter.account_title.strip():
            yield found(Code.NO_TITLE, f"{each.name}: the letter names no account title", to=place)


def _plain(name: str) -> str:
    """A name without case, accents, punctuation and double spaces."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join(kept.split())


def _digits(number: str) -> str:
    return "".join(letter for letter in number if letter.isalnum())
