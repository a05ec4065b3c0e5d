"""Deposits over HTTP: a statement in, its lines found once, what waits placed by a person, debits out."""

from typing import Any

from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN

from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import SponsorId

NUMBER = "744567899012"


def sent(desk: Desk, path: str, data: bytes, key: str) -> Any:
    """Bytes to a route of the plan."""
    headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
    return desk.client.post(f"/v1/plans/{desk.plan_id}/{path}", content=data, headers=headers)


def statement(*lines: str) -> bytes:
    return "\n".join(["Date,Amount,Description", *lines, ""]).encode()


def now(desk: Desk) -> Any:
    return desk.get(f"/v1/plans/{desk.plan_id}/deposits/now")


def paid(desk: Desk) -> dict[str, Any]:
    desk.post("/v1/payroll-runs", desk.payroll(), "pay")
    (one,) = now(desk)["deposits"]
    return dict(one)


def test_a_statement_pays_a_payroll_and_the_rest_waits_for_a_person(desk: Desk) -> None:
    one = paid(desk)
    assert one["state"] == "due"
    assert one["by_source"] == {"match": "300.00", "pre-tax": "600.00"}
    data = statement("2026-01-12,900.00,ACH", "2026-01-12,7.00,WIRE 98765432101")
    first = sent(desk, "bank-statements", data, "s1")
    assert first.status_code == 201, first.text
    assert [(each["kind"], each["amount"]) for each in first.json()["found"]] == [("deposit", "900.00")]
    assert sent(desk, "bank-statements", data, "s1").json() == first.json()
    assert sent(desk, "bank-statements", data, "another key").json() == first.json(), "the same bytes"
    after = now(desk)
    assert [(each["state"], each["received"]) for each in after["deposits"]] == [("received", "900.00")]
    (line,) = after["open_lines"]
    assert (line["amount"], line["text"]) == ("7.00", "WIRE ****2101")
    name = {"statement_id": line["statement_id"], "line_no": line["line_no"]}
    placed = desk.post(f"/v1/plans/{desk.plan_id}/deposits/placed", name, "placed")
    assert placed.status_code == 201, placed.text
    assert placed.json()["open_lines"] == []


def test_a_statement_that_does_not_add_up_is_a_problem_by_line(desk: Desk) -> None:
    paid(desk)
    wrong = sent(desk, "bank-statements", b"Date,Amount,Balance\n2026-01-12,1.00,1.00\n2026-01-13,1.00,3.00\n", "s")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "file_unreadable")
    assert "1.00 is missing" in wrong.json()["errors"][0]["reason"]
    assert wrong.json()["errors"][0]["pointer"] == "/line 3"


def test_statements_that_do_not_join_are_told_with_the_days_between_them(desk: Desk) -> None:
    for at, line in enumerate(("2026-01-05,100.00,A,100.00", "2026-01-09,50.00,B,200.00"), 1):
        data = f"Date,Amount,Description,Balance\n{line}\n".encode()
        assert sent(desk, "bank-statements", data, f"s{at}").status_code == 201
    (gap,) = now(desk)["statement_gaps"]
    days = (gap["first_missing"], gap["last_missing"], gap["days"], gap["moved"])
    assert days == ("2026-01-06", "2026-01-08", 3, "50.00")


def test_a_debit_file_is_made_once_and_its_number_is_in_nothing_but_the_file(desk: Desk) -> None:
    paid(desk)
    plan = f"/v1/plans/{desk.plan_id}"
    refused = desk.post(f"{plan}/ach-files", {}, "early")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_done")
    for purpose, routing, number in (("employer", "121042882", NUMBER), ("plan", "231380104", "55500011")):
        account = {"purpose": purpose, "name": "Acme", "routing": routing, "number": number, "bank_name": "Bank"}
        assert desk.post(f"{plan}/bank-accounts", account, purpose).status_code == 201
    made = desk.post(f"{plan}/ach-files", {}, "file")
    assert made.status_code == 201, made.text
    (file,) = made.json()["items"]
    assert (file["total"], file["state"]) == ("900.00", "made")
    assert desk.post(f"{plan}/ach-files", {}, "file").json() == made.json()
    assert now(desk)["deposits"][0]["state"] == "on_its_way"
    content = desk.get(f"{plan}/ach-files/{file['ach_file_id']}")["content"]
    assert content.count(NUMBER) == 1
    assert NUMBER not in str(desk.get(f"/v1/sponsors/{desk.sponsor_id}/audit-trail", limit=100))
    unread = sent(desk, "ach-answers", content.replace("094101", "095101").encode(), "answer")
    assert unread.json()["errors"][0]["pointer"] == "/record 1"


def test_the_page_does_the_same_by_forms(desk: Desk) -> None:
    paid(desk)
    token = desk.world.session(desk.world.user("The sponsor", SponsorId.parse(desk.sponsor_id), Role.SPONSOR))
    page = f"/plans/{desk.plan_id}/deposits"
    with TestClient(desk.world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        shown = browser.get(page).text
        csrf = {"csrf": shown.split('name="csrf" value="')[1].split('"')[0]}
        assert "Due" in shown
        for purpose, routing, number in (("employer", "121042882", NUMBER), ("plan", "231380104", "55500011")):
            form = csrf | {"purpose": purpose, "kind": "checking", "name": "Acme", "routing": routing, "number": number}
            assert "The account is on file." in browser.post(f"{page}/account", data=form).text
        wrong = browser.post(f"{page}/account", data=csrf | {"name": "A", "routing": "121042881", "number": NUMBER})
        assert (wrong.status_code, NUMBER in wrong.text) == (422, False)
        made = browser.post(f"{page}/debit", data=csrf | {"key": "k"}).text
        assert "On its way" in made
        file = made.split(f"{page}/file/")[1].split('"')[0]
        assert NUMBER in browser.post(f"{page}/file/{file}", data=csrf).text
        assert NUMBER not in made
        sent_file = browser.post(f"{page}/mark/{file}", data=csrf | {"status": "sent"}).text
        assert "At the bank" in sent_file
        files = {"file": ("bank.csv", statement("2026-01-12,905.00,WIRE"), "text/csv")}
        waits = browser.post(f"{page}/statement", data=csrf, files=files).text
        assert "Lines of the bank that wait for you" in waits
        name = {field: waits.split(f'name="{field}" value="')[1].split('"')[0] for field in ("statement_id", "line_no")}
        run_id = now(desk)["deposits"][0]["run_id"]
        over = browser.post(f"{page}/place", data=csrf | name | {"run_id": run_id}).text
        assert "The employer&#39;s money that waits" in over or "The employer's money that waits" in over
        entry = over.split('name="entry_id" value="')[1].split('"')[0]
        assert "It is recorded as given back." in browser.post(f"{page}/waiting", data=csrf | {"entry_id": entry}).text
    assert [(each["state"], each["outstanding"]) for each in now(desk)["deposits"]] == [("received", "0.00")]


def test_an_advisor_sees_deposits_and_moves_none(desk: Desk) -> None:
    token = desk.world.session(desk.world.user("The advisor", SponsorId.parse(desk.sponsor_id), Role.ADVISOR))
    with TestClient(desk.world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        shown = browser.get(f"/plans/{desk.plan_id}/deposits")
        assert shown.status_code == 200
        assert "Read the statement" not in shown.text
        assert browser.post(f"/plans/{desk.plan_id}/deposits/statement", data={}).status_code == 403


def test_what_is_over_and_what_goes_back_are_refused_in_words_where_there_is_none(desk: Desk) -> None:
    run_id = "run_" + "0" * 32
    said = {"run_id": run_id, "way": "as_wages", "amount": "1.00", "on": "2026-01-02", "reason": "a slip"}
    assert desk.get(f"/v1/plans/{desk.plan_id}/deposits/over") == {"items": []}
    over = desk.post(f"/v1/plans/{desk.plan_id}/deposits/over", said, "over")
    assert (over.status_code, over.json()["code"]) == (422, "nothing_over")
    wrong = desk.post(f"/v1/plans/{desk.plan_id}/deposits/over", said | {"amount": "much"}, "over 2")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "amount_invalid")
    for name in ("no id", "0" * 32):
        none = desk.post(f"/v1/plans/{desk.plan_id}/deposits/over/{name}/undo", {"reason": "wrong"}, f"undo {name}")
        assert none.status_code == 404
    asked = {"employee_id": str(desk.employees[0]), "first": "2026-01-02"}
    back = desk.post(f"/v1/plans/{desk.plan_id}/withholding-cases/give-back", asked, "back")
    assert (back.status_code, back.json()["code"]) == (422, "no_such_case")
