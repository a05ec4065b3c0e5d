"""The form of a plan's terms: every provision is in it, in words; what it begins with is what is in force."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date

import pytest
from starlette.datastructures import FormData, UploadFile

from open401k import plan
from open401k.doors.web import provision_forms
from open401k.doors.web.provision_forms import Field
from open401k.doors.written import document
from open401k.kernel import Source
from open401k.law.pay_items import PayKind
from open401k.views.provision_words import SUBJECTS, WORDS, label

BARE = plan.Provisions(date(2019, 1, 1))
_ASKED = plan.Conditions(last_day=True, hours=1_000, waived=(plan.Waiver.DEATH,))
_TIERS = (plan.MatchTier(10_000, 300), plan.MatchTier(3_325, 500))
FULL = plan.Provisions(
    date(2019, 1, 1),
    plan_year_start=plan.MonthDay(7, 1),
    match=plan.Match(_TIERS, cap_cents=250_000, by_service=(plan.ServiceTiers(5, _TIERS[:1]),), conditions=_ASKED),
    nonelective=plan.Nonelective(300, Source.PROFIT_SHARING),
    vesting=plan.Vesting(((Source.MATCH, plan.GRADED_6),), on_death=True, normal_retirement=plan.RetirementAge(62, 5)),
    compensation=plan.Compensation(
        ("Gift, small", "100"), excluded_kinds=(PayKind.BONUS,), match=plan.PayTerms(excluded_kinds=(PayKind.TIPS,))
    ),
    elections=plan.ElectionTerms(bonus_pay_codes=("BON",)),
    automatic_enrollment=plan.AutomaticEnrollment(date(2025, 7, 1)),
    may_declare=(Source.PROFIT_SHARING, Source.MATCH),
    declared_conditions=((Source.MATCH, _ASKED),),
    forfeitures=plan.Forfeitures(uses=tuple(reversed(plan.Forfeitures().uses))),
    match_eligibility=plan.EntryTerms(),
    nonelective_eligibility=plan.EntryTerms(hours_in_year=None),
    loans=plan.Loans(over_prime_bps=150),
    profit_sharing=plan.ProfitSharing((plan.AllocationGroup("Owners", ("owner",)), plan.AllocationGroup("All"))),
    rollovers=plan.Rollovers(holds_annuity_money=False),
)


def filled(several: Sequence[Field]) -> Iterator[tuple[str, str]]:
    """What a browser sends of fields that nobody touched."""
    for each in several:
        if each.kind == "group" and each.optional and each.given:
            yield "given", each.path
        for inner in (each.parts, *each.rows):
            yield from filled(inner)
        if each.kind in ("several", "ranked"):
            yield from ((each.path, one) for one in each.chosen)
        elif each.is_line:
            yield each.path, each.value


def sent(terms: plan.Provisions) -> list[tuple[str, str | UploadFile]]:
    return [pair for each in provision_forms.subjects(terms, None, {}) for pair in filled(each.fields)]


@pytest.mark.parametrize("terms", [BARE, FULL], ids=["bare", "full"])
def test_a_form_that_nobody_touched_is_the_terms_in_force(terms: plan.Provisions) -> None:
    told, wrong = provision_forms.read(terms, FormData(sent(terms)))
    now = document(terms)
    assert (wrong, told) == ({}, {name: now[name] for name in told})
    again = provision_forms.subjects(terms, FormData(sent(terms)), {})
    assert not any(each.is_open for each in again)
    assert [pair for each in again for pair in filled(each.fields)] == sent(terms)


def test_every_provision_stands_under_one_subject_and_is_called_in_words() -> None:
    sections = [each for several in SUBJECTS.values() for each in several]
    assert sorted(sections) == sorted(each.name for each in fields(plan.Provisions) if each.name != "adopted_on")
    paths = {path for each in provision_forms.subjects(FULL, None, {}) for path in _paths(each.fields)}
    odd = [each for each in paths if {"bps", "cents"} & set(label(each).split())]
    assert odd == []
    assert set(WORDS) <= {".".join(part for part in each.split(".") if not part.isdecimal()) for each in paths}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("eligibility.minimum_age", ""),
        ("eligibility.minimum_age", "1,000,001"),
        ("match.cap_cents", "ten"),
        ("match.cap_cents", "1.005"),
        ("match.tiers.0.rate_bps", "-3"),
        ("match.tiers.7.rate_bps", "3"),
        ("safe_harbor", "harbor"),
        ("automatic_enrollment.counted_from", "2025-02-30"),
        ("vesting.schedules.0.schedule.percents", "none"),
        ("rollovers.trustee", "x" * 201),
        ("deferrals.catch_up", "maybe"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(path: str, text: str) -> None:
    form = FormData([pair for pair in sent(FULL) if pair[0] != path] + [(path, text)])
    _, wrong = provision_forms.read(FULL, form)
    section = path.rpartition(".")[0] if ".7." in path else path
    assert [each for each in wrong if each.startswith(section)], wrong
    shown = provision_forms.subjects(FULL, form, wrong)
    assert [each.path for one in shown for each in provision_forms.problems(iter(one.fields))] == list(wrong)
    assert sum(each.is_open for each in shown) == 1


def _paths(several: Sequence[Field]) -> Iterator[str]:
    for each in several:
        yield each.path
        for inner in (each.parts, *each.rows):
            yield from _paths(inner)
