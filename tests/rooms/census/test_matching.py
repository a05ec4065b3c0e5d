"""Who a row is: a table of cases, and answers remembered and taken back."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.database import Begin

from open401k.census import (
    AskedRow,
    Conflict,
    Employee,
    Employment,
    How,
    Matched,
    New,
    NewEmployee,
    Outcome,
    PersonEvidence,
    Why,
    add_employees,
    ask,
    forget,
    match_people,
    question_id,
    questions,
    remember,
    reply,
)
from open401k.census.matching import Standing, decide, near_people, one_slip_from, plain_name
from open401k.kernel import EmployeeId, FixedClock, PlanId, RunId, SponsorId

OWNER = EmployeeId(UUID(int=1))
CLERK = EmployeeId(UUID(int=2))
NAMESAKE = EmployeeId(UUID(int=3))
TWIN = EmployeeId(UUID(int=4))
PEOPLE = (
    Employee(OWNER, "Mary", "Whitfield", "6789", date(1971, 3, 4), (Employment(date(2012, 5, 1)),)),
    Employee(CLERK, "José", "Núñez-O'Brien", "4321", date(1990, 10, 11), (Employment(date(2021, 2, 1)),)),
    Employee(NAMESAKE, "Mary", "Whitfeld", "1111", date(1999, 9, 9), (Employment(date(2025, 8, 4)),)),
    Employee(TWIN, "Joaquín", "Núñez-O'Brien", "2222", date(1990, 10, 11), (Employment(date(2022, 3, 7)),)),
)
SSNS = {"123456789": OWNER, "987654321": CLERK, "555001111": NAMESAKE, "444002222": TWIN}

CASES: dict[str, tuple[PersonEvidence, Outcome]] = {
    "number and name": (PersonEvidence("Mary", "Whitfield", "123456789"), Matched(OWNER, How.SSN)),
    "number and a misspelt name": (PersonEvidence("Mary", "Whitfielt", "123456789"), Matched(OWNER, How.SSN)),
    "accents and marks left out": (PersonEvidence("JOSE", "Nunez OBrien Jr.", "987654321"), Matched(CLERK, How.SSN)),
    "number without a name": (PersonEvidence("", "", "123456789"), Matched(OWNER, How.SSN)),
    "married": (PersonEvidence("Mary", "Abernathy", "123456789"), Matched(OWNER, How.SSN, name_changed=True)),
    "renamed with the same birth date": (
        PersonEvidence("Marvin", "Abernathy", "123456789", date(1971, 3, 4)),
        Matched(OWNER, How.SSN, name_changed=True),
    ),
    "same number, another name": (
        PersonEvidence("Peter", "Zimmer", "123456789"),
        Conflict((OWNER,), Why.SSN_OF_ANOTHER_NAME),
    ),
    "same number, half the name, another birth date": (
        PersonEvidence("Mary", "Abernathy", "123456789", date(1988, 1, 1)),
        Conflict((OWNER,), Why.SSN_OF_ANOTHER_NAME),
    ),
    "number of one, name of another": (
        PersonEvidence("José", "Núñez-O'Brien", "123456789"),
        Conflict((OWNER, CLERK), Why.SSN_OF_ANOTHER_NAME),
    ),
    "number of one, the very name of another who is called nearly so": (
        PersonEvidence("Mary", "Whitfeld", "123456789"),
        Conflict((OWNER, NAMESAKE), Why.SSN_OF_ANOTHER_NAME),
    ),
    "number of the mother, birth date of the daughter": (
        PersonEvidence("Mary", "Whitfield", "123456789", date(1999, 9, 9)),
        Conflict((OWNER, NAMESAKE), Why.SSN_OF_ANOTHER_NAME),
    ),
    "number and name, a birth date of nobody": (
        PersonEvidence("Mary", "Whitfield", "123456789", date(1972, 3, 4)),
        Matched(OWNER, How.SSN),
    ),
    "number of one twin, name of the other": (
        PersonEvidence("Joaquín", "Núñez-O'Brien", "987654321", date(1990, 10, 11)),
        Conflict((CLERK, TWIN), Why.SSN_OF_ANOTHER_NAME),
    ),
    "number and birth date of one, name of another: the names alone were sorted": (
        PersonEvidence("Joaquín", "Núñez-O'Brien", "123456789", date(1971, 3, 4)),
        Conflict((OWNER, TWIN), Why.SSN_OF_ANOTHER_NAME),
    ),
    "one wrong digit": (
        PersonEvidence("Mary", "Whitfield", "123456780", date(1971, 3, 4)),
        Conflict((OWNER,), Why.SSN_ONE_SLIP_OFF),
    ),
    "one wrong digit, no birth date": (
        PersonEvidence("José", "Núñez O'Brien", "987654320"),
        Conflict((CLERK,), Why.SSN_ONE_SLIP_OFF),
    ),
    "two neighbors swapped": (
        PersonEvidence("Mary", "Whitfield", "213456789"),
        Conflict((OWNER,), Why.SSN_ONE_SLIP_OFF),
    ),
    "one wrong digit but born on another day": (
        PersonEvidence("Mary", "Whitfield", "123456780", date(1985, 1, 1)),
        Conflict((OWNER,), Why.SSN_ONE_SLIP_OFF),
    ),
    "a neighbor's number, nothing else alike": (PersonEvidence("Peter", "Zimmer", "123456780"), New()),
    "same name and birth date, quite another number": (
        PersonEvidence("Mary", "Whitfield", "222334444", date(1971, 3, 4)),
        Conflict((OWNER,), Why.SAME_PERSON_OTHER_SSN),
    ),
    "same name and day of hire, quite another number": (
        PersonEvidence("José", "Núñez-O'Brien", "222334444", None, date(2021, 2, 1)),
        Conflict((CLERK,), Why.SAME_PERSON_OTHER_SSN),
    ),
    "a namesake": (PersonEvidence("José", "Núñez-O'Brien", "222334444", date(2001, 1, 1)), New()),
    "no number, name and birth date": (
        PersonEvidence("Mary", "Whitfield", None, date(1971, 3, 4)),
        Matched(OWNER, How.NAME_AND_BIRTH_DATE),
    ),
    "no number, a name that two have": (
        PersonEvidence("Mary", "Whitfield"),
        Conflict((OWNER, NAMESAKE), Why.NAME_ALONE),
    ),
    "no number, a name of nobody": (PersonEvidence("Peter", "Zimmer"), New()),
    "a new person": (PersonEvidence("Peter", "Zimmer", "222334444", date(2001, 1, 1)), New()),
}


@pytest.mark.parametrize(("evidence", "expected"), CASES.values(), ids=CASES.keys())
def test_a_row_is_decided_so(evidence: PersonEvidence, expected: Outcome) -> None:
    slips = tuple(SSNS[ssn] for ssn in one_slip_from(evidence.ssn or "000000000") if ssn in SSNS)
    standing = Standing({each.employee_id: each for each in PEOPLE}, SSNS, {evidence.ssn or "": slips})
    near = near_people([evidence], PEOPLE)[0]

    assert decide(evidence, standing, near) == expected


@pytest.mark.parametrize(("evidence", "expected"), CASES.values(), ids=CASES.keys())
def test_the_database_decides_the_same(
    begin: Begin, tenant: SponsorId, evidence: PersonEvidence, expected: Outcome
) -> None:
    with begin() as tx:
        people = [
            NewEmployee(each.first_name, each.last_name, ssn, each.birth_date, each.employment[0].hired_on)
            for each, ssn in zip(PEOPLE, SSNS, strict=True)
        ]
        ids = add_employees(tx, tenant_id=tenant, people=people)
        names = dict(zip(ids, (OWNER, CLERK, NAMESAKE, TWIN), strict=True))
        (found,) = match_people(tx, tenant_id=tenant, evidence=[evidence])
    match found:
        case Matched(employee_id, how, name_changed):
            assert Matched(names[employee_id], how, name_changed) == expected
        case Conflict(candidates, why):
            assert Conflict(tuple(sorted(names[each] for each in candidates)), why) == expected
        case _:
            assert found == expected


def test_an_answer_is_remembered_until_it_is_taken_back(begin: Begin, tenant: SponsorId, clock: FixedClock) -> None:
    row = PersonEvidence("Mary", "Whitfield", "123456780", date(1971, 3, 4))
    with begin() as tx:
        (owner,) = add_employees(
            tx, tenant_id=tenant, people=[NewEmployee("Mary", "Whitfield", "123456789", date(1971, 3, 4))]
        )
        remember(tx, tenant_id=tenant, evidence=row, employee_id=owner)
    with begin() as tx:
        assert match_people(tx, tenant_id=tenant, evidence=[row]) == [Matched(owner, How.ANSWER)]
        other = PersonEvidence("Mary", "Whitfield", "123456781", date(1971, 3, 4))
        assert match_people(tx, tenant_id=tenant, evidence=[other]) == [Conflict((owner,), Why.SSN_ONE_SLIP_OFF)]
    clock.advance(timedelta(seconds=1))
    with begin() as tx:
        forget(tx, tenant_id=tenant, evidence=row)
        assert match_people(tx, tenant_id=tenant, evidence=[row]) == [Conflict((owner,), Why.SSN_ONE_SLIP_OFF)]


def test_one_slip_is_every_wrong_digit_and_every_swap_once() -> None:
    slips = one_slip_from("123456789")

    assert len(slips) == len(set(slips)) == 81 + 8
    assert all(len(each) == 9 and each != "123456789" for each in slips)


@pytest.mark.parametrize(
    ("parts", "plain"),
    [
        (("José", "O'Brien-Núñez, Jr."), "jose obrien nunez"),
        (("ANNE MARIE", "van der Berg"), "anne marie van der berg"),
        (("", ""), ""),
    ],
)
def test_names_are_compared_plain(parts: tuple[str, str], plain: str) -> None:
    assert plain_name(*parts) == plain


def numbered(first: str, last: str, number: str, ein: str = "12-3456789", born: date | None = None) -> PersonEvidence:
    """A row without a Social Security number, from a provider that calls people by numbers of its own."""
    return PersonEvidence(first, last, None, born, None, number, "Summit", ein)


def told_number(begin: Begin, tenant: SponsorId, row: PersonEvidence, who: EmployeeId) -> None:
    """Somebody answers that the row is this person, which tells the number, too."""
    with begin() as tx:
        plan_id, run_id = PlanId(UUID(int=1)), RunId(UUID(int=2))
        asked = AskedRow(2, row, Conflict((who,), Why.NAME_ALONE))
        ask(tx, tenant_id=tenant, plan_id=plan_id, run_id=run_id, rows=[asked])
        (open_question,) = [each for each in questions(tx, tenant_id=tenant) if each.reply is None]
        assert open_question.question_id == question_id(tx, tenant_id=tenant, evidence=row)
        reply(tx, tenant_id=tenant, question=open_question, employee_id=who)


def test_an_employee_number_is_known_by_provider_and_employer(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        clerk, other = add_employees(
            tx,
            tenant_id=tenant,
            people=[
                NewEmployee("Jose", "Nunez", "987654321", date(1990, 10, 11), date(2021, 2, 1)),
                NewEmployee("Ada", "Zimmer", "987654322", date(1970, 1, 2), date(2011, 2, 7)),
            ],
        )
    told_number(begin, tenant, numbered("J", "Nunez", "1042"), clerk)
    told_number(begin, tenant, numbered("Ada", "Z", "1042", ein="98-7654321"), other)
    with begin() as tx:
        (by_number,) = match_people(tx, tenant_id=tenant, evidence=[numbered("José", "Núñez", "1042")])
        # The same number at another employer of the sponsor is another person.
        (elsewhere,) = match_people(tx, tenant_id=tenant, evidence=[numbered("Ada", "Zimmer", "1042", "98-7654321")])
        # The number of somebody who left, given to somebody new: never taken for the one who had it.
        (again,) = match_people(tx, tenant_id=tenant, evidence=[numbered("Wanda", "Kowalski", "1042")])
        # One person paid under two employers of the sponsor has one number of Social Security, and is one employee.
        both = [PersonEvidence("Jose", "Nunez", "987654321", employee_number=n, provider="Summit", employer_ein=e)
                for n, e in (("1042", "12-3456789"), ("7", "98-7654321"))]  # fmt: skip
        assert match_people(tx, tenant_id=tenant, evidence=both) == [Matched(clerk, How.SSN)] * 2
    assert by_number == Matched(clerk, How.EMPLOYEE_NUMBER)
    assert elsewhere == Matched(other, How.EMPLOYEE_NUMBER)
    assert again == Conflict((clerk,), Why.EMPLOYEE_NUMBER_USED_AGAIN)


def test_a_question_is_asked_again_only_with_other_candidates(begin: Begin, tenant: SponsorId) -> None:
    row = PersonEvidence("Mary", "Whitfield", "123456780", date(1971, 3, 4))
    with begin() as tx:
        people = [
            NewEmployee("Mary", "Whitfield", "123456789", date(1971, 3, 4)),
            NewEmployee("May", "Whitfield", None),
        ]
        owner, other = add_employees(tx, tenant_id=tenant, people=people)
        for candidates in ((owner,), (owner,), (owner, other)):
            asked = AskedRow(2, row, Conflict(candidates, Why.SSN_ONE_SLIP_OFF))
            where: dict[str, Any] = {"plan_id": PlanId(UUID(int=1)), "run_id": RunId(UUID(int=2))}
            ask(tx, tenant_id=tenant, rows=[asked], **where)
        (asked_now,) = questions(tx, tenant_id=tenant)
        (times,) = tx.one("select count(*) from census.match_question where tenant_id = %s", [tenant])
    assert [each.employee_id for each in asked_now.candidates] == [owner, other]
    assert times == 2
