"""3xx: what opened the account, what may be rolled over, into which account, and what the receiver accepted."""

from __future__ import annotations

from collections.abc import Iterator

from ...law.distribution_events import may_distribute
from ...law.rollover_acceptance import reasonable_conclusion
from ...law.rollover_matrix import Obstacle, rollover_route
from ...law.rollovers import Distributee, eligible_rollover
from ..kinds import SOURCE, Into, Kind, destination
from .facts import Facts
from .reasons import Code, Reason, found, unknown
from .rule_version import RuleVersion
from .wording import INTO, KINDS


def event(facts: Facts) -> Iterator[Reason]:
    """An event opened each source that is paid, and no more is paid than is vested."""
    of_plan = [each for each in facts.held if each.paid_cents and facts.plan_pays(each.kind) is not None]
    opened = facts.opened
    if of_plan and opened is None:
        yield unknown(Code.NO_EVENT, "no distributable event is named (IRC 401(k)(2)(B))")
    if opened is not None and opened.on > facts.timing.payment_on:
        yield found(Code.NO_EVENT, f"{opened.event} is of {opened.on}, after the payment")
    for each in of_plan:
        if opened is not None:
            allowed = may_distribute(
                source=each.source,
                event=opened.event,
                months_in_plan=opened.months_in_plan,
                months_of_participation=opened.months_of_participation,
                other_plan_exists=opened.other_plan_exists,
            )
            if not allowed.allowed:
                yield found(Code.NOT_OPEN_TO_THIS_SOURCE, f"{each.source}: {allowed.why} ({allowed.cite})")
        if each.vested_cents is None:
            yield unknown(Code.NOT_VESTED, f"{each.source}: what is vested (IRC 411(a))")
        elif each.paid_cents > each.vested_cents:
            more = each.paid_cents - each.vested_cents
            yield found(Code.NOT_VESTED, f"{each.source}: {more} cents more than is vested (IRC 411(a))")


def eligible(facts: Facts) -> Iterator[Reason]:
    """The payment is an eligible rollover distribution, each exclusion answered (IRC 402(c)(4))."""
    if facts.because is None or facts.distributee is None:
        what = "what the payment is" if facts.because is None else "who is paid"
        yield unknown(Code.ELIGIBILITY_NOT_CERTIFIED, f"{what} (IRC 402(c)(4); Reg. 1.402(c)-2(c))")
        return
    if not any(part.into is not Into.PERSON for part in facts.parts):
        return
    judged = eligible_rollover(
        gross_cents=facts.payment_cents,
        because=facts.because,
        distributee=facts.distributee,
        series_years=facts.series_years,
    )
    if not judged.eligible_cents:
        yield found(Code.NOT_ELIGIBLE, f"{judged.why_not} ({judged.cite})")
    if facts.distributee is Distributee.DESIGNATED_BENEFICIARY:
        yield found(Code.NOT_ELIGIBLE, "only to an inherited IRA, which these rails do not carry (IRC 402(c)(11))")


def routes(facts: Facts, rules: RuleVersion) -> Iterator[Reason]:
    """Each part goes into an account that may take it, by the law and by the rules that the contract holds."""
    began_on = facts.paying.simple_participation_began_on if facts.paying else None
    for part in facts.parts:
        about = f"{KINDS[part.kind]} into {INTO[part.into]}"
        to = destination(part.kind, part.into)
        if to is None:
            if not rules.allows(part.kind, part.into):
                yield found(Code.NOT_BETWEEN_THESE_ACCOUNTS, f"{about}: not by these rules")
            continue
        route = rollover_route(
            source=SOURCE[part.kind],
            destination=to,
            on=facts.timing.payment_on,
            direct=True,
            simple_participation_began_on=began_on,
        )
        simple = Kind.SIMPLE_IRA is part.kind or part.into is Into.SIMPLE_IRA
        if route.obstacle is Obstacle.SIMPLE_TWO_YEARS and simple:
            told = "first participation is not known" if began_on is None else f"first participation on {began_on}"
            yield Reason(Code.SIMPLE_TWO_YEARS, began_on is None, f"{about}: {told} ({route.cite})")
        elif not route.allowed:
            yield found(Code.NOT_BETWEEN_THESE_ACCOUNTS, f"{about}: {route.obstacle} ({route.cite})")
        elif not rules.allows(part.kind, part.into):
            yield found(Code.NOT_BETWEEN_THESE_ACCOUNTS, f"{about}: not by these rules")


def acceptance(facts: Facts) -> Iterator[Reason]:
    """Each receiver's letter takes each part until the deadline; a plan may take the rollover for a valid one."""
    for place, receiver in enumerate(facts.receivers):
        pairs = {(part.kind, part.into) for part in facts.parts if part.to == place and part.into is not Into.PERSON}
        if not pairs:
            continue
        letter = receiver.letter
        if letter is None:
            yield unknown(Code.NO_LETTER, f"{receiver.name}: no letter of acceptance", to=place)
            continue
        if letter.valid_until < facts.timing.deadline:
            until = f"until {letter.valid_until}, before the deadline"
            yield found(Code.LETTER_LAPSES, f"{receiver.name}: {until}", to=place)
        for kind, into in sorted(pairs - letter.takes):
            about = f"{receiver.name}: {KINDS[kind]} into {INTO[into]}"
            yield found(Code.RECEIVER_DOES_NOT_TAKE_IT, about, to=place)
    yield from _source_proven(facts)


def _source_proven(facts: Facts) -> Iterator[Reason]:
    into_plans = (Into.PLAN, Into.PLAN_403B, Into.GOVERNMENT_457B)
    if not any(part.into in into_plans for part in facts.parts):
        return
    if facts.paying is None:
        yield unknown(Code.SOURCE_NOT_PROVEN, "nothing is known of what pays (Reg. 1.401(a)(31)-1 A-14)")
        return
    judged = reasonable_conclusion(
        evidence=facts.paying.evidence,
        payment_names_source=facts.paying.payment_names_source,
        reported_code_3c=facts.paying.reported_code_3c,
        kinds_certified=facts.paying.kinds_certified,
        minimum_ruled_out=facts.minimum is not None and facts.minimum.required_cents is not None,
        evidence_to_the_contrary=facts.paying.evidence_to_the_contrary,
    )
    if not judged.reasonable:
        yield found(Code.SOURCE_NOT_PROVEN, f"{', '.join(judged.gaps)} ({judged.cite})")
