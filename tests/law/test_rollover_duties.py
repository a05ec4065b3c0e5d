"""A spouse's consent, the 402(f) explanation, the Roth statement, and what a receiving plan may believe."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import Refused
from open401k.law import NotEnacted, rollover_acceptance, rollover_statements, roth, spousal_consent
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.rollover_acceptance import AcceptanceGap, SourceEvidence
from open401k.law.rollover_statements import ExplanationPath
from open401k.law.spousal_consent import ConsentPath, ConsentProblem, SpouseStanding, Witness

from .on_file import facts

ON = date(2026, 6, 1)
BIG = 40_000_00


# ---- what the receiving plan may conclude


def test_situation_1_of_the_ruling_a_plan_whose_annual_report_lacks_the_code() -> None:
    told, expected = facts("ACC-R1")
    found = rollover_acceptance.reasonable_conclusion(
        evidence=SourceEvidence.ANNUAL_REPORT,
        payment_names_source="names Plan O as the source" in told["payment"],
        reported_code_3c=told["annual_report_has_code_3c"],
        kinds_certified=told["employee_certifies_no_after_tax_or_roth"],
        minimum_ruled_out=True,
        evidence_to_the_contrary=told["evidence_to_the_contrary"],
    )
    assert found.reasonable is expected["may_reasonably_conclude_valid"]
    assert "Rev. Rul. 2014-9 Situation 1" in explain(found)


def test_situation_2_of_the_ruling_an_ira_named_by_the_check() -> None:
    told, expected = facts("ACC-R2")
    found = rollover_acceptance.reasonable_conclusion(
        evidence=SourceEvidence.IRA_NAMED,
        payment_names_source="names the IRA" in told["payment"],
        kinds_certified=told["employee_certifies_no_after_tax"],
        minimum_ruled_out=told["employee_certifies_age_below_required_minimums"],
    )
    assert found.reasonable is expected["may_reasonably_conclude_valid"]


@pytest.mark.parametrize(
    ("case", "evidence"),
    [("ACC-R3", SourceEvidence.DETERMINATION_LETTER), ("ACC-R4", SourceEvidence.ADMINISTRATOR_STATES_QUALIFIED)],
)
def test_a_letter_of_the_paying_plan_is_enough(case: str, evidence: SourceEvidence) -> None:
    _, expected = facts(case)
    found = rollover_acceptance.reasonable_conclusion(
        evidence=evidence, payment_names_source=False, kinds_certified=True, minimum_ruled_out=True
    )
    assert found.reasonable is expected["may_reasonably_conclude_valid"]


def test_everything_that_is_missing_is_told_at_once() -> None:
    found = rollover_acceptance.reasonable_conclusion(
        evidence=SourceEvidence.ANNUAL_REPORT,
        payment_names_source=False,
        reported_code_3c=True,
        kinds_certified=False,
        minimum_ruled_out=False,
        evidence_to_the_contrary=True,
    )
    assert found.gaps == tuple(gap for gap in AcceptanceGap if gap is not AcceptanceGap.NO_EVIDENCE_OF_SOURCE)
    assert "annual report" in explain(found)
    with pytest.raises(ImpossibleInput, match="reported_code_3c"):
        rollover_acceptance.reasonable_conclusion(
            evidence=SourceEvidence.NONE,
            payment_names_source=False,
            reported_code_3c=True,
            kinds_certified=True,
            minimum_ruled_out=True,
        )


# ---- the spouse


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({}, ConsentPath.NOT_UNDER_THE_ANNUITY_RULES),
        ({"minimum_funding_applies": True}, ConsentPath.CONSENT_NEEDED),
        ({"spouse_is_full_death_beneficiary": False}, ConsentPath.CONSENT_NEEDED),
        ({"life_annuity_elected": True}, ConsentPath.CONSENT_NEEDED),
        ({"transferred_from_annuity_plan": True}, ConsentPath.CONSENT_NEEDED),
    ],
)
def test_a_401k_plan_is_free_of_consent_on_three_conditions(other: dict[str, bool], path: ConsentPath) -> None:
    found = spousal_consent.spousal_consent(on=ON, vested_cents=BIG, spouse=SpouseStanding.MARRIED, **other)
    assert found.path is path
    assert found.needed is (path is ConsentPath.CONSENT_NEEDED)
    assert found.cite in explain(found)


@pytest.mark.parametrize(
    ("on", "cents", "needed"),
    [
        (ON, 7_000_00, False),
        (ON, 7_000_01, True),
        (date(2023, 12, 31), 5_000_00, False),
        (date(2023, 12, 31), 5_000_01, True),
    ],
)
def test_up_to_the_amount_paid_without_consent_no_spouse_is_asked(on: date, cents: int, needed: bool) -> None:
    found = spousal_consent.spousal_consent(
        on=on, vested_cents=cents, spouse=SpouseStanding.MARRIED, minimum_funding_applies=True
    )
    assert found.needed is needed


def test_a_year_that_is_not_on_file_is_refused() -> None:
    with pytest.raises(NotEnacted):
        spousal_consent.spousal_consent(
            on=date(1999, 1, 1), vested_cents=BIG, spouse=SpouseStanding.MARRIED, minimum_funding_applies=True
        )


@pytest.mark.parametrize("spouse", [each for each in SpouseStanding if each is not SpouseStanding.MARRIED])
def test_nobody_consents_where_there_is_no_spouse_to_ask(spouse: SpouseStanding) -> None:
    found = spousal_consent.spousal_consent(on=ON, vested_cents=BIG, spouse=spouse, minimum_funding_applies=True)
    assert not found.needed
    assert found.cite in explain(found)


def _checked(consented_on: date = ON, **other: object) -> spousal_consent.ConsentChecked:
    told = {
        "in_writing": True,
        "names_form_or_beneficiary": True,
        "acknowledges_effect": True,
        "witness": Witness.NOTARY,
    }
    return spousal_consent.consent_checked(
        consented_on=consented_on,
        starts_on=ON,
        **(told | other),  # type: ignore[arg-type]
    )


def test_a_consent_has_effect_only_in_its_form_and_its_180_days() -> None:
    assert _checked().in_effect
    assert _checked(date(2025, 12, 3), witness=Witness.PLAN_REPRESENTATIVE).in_effect  # the 180th day before
    assert _checked(date(2025, 12, 2)).problems == (ConsentProblem.OUTSIDE_ELECTION_PERIOD,)
    assert _checked(ON + timedelta(days=1)).problems == (ConsentProblem.OUTSIDE_ELECTION_PERIOD,)
    wrong = _checked(
        date(2025, 1, 1),
        in_writing=False,
        names_form_or_beneficiary=False,
        acknowledges_effect=False,
        witness=Witness.NOBODY,
    )
    assert wrong.problems == tuple(ConsentProblem)
    assert "notary" in explain(wrong)
    assert "has effect" in explain(_checked())


def test_a_waived_explanation_of_the_annuity_leaves_more_than_seven_days() -> None:
    start = spousal_consent.earliest_start_after_explanation
    assert start(explained_on=ON, waived=True) == date(2026, 6, 9)
    assert start(explained_on=ON, waived=False) == date(2026, 7, 1)
    with pytest.raises(ImpossibleInput):
        start(explained_on=date(2199, 12, 1), waived=False)


# ---- the explanation of 402(f)


@pytest.mark.parametrize(
    ("days", "told", "elected", "path"),
    [
        (181, True, True, ExplanationPath.TOO_OLD),
        (180, False, False, ExplanationPath.WITHIN_THE_WINDOW),
        (30, False, False, ExplanationPath.WITHIN_THE_WINDOW),
        (29, True, True, ExplanationPath.THIRTY_DAYS_WAIVED),
        (29, True, False, ExplanationPath.TOO_EARLY_A_PAYMENT),
        (29, False, True, ExplanationPath.RIGHT_TO_THIRTY_DAYS_NOT_TOLD),
        (0, True, True, ExplanationPath.THIRTY_DAYS_WAIVED),
        (-1, True, True, ExplanationPath.AFTER_THE_PAYMENT),
    ],
)
def test_the_explanation_is_30_to_180_days_old_or_its_30_days_are_waived(
    days: int, told: bool, elected: bool, path: ExplanationPath
) -> None:
    found = rollover_statements.explanation_in_time(
        given_on=ON - timedelta(days=days), distribution_on=ON, told_of_thirty_days=told, elected_since=elected
    )
    assert found.path is path
    assert found.in_time is (path in (ExplanationPath.WITHIN_THE_WINDOW, ExplanationPath.THIRTY_DAYS_WAIVED))
    assert found.cite in explain(found)


@settings(deadline=None)
@given(days=st.integers(-5, 200), told=st.booleans(), elected=st.booleans())
def test_telling_more_never_makes_a_payment_unlawful(days: int, told: bool, elected: bool) -> None:
    def in_time(told: bool, elected: bool) -> bool:
        return rollover_statements.explanation_in_time(
            given_on=ON - timedelta(days=days), distribution_on=ON, told_of_thirty_days=told, elected_since=elected
        ).in_time

    assert in_time(told, elected) <= in_time(True, True)


def test_each_kind_of_money_has_its_model_explanation() -> None:
    both = rollover_statements.model_explanations(given_on=ON, roth_money=True, other_money=True)
    assert not isinstance(both, Refused)
    assert "other money and for Roth money" in explain(both)
    old = rollover_statements.model_explanations(given_on=date(2026, 1, 14), roth_money=False, other_money=True)
    assert isinstance(old, Refused)


# ---- Roth money


def test_the_paying_plan_states_the_first_year_and_the_basis_or_that_it_is_qualified() -> None:
    period = roth.five_year_period(first_contribution_year=2024)
    payment = roth.roth_payment(gross_cents=10_000_00, basis_cents=9_400_00, income_cents=600_00, qualified=False)
    found = rollover_statements.roth_statement(rolled_over_on=ON, payment=payment, qualified=False, period=period)
    assert (str(found.first_year), found.basis_cents, found.due_by) == ("2024", 9_400_00, date(2026, 7, 1))
    assert "$9,400.00" in explain(found)
    sure = rollover_statements.roth_statement(rolled_over_on=ON, payment=payment, qualified=True, period=period)
    assert (sure.first_year, sure.basis_cents) == (None, None)
    assert "qualified" in explain(sure)
