"""Eligibility that differs by kind of money: what the law lets employer money ask for, and how it is written down."""

from dataclasses import replace
from datetime import date

import pytest

from open401k.kernel import Source
from open401k.plan import (
    CLIFF_3,
    GRADED_6,
    Eligibility,
    EntryRule,
    EntryTerms,
    Kind,
    Match,
    MatchTier,
    Nonelective,
    Provisions,
    SafeHarbor,
    Vesting,
    VestingSchedule,
    problems,
    provisions_from_json,
    provisions_to_json,
)

AT_ONCE = Eligibility(minimum_age=18, service_months=0, hours_in_year=None, entry=EntryRule.IMMEDIATE)
PLAIN = Provisions(
    adopted_on=date(2019, 1, 1),
    eligibility=AT_ONCE,
    match=Match((MatchTier(5_000, 600),)),
    nonelective=Nonelective(300, Source.PROFIT_SHARING),
)
BASIC = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), Source.SAFE_HARBOR_MATCH)
HARBOR = replace(PLAIN, match=BASIC, safe_harbor=SafeHarbor.BASIC_MATCH)
TWO_YEARS = EntryTerms(service_months=24)


@pytest.mark.parametrize(
    "terms",
    [
        replace(PLAIN, match_eligibility=EntryTerms()),
        replace(PLAIN, match_eligibility=EntryTerms(excluded_classes=("interns",))),
        replace(PLAIN, match_eligibility=EntryTerms(), nonelective_eligibility=TWO_YEARS),
        replace(PLAIN, nonelective_eligibility=EntryTerms(service_months=18, hours_in_year=None)),
        # "After not more than 2 years of service": a two-year cliff is vested by the day of entry.
        replace(PLAIN, match_eligibility=TWO_YEARS, vesting=Vesting(((Source.MATCH, VestingSchedule((0, 0, 100))),))),
        replace(HARBOR, match_eligibility=EntryTerms(hours_in_year=None)),
        replace(PLAIN, eligibility=replace(AT_ONCE, part_time_shares=True, part_time_tested=True)),
    ],
)
def test_lawful_entry_by_kind_has_no_problem_and_survives_json(terms: Provisions) -> None:
    assert problems(terms) == []
    assert provisions_from_json(provisions_to_json(terms)) == terms


@pytest.mark.parametrize(
    ("terms", "field", "citation"),
    [
        (replace(PLAIN, match_eligibility=EntryTerms(minimum_age=22)), "match_eligibility.minimum_age", "(A)(i)"),
        (
            replace(PLAIN, match_eligibility=EntryTerms(hours_in_year=1_001)),
            "match_eligibility.hours_in_year",
            "(3)(A)",
        ),
        (
            replace(PLAIN, match_eligibility=EntryTerms(service_months=18)),
            "match_eligibility.hours_in_year",
            "410(a)(3)(A)",
        ),
        (
            replace(PLAIN, nonelective_eligibility=EntryTerms(service_months=25, hours_in_year=None)),
            "nonelective_eligibility.service_months",
            "410(a)(1)(A)(ii), (B)(i)",
        ),
        (
            replace(PLAIN, match_eligibility=TWO_YEARS, vesting=Vesting(((Source.MATCH, CLIFF_3),))),
            "match_eligibility.service_months",
            "410(a)(1)(B)(i)",
        ),
        (
            replace(PLAIN, nonelective_eligibility=TWO_YEARS, vesting=Vesting(((Source.PROFIT_SHARING, GRADED_6),))),
            "nonelective_eligibility.service_months",
            "1.410(a)-3T(b)",
        ),
        (replace(HARBOR, match_eligibility=TWO_YEARS), "match_eligibility.service_months", "1.401(k)-3(h)(3)"),
        (replace(PLAIN, match=None, match_eligibility=EntryTerms()), "match_eligibility", "1.401-1"),
        (
            replace(HARBOR, match_eligibility=EntryTerms(excluded_classes=("interns",))),
            "match_eligibility.excluded_classes",
            "1.401(k)-3(b)(1), (c)(1)",
        ),
        (
            replace(PLAIN, match_eligibility=EntryTerms(excluded_classes=("Part-time staff",))),
            "match_eligibility.excluded_classes",
            "1.410(a)-3(e)",
        ),
        (
            replace(
                PLAIN,
                eligibility=Eligibility(21, 12, None),
                match_eligibility=EntryTerms(21, 6, None),
            ),
            "match_eligibility",
            "1.401-1",
        ),
        (replace(PLAIN, eligibility=replace(AT_ONCE, service_months=24)), "eligibility.service_months", "401(k)(2)(D)"),
    ],
)
def test_entry_terms_that_cannot_stand_are_named_with_their_rule(terms: Provisions, field: str, citation: str) -> None:
    found = problems(terms)
    assert [each.field for each in found] == [field]
    assert citation in found[0].citation


def test_what_was_written_before_reads_and_writes_as_it_was() -> None:
    written = provisions_to_json(PLAIN)
    assert not {"match_eligibility", "nonelective_eligibility"} & written.keys()
    assert "part_time_shares" not in written["eligibility"]
    assert provisions_from_json(written) == PLAIN
    apart = replace(PLAIN, match_eligibility=EntryTerms())
    assert "excluded_classes" not in provisions_to_json(apart)["match_eligibility"]
    assert provisions_from_json(provisions_to_json(apart)) == apart
    of_class = replace(PLAIN, match_eligibility=EntryTerms(excluded_classes=("interns",)))
    assert provisions_from_json(provisions_to_json(of_class)) == of_class


def test_classes_that_are_out_are_out_for_every_kind_of_money() -> None:
    terms = replace(PLAIN, eligibility=replace(AT_ONCE, excluded_classes=("interns",)), match_eligibility=EntryTerms())
    assert terms.eligibility_of(Kind.MATCH) == Eligibility(excluded_classes=("interns",))
    assert terms.eligibility_of(Kind.NONELECTIVE) is terms.eligibility
