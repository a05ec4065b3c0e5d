"""Pay codes over HTTP and on the page: asked about, confirmed once, and what waited is released."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, Desk
from tests.doors.world import ORIGIN

from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.kernel import SponsorId

HEADINGS = "SSN,First Name,Last Name,Check Date,Period Begin,Period End,Gross Pay,Hours,401k Deferral,REG,BON"


def send(desk: Desk, day: str = "2026-01-09") -> dict[str, Any]:
    """Send a file in which the first person's pay holds a bonus, its two last columns settled as pay codes."""
    by_code = ("3500.00,500.00", "4000.00,", "4000.00,")
    rows = [
        f"{ssn},{first},{last},{day},2025-12-22,2026-01-04,4000.00,80,200.00,{parts}"
        for parts, (ssn, first, last, *_) in zip(by_code, PEOPLE, strict=True)
    ]
    sent = desk.client.post(
        "/v1/payroll-runs",
        headers={"Idempotency-Key": day},
        files={"file": (f"{day}.csv", "\n".join([HEADINGS, *rows]).encode())},
        data={"plan_id": desk.plan_id, "provider": "Gusto"},
    )
    told: dict[str, Any] = sent.json()
    if told.get("state") != "mapping":
        return told
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{told['run_id']}"
    columns = desk.get(f"{run}/mapping")["columns"]
    chosen = {str(each["position"]): each["field"] for each in columns} | {"9": "earnings", "10": "earnings"}
    settled: dict[str, Any] = desk.post(f"{run}/mapping", {"fields": chosen}, f"columns {day}").json()
    return settled


def test_a_new_code_is_asked_about_and_one_word_confirms_all_that_are_certain(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}/pay-codes"
    assert desk.get(path)["codes"] == []
    sent = send(desk)
    assert sent["needs_confirmation"], sent
    assert {each["code"] for each in sent["findings"]} == {"pay_code.unconfirmed"}

    shown = desk.get(path)
    assert (shown["asking"], shown["certain"]) == (2, 2)
    bonus = next(each for each in shown["codes"] if each["code"] == "BON")
    assert (bonus["state"], bonus["proposed"], bonus["confidence"]) == ("asks", "bonus", 100)
    assert {each["purpose"]: each["counts"] for each in bonus["cells"]} == dict.fromkeys(
        ("w2", "fica", "section_415", "section_414s", "plan"), True
    )
    assert all(each["cite"] for each in bonus["cells"])

    done = desk.post(path, {"certain": True}, "certain")
    assert done.status_code == 201, done.text
    assert "BON is bonus" in done.json()["origin"]
    assert desk.post(path, {"certain": True}, "certain").json() == done.json()
    refused = desk.post(path, {"certain": True}, "another")
    assert (refused.status_code, "nothing to confirm" in refused.text) == (422, True)
    shown = desk.get(path)
    assert (shown["asking"], {each["state"] for each in shown["codes"]}) == (0, {"confirmed"})
    (word,) = next(each["history"] for each in shown["codes"] if each["code"] == "BON")
    assert word["since"] is None
    assert any("usual wording" in each for each in word["told"])
    # The payroll that waited for it waits no more.
    run = desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs/{sent['run_id']}")
    assert run["findings"] == []
    assert not send(desk, "2026-01-10")["findings"]


def rows_with_codes(desk: Desk, day: str, bonus: str = "500.00") -> dict[str, Any]:
    """The usual payroll as rows, everybody's pay by code."""
    body = desk.payroll(day)
    regular = f"{4000 - float(bonus):.2f}"
    first, *others = body["rows"]
    first["earnings"] = [{"code": "REG", "amount": regular}, {"code": "SPIFF", "amount": bonus}]
    for each in others:
        each["earnings"] = [{"code": "REG", "amount": each["gross"]}]
    return body


def test_rows_over_the_api_have_codes_and_a_new_one_holds_them_until_confirmed(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}/pay-codes"
    sent = desk.post("/v1/payroll-runs", rows_with_codes(desk, "2026-01-09"), "rows").json()
    assert sent["needs_confirmation"], sent
    assert not sent["posted"]
    held = {each["code"] for each in sent["findings"]}
    assert "pay_code.unconfirmed" in held
    shown = {each["code"]: each for each in desk.get(path)["codes"]}
    assert set(shown) == {"REG", "SPIFF"}
    words = {"codes": [{"code": "REG", "kind": "regular"}, {"code": "SPIFF", "kind": "bonus"}]}
    assert desk.post(path, words, "said").status_code == 201
    run = desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs/{sent['run_id']}")
    assert "pay_code.unconfirmed" not in {each["code"] for each in run["findings"]}
    yes = desk.post(f"/v1/plans/{desk.plan_id}/payroll-runs/{sent['run_id']}/post", {"confirmed": True}, "post")
    assert yes.json()["posted"], yes.text
    again = desk.post("/v1/payroll-runs", rows_with_codes(desk, "2026-01-10"), "next").json()
    assert "pay_code.unconfirmed" not in {each["code"] for each in again["findings"]}, again


def test_a_payment_on_a_loan_that_nobody_has_is_refused(desk: Desk) -> None:
    body = desk.payroll()
    body["rows"][0]["loans"] = [{"loan_id": "L-1", "amount": "25.00"}]
    refused = desk.post("/v1/payroll-runs", body, "loan").json()
    assert [each["code"] for each in refused["errors"]] == ["loan.unknown"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"earnings": [{"code": "", "amount": "1.00"}]},
        {"earnings": [{"code": "REG", "amount": 1}]},
        {"earnings": [{"code": "REG", "amount": "1.00", "nam": "Regular"}]},
        {"loans": [{"loan_id": "L-1", "amount": "-1.00"}]},
    ],
)
def test_codes_and_loans_that_cannot_be_are_refused_by_their_place(desk: Desk, wrong: dict[str, Any]) -> None:
    body = desk.payroll()
    body["rows"][0] |= wrong
    refused = desk.post("/v1/payroll-runs", body, "wrong")
    assert refused.status_code == 422
    (name,) = wrong
    assert f"/rows/0/{name}/0/" in refused.text


@pytest.mark.parametrize(
    "choice",
    [
        {"code": "BON", "kind": "gift"},
        {"code": "BON", "kind": "pre_tax_deferral"},
        {"code": "BON", "kind": "bonus", "side": "deduction"},
    ],
)
def test_a_kind_that_there_is_not_is_refused_and_changes_nothing(desk: Desk, choice: dict[str, str]) -> None:
    path = f"/v1/plans/{desk.plan_id}/pay-codes"
    refused = desk.post(path, {"codes": [choice]}, "wrong")
    assert (refused.status_code, "There is no kind" in refused.text) == (422, True)
    assert desk.get(path)["codes"] == []


def test_a_deduction_has_its_kind_and_a_code_its_day(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}/pay-codes"
    sent = {
        "codes": [
            {"code": "401L", "kind": "loan_payment", "side": "deduction"},
            {"code": "GTL", "kind": "taxable_group_term_life", "in_gross": False, "event_on": "2026-01-01"},
        ]
    }
    assert desk.post(path, sent, "both").status_code == 201
    known = {each["code"]: each for each in desk.get(path)["codes"]}
    assert (known["401L"]["side"], known["401L"]["kind"]) == ("deduction", "loan_payment")
    assert known["401L"]["reduces"] == "Comes off pay that was taxed."
    assert (known["GTL"]["in_gross"], known["GTL"]["since"]) == (False, "2026-01-01")


def test_the_page_asks_shows_why_and_confirms(desk: Desk) -> None:
    send(desk)
    token = desk.world.session(desk.world.user("The sponsor", SponsorId.parse(desk.sponsor_id), Role.SPONSOR))
    path = f"/plans/{desk.plan_id}/pay-codes"
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        page = browser.get(path)
        assert page.status_code == 200
        assert "2 codes to confirm" in page.text
        assert "usual wording" in page.text
        assert PEOPLE[0][0] not in page.text
        form = {"csrf": form_token(token), "key": "k"}
        wrong = browser.post(path, data={**form, "code": "BON", "kind": "bonus", "event_on": "soon"})
        assert (wrong.status_code, "is not a day" in wrong.text) == (422, True)
        said = browser.post(path, data={**form, "code": "BON", "kind": "commission", "in_gross": "yes"})
        assert said.status_code == 200
        assert "1 code to confirm" in said.text
        assert "Commission" in said.text
        assert browser.post(path, data={**form, "key": "k2", "certain": "yes"}).status_code == 200
        assert "to confirm" not in browser.get(path).text
        assert "Pay codes" in browser.get(f"/plans/{desk.plan_id}/payrolls").text


def with_deductions(desk: Desk, day: str, more: int = 0, **sent: Any) -> dict[str, Any]:
    """The usual payroll as rows; the first person has medical premiums taken off, which FICA wages are without.

    `more` hundreds pay everybody otherwise: days so near with the same pay would ask if they are one payroll.
    """
    body = desk.payroll(day)
    for row in body["rows"]:
        row["gross"] = f"{4_000 + 100 * more}.00"
    body["rows"][0] |= {"deductions": [{"code": "MED", "amount": "120.00"}], "fica_wages": f"{3_880 + 100 * more}.00"}
    return body | sent


def test_a_new_deduction_code_holds_its_row_until_one_word_and_the_map_shows_what_pay_still_counts_for(
    desk: Desk,
) -> None:
    path = f"/v1/plans/{desk.plan_id}/pay-codes"
    types = [{"code": "MED", "name": "Medical", "type": "s125_medical", "side": "deduction"}]
    sent = desk.post("/v1/payroll-runs", with_deductions(desk, "2026-01-09", codes=types), "rows").json()
    assert (sent["needs_confirmation"], sent["posted"]) == (True, False), sent
    assert {each["code"] for each in sent["findings"]} == {"pay_code.unconfirmed"}
    # Posted before an answer, what that one person gave waits; the others' money does not.
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{sent['run_id']}"
    posted = desk.post(f"{run}/post", {"confirmed": True}, "post").json()
    assert posted["posted"], posted
    (line,) = desk.get(path)["codes"]
    assert (line["side"], line["state"], line["proposed"], line["certain"]) == (
        "deduction", "asks", "cafeteria_reduction", True,
    )  # fmt: skip
    assert (line["waiting_people"], line["paid"]) == (1, "120.00")
    assert any("FICA wages are without its amounts" in each for each in line["evidence"])
    # Box 1 and FICA wages are without it; 415 pay adds it back (IRC 415(c)(3)(D)), and so does W-2 plan pay.
    assert {each["purpose"]: each["counts"] for each in line["cells"]} == {
        "w2": False, "fica": False, "section_415": True, "section_414s": True, "plan": True,
    }  # fmt: skip
    done = desk.post(path, {"certain": True}, "certain")
    assert done.status_code == 201, done.text
    assert "Deduction code MED is cafeteria reduction on all pay dates." in done.json()["origin"]
    (line,) = desk.get(path)["codes"]
    assert (line["state"], line["waiting_people"]) == ("confirmed", 0)
    again = desk.post("/v1/payroll-runs", with_deductions(desk, "2026-01-10", 1, codes=types), "next").json()
    assert (again["posted"], again["findings"]) == (True, []), again
    other = [types[0] | {"type": "custom_post_tax"}]
    drifted = desk.post("/v1/payroll-runs", with_deductions(desk, "2026-01-11", 2, codes=other), "drift").json()
    assert "its provider types it otherwise" in drifted["findings"][0]["reason"], drifted
