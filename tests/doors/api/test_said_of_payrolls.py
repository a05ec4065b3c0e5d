"""What a sender says of a payroll besides its rows, over HTTP: control totals, and that nothing is contributed."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.doors.api.conftest import Desk
from tests.doors.api.test_bad_files import ROWS, file_of, kept
from tests.support.database import TESTER

from open401k.base.steps import done, kept_once
from open401k.doors.api.v1 import models
from open401k.doors.api.v1.payroll_body import body_of
from open401k.flows.payroll_keys import claim_key
from open401k.kernel import FlowId, SponsorId, named_uuid

RIGHT = {"rows": 3, "gross": "12000.00", "employee_money": "600.00", "employer_money": "300.00", "pre_tax": "600.00"}
NOTHING: dict[str, Any] = {"rows": [], "no_contributions": True}
RUNS = "/v1/payroll-runs"
REFERENCES = ("employee_number", "employer_ein", "pay_group", "employment_status", "leave_start", "leave_end")
ALWAYS_IN_A_ROW = {
    "ssn", "employee_id", "first_name", "last_name", "birth_date", "hire_date", "rehire_date", "termination_date",
    "hours", "gross", "plan_compensation", "pre_tax", "roth", "after_tax", "pre_tax_catch_up", "roth_catch_up", "match",
    "safe_harbor_match", "nonelective", "safe_harbor_nonelective", "profit_sharing",
}  # fmt: skip
LATER = ("second_run_reason", "control_totals", "no_contributions", "codes")


def send(desk: Desk, data: bytes, key: str, **said: str) -> Any:
    return desk.client.post(
        RUNS,
        headers={"Idempotency-Key": key},
        files={"file": ("payroll.csv", data)},
        data={"plan_id": desk.plan_id, **said},
    )


def run_of(desk: Desk, answer: Any) -> Any:
    return desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs/{answer.json()['run_id']}")


def history(desk: Desk) -> list[Any]:
    return list(desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"])


def outcomes(desk: Desk) -> list[Any]:
    """What each test came to."""
    return list(desk.get(f"/v1/plans/{desk.plan_id}/tests/latest")["tests"])


def later(desk: Desk) -> None:
    """What is known at an instant is told apart from what is known a minute after it."""
    desk.world.clock.advance_to(desk.world.clock.now() + timedelta(minutes=1))


def damage(desk: Desk) -> list[Any]:
    return list(desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["problems"])


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("rows", 4, ("is 4", "to 3", "1 missing")),
        ("gross", "12000.01", ("$12,000.01", "$12,000.00", "$0.01 missing")),
        ("employee_money", "500.00", ("$500.00", "$600.00", "$100.00 too much")),
        ("employer_money", "0.00", ("$0.00", "$300.00", "$300.00 too much")),
        ("roth", "1.00", ("$1.00", "$0.00", "$1.00 missing")),
    ],
)
def test_rows_that_are_not_their_control_total_are_refused_with_both_and_the_difference(
    desk: Desk, name: str, said: Any, words: tuple[str, ...]
) -> None:
    before = kept(desk)
    refused = desk.post(RUNS, desk.payroll(control_totals=RIGHT | {name: said}), "wrong")
    assert (refused.status_code, refused.json()["code"]) == (422, "payroll_rejected"), refused.text
    (error,) = refused.json()["errors"]
    assert (error["code"], error["column"]) == ("total.mismatch", name)
    assert all(word in error["reason"] for word in words), error
    assert kept(desk) == before
    right = desk.post(RUNS, desk.payroll(control_totals=RIGHT), "right")
    assert (right.status_code, right.json()["posted"]) == (201, True), right.text
    assert damage(desk) == []


def test_control_totals_that_are_right_post_and_are_shown_with_the_run(desk: Desk) -> None:
    answer = desk.post(RUNS, desk.payroll(control_totals=RIGHT), "right")
    assert (answer.status_code, answer.json()["posted"]) == (201, True), answer.text
    shown = run_of(desk, answer)
    assert (shown["announced_rows"], shown["no_contributions"]) == (3, False)
    totals = {each["name"]: each["amount"] for each in shown["announced_totals"]}
    assert totals == {name: said for name, said in RIGHT.items() if name != "rows"}
    assert desk.post(RUNS, desk.payroll(control_totals=RIGHT), "right").json() == answer.json()
    other = desk.post(RUNS, desk.payroll(), "right")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


def test_a_file_waits_for_its_columns_and_is_held_against_what_was_said_when_it_came(desk: Desk) -> None:
    data = file_of(ROWS).replace(b",pre_tax,", b",Retire 1,")
    waits = send(desk, data, "new columns", control_totals=json.dumps({"pre_tax": "500.00"}))
    assert waits.json()["state"] == "mapping", waits.text
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{waits.json()['run_id']}"
    fields = {str(each["position"]): each["field"] for each in desk.get(f"{run}/mapping")["columns"]}
    fields["9"] = "pre_tax"
    settled = desk.post(f"{run}/mapping", {"fields": fields}, "settle")
    assert settled.status_code == 422, settled.text
    assert [each["code"] for each in settled.json()["errors"]] == ["total.mismatch"]
    again = desk.post(f"{run}/post", {"confirmed": True}, "post all the same")
    assert again.status_code == 422, again.text
    assert history(desk)[0]["state"] == "rejected"


def test_a_file_with_other_control_totals_is_held_against_these(desk: Desk) -> None:
    """The bytes were right and the totals were not: the same file, with other totals or none, is no repetition."""
    before = kept(desk)
    data = file_of(ROWS)
    wrong = send(desk, data, "one", control_totals='{"rows": 4}')
    assert [each["code"] for each in wrong.json()["errors"]] == ["total.mismatch"]
    repeated = send(desk, data, "two", control_totals='{"rows": 4}')
    assert repeated.json()["run_id"] == wrong.json()["run_id"]
    assert send(desk, data, "one", control_totals='{"rows": 3}').json()["code"] == "key_reused"
    assert kept(desk) == before
    right = send(desk, data, "three", control_totals='{"rows": 3}')
    assert (right.status_code, right.json()["state"]) == (201, "checked"), right.text
    assert right.json()["run_id"] != wrong.json()["run_id"]
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{right.json()['run_id']}"
    assert desk.post(f"{run}/post", {"confirmed": False}, "post").json()["posted"]
    for key, said in (("four", {}), ("five", {"control_totals": '{"gross": "12000.00"}'})):
        assert send(desk, data, key, **said).json()["run_id"] == right.json()["run_id"]
    late = send(desk, data, "six", control_totals='{"employee_money": "599.99"}')
    assert [each["code"] for each in late.json()["errors"]] == ["pay_date.again", "total.mismatch"], late.text
    assert [each["state"] for each in history(desk)].count("posted") == 1
    assert damage(desk) == []


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"rows": "3"}, "/control_totals/rows"),
        ({"rows": -1}, "/control_totals/rows"),
        ({"gross": 12000}, "/control_totals/gross"),
        ({"gross": "12,000.00"}, "/control_totals/gross"),
        ({"grosss": "12000.00"}, "/control_totals/grosss"),
        ([], "/control_totals"),
    ],
)
def test_a_control_total_that_is_none_is_refused_where_it_stands(desk: Desk, said: Any, place: str) -> None:
    for answer in (
        desk.post(RUNS, desk.payroll(control_totals=said), "rows"),
        send(desk, file_of(ROWS), "file", control_totals=json.dumps(said)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
        assert [each["pointer"] for each in answer.json()["errors"]] == [place], answer.text
    assert history(desk) == []


@pytest.mark.parametrize("said", [{"control_totals": "{"}, {"no_contributions": "perhaps"}])
def test_a_statement_of_a_form_that_is_none_is_refused_where_it_stands(desk: Desk, said: dict[str, str]) -> None:
    answer = send(desk, file_of(ROWS), "file", **said)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/" + next(iter(said))]


def test_nothing_to_contribute_is_a_payroll_on_file_that_posts_nothing(desk: Desk) -> None:
    paid = desk.post(RUNS, desk.payroll("2026-01-02"), "first")
    assert paid.json()["posted"], paid.text
    before, tested = kept(desk), outcomes(desk)
    told = desk.post(RUNS, desk.payroll("2026-01-05", **NOTHING), "nothing")
    assert (told.status_code, told.json()["posted"], told.json()["findings"]) == (201, True, []), told.text
    shown = run_of(desk, told)
    assert (shown["no_contributions"], shown["rows"], shown["entries"], shown["deposit"]) == (True, [], [], None)
    assert (shown["run"]["pay_date"], shown["run"]["rows"], shown["run"]["state"]) == ("2026-01-05", 0, "posted")
    assert (shown["period_start"], shown["period_end"]) == ("2025-12-22", "2026-01-04")
    assert kept(desk) == before
    assert outcomes(desk) == tested
    assert damage(desk) == []


def test_nothing_to_contribute_said_twice_is_one_payroll(desk: Desk) -> None:
    told = desk.post(RUNS, desk.payroll(**NOTHING), "nothing")
    assert desk.post(RUNS, desk.payroll(**NOTHING), "nothing").json() == told.json()
    assert desk.post(RUNS, desk.payroll(**NOTHING), "another key").json()["run_id"] == told.json()["run_id"]
    assert len(history(desk)) == 1
    assert damage(desk) == []


def test_headings_alone_are_the_payroll_of_each_pay_date_for_which_that_is_said(desk: Desk) -> None:
    """A file without rows has the same bytes on every pay date."""
    plain = send(desk, file_of([]), "plain", pay_date="2026-01-02")
    assert [each["code"] for each in plain.json()["errors"]] == ["file.no_rows"]
    undated = send(desk, file_of([]), "undated", no_contributions="true")
    assert [each["code"] for each in undated.json()["errors"]] == ["pay_date.missing"], undated.text
    found = []
    for day in ("2026-01-02", "2026-01-09"):
        sent = send(desk, file_of([]), day, no_contributions="true", pay_date=day)
        assert (sent.status_code, sent.json()["state"]) == (201, "checked"), sent.text
        run = f"/v1/plans/{desk.plan_id}/payroll-runs/{sent.json()['run_id']}"
        assert desk.post(f"{run}/post", {"confirmed": False}, f"post {day}").json()["posted"]
        again = send(desk, file_of([]), f"{day} again", no_contributions="true", pay_date=day)
        assert again.json()["run_id"] == sent.json()["run_id"]
        found.append((run_of(desk, sent)["run"]["pay_date"], sent.json()["run_id"]))
    assert [day for day, _ in found] == ["2026-01-02", "2026-01-09"]
    assert len({run_id for _, run_id in found}) == 2
    assert send(desk, file_of([]), "plain again", pay_date="2026-01-09").status_code == 422
    assert damage(desk) == []


def test_nothing_to_contribute_beside_contributions_is_refused(desk: Desk) -> None:
    before = kept(desk)
    refused = desk.post(RUNS, desk.payroll(no_contributions=True), "both")
    assert [each["code"] for each in refused.json()["errors"]] == ["total.mismatch"], refused.text
    assert "$900.00" in refused.json()["errors"][0]["reason"]
    counted = desk.post(RUNS, desk.payroll(**NOTHING, control_totals={"rows": 3}), "counted")
    assert [each["code"] for each in counted.json()["errors"]] == ["total.mismatch"], counted.text
    assert kept(desk) == before


def test_rows_have_to_be_there_unless_nothing_is_contributed(desk: Desk) -> None:
    for key, body in (("empty", desk.payroll(rows=[])), ("none", desk.payroll())):
        if key == "none":
            del body["rows"]
        answer = desk.post(RUNS, body, key)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/rows"]
        assert "no_contributions" in answer.json()["errors"][0]["reason"]


def test_a_payroll_of_a_date_for_which_nothing_was_said_is_asked_about_or_takes_its_place(desk: Desk) -> None:
    told = desk.post(RUNS, desk.payroll(**NOTHING), "nothing").json()
    asked = desk.post(RUNS, desk.payroll(), "rows after all").json()
    assert (asked["posted"], asked["needs_confirmation"]) == (False, True)
    (finding,) = asked["findings"]
    assert (finding["code"], told["run_id"] in finding["reason"]) == ("pay_date.again", True)
    later(desk)
    other = desk.payroll(replaces=told["run_id"], control_totals={"rows": 3})
    instead = desk.post(RUNS, other, "instead")
    assert (instead.status_code, instead.json()["posted"]) == (201, True), instead.text
    assert damage(desk) == []


def test_nothing_to_contribute_in_place_of_a_payroll_takes_all_of_it_back(desk: Desk) -> None:
    paid = desk.post(RUNS, desk.payroll(), "paid").json()
    beside = desk.post(RUNS, desk.payroll(**NOTHING), "beside").json()
    assert (beside["posted"], [each["code"] for each in beside["findings"]]) == (False, ["pay_date.again"])
    later(desk)
    instead = desk.post(RUNS, desk.payroll(**NOTHING, replaces=paid["run_id"]), "instead")
    assert (instead.status_code, instead.json()["posted"]) == (201, True), instead.text
    balances = desk.get(f"/v1/plans/{desk.plan_id}/balances")["items"]
    assert {each["amount"] for each in balances} <= {"0.00"}, balances
    assert run_of(desk, instead)["run"]["employee"] == "0.00"
    assert damage(desk) == []


def test_nothing_to_contribute_of_a_later_date_may_replace_an_earlier_payroll(desk: Desk) -> None:
    """Sent with a wrong pay date, and too much: what stands in its place is on file under another date."""
    paid = desk.post(RUNS, desk.payroll("2026-01-02"), "paid").json()
    later(desk)
    nothing = desk.payroll("2026-01-09", **NOTHING, replaces=paid["run_id"])
    assert desk.post(RUNS, nothing, "nothing").json()["posted"]
    later(desk)
    after = desk.payroll("2026-01-09", replaces=history(desk)[0]["run_id"])
    assert desk.post(RUNS, after, "after all").json()["posted"]
    assert damage(desk) == []


def test_a_file_refused_for_want_of_its_pay_date_is_taken_with_it(desk: Desk) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "pay_date"} for row in ROWS]
    data = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]).encode()
    waits = send(desk, data, "undated")
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{waits.json()['run_id']}"
    fields = {str(each["position"]): each["field"] for each in desk.get(f"{run}/mapping")["columns"]}
    settled = desk.post(f"{run}/mapping", {"fields": fields}, "settle")
    assert [each["code"] for each in settled.json()["errors"]] == ["pay_date.missing"], settled.text
    dated = send(desk, data, "dated", pay_date="2026-01-09")
    assert (dated.status_code, dated.json()["state"]) == (201, "checked"), dated.text
    assert send(desk, data, "dated again", pay_date="2026-01-09").json()["run_id"] == dated.json()["run_id"]


def test_keys_of_before_there_were_statements_mean_what_they_meant(desk: Desk) -> None:
    """A server of before kept these bytes with each key; the same request must still get its first answer."""
    db, sponsor = desk.world.db, SponsorId.parse(desk.sponsor_id)
    body = desk.payroll()
    desk.post(RUNS, body, "rows")
    dates = {name: body[name] for name in ("pay_date", "period_start", "period_end")}
    line: dict[str, Any] = {"pre_tax_cents": 20000, "roth_cents": 0, "after_tax_cents": 0, "pre_tax_catch_up_cents": 0}
    line |= {"roth_catch_up_cents": 0, "gross_cents": 400000, "match_cents": 10000, "hours": "80.00"}
    lines = [{"ssn": row["ssn"].replace("-", ""), **line} for row in body["rows"]]
    kept_rows = json.dumps({**dates, "lines": lines}, sort_keys=True, separators=(",", ":")) + "||False"
    assert claim_key(db, actor=TESTER, tenant_id=sponsor, key="rows", content=kept_rows.encode()) is None
    send(desk, file_of(ROWS), "file", pay_date="2026-01-09")
    kept_file = b"|2026-01-09||" + file_of(ROWS)
    assert claim_key(db, actor=TESTER, tenant_id=sponsor, key="file", content=kept_file) is None
    other = claim_key(db, actor=TESTER, tenant_id=sponsor, key="file", content=kept_file + b"more")
    assert other is not None, "a key that takes any content proves nothing"


#: Of each edition of us the fields of a row that its bytes did not have, and whether an earning had hours.
EDITIONS = {
    "no codes": ({"earnings", "loans", *REFERENCES, "fica_wages", "deductions"}, False),
    "codes": ({*REFERENCES, "fica_wages", "deductions"}, False),
    "references": ({"fica_wages", "deductions"}, True),
    "FICA wages": ({"deductions"}, True),
    "deductions": (set[str](), True),
}


def as_kept(body: dict[str, Any], without: set[str], *, hours: bool) -> str:
    """The bytes of a body as an edition kept them."""
    sent = models.NewPayrollRun.model_validate(body)
    of_earnings = {"earnings": {"__all__": {"hours"}}} if not hours and "earnings" not in without else {}
    rows: Any = {"__all__": {**dict.fromkeys(without, True), **of_earnings}}
    return sent.model_dump_json(exclude={**dict.fromkeys(LATER, True), "rows": rows})


@pytest.mark.parametrize("edition", EDITIONS)
def test_answers_kept_before_are_given_again(desk: Desk, edition: str) -> None:
    """A key that was used before rows had fields which the body does not give stands for the same body still."""
    without, hours = EDITIONS[edition]
    body = desk.payroll()
    if edition == "codes":
        body["rows"][0]["earnings"] = [{"code": "REG", "amount": "4000.00"}]
    text = as_kept(body, without, hours=hours)
    assert list(json.loads(text)) == [
        "plan_id", "pay_date", "period_start", "period_end", "provider", "replaces", "confirmed", "rows",
    ]  # fmt: skip
    assert ("deductions" in text, "earnings" in text) == (edition == "deductions", edition != "no codes")
    answer = desk.post(RUNS, body, "now").json()
    db, sponsor = desk.world.db, SponsorId.parse(desk.sponsor_id)
    digest = db.keyring.blind_index("api.body", hashlib.sha256(b"payroll rows\x00" + text.encode()).hexdigest()).hex()
    with db.begin(TESTER, tenants=[sponsor]) as tx:
        flow_id = FlowId(named_uuid("api.answer", desk.sponsor_id, "then"))
        told = {"body": digest, "answer": answer}
        kept_once(tx, flow="api.answer", flow_id=flow_id, tenant_id=sponsor, step="keep", result=told)
    assert desk.post(RUNS, body, "then").json() == answer
    body["rows"][0]["deductions"] = [{"code": "MED", "amount": "1.00"}]
    other = desk.post(RUNS, body, "then")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused"), other.text
    with db.begin(TESTER, tenants=[sponsor]) as tx:
        flow_id = FlowId(named_uuid("api.answer", desk.sponsor_id, "now"))
        (now,) = [step.result for step in done(tx, tenant_id=sponsor, flow_id=flow_id)]
    assert (now["body"] == digest) is (edition == "no codes"), "what is not given is in no bytes from now on"


def test_a_field_that_rows_get_later_is_left_out_of_the_bytes_where_it_is_not_given() -> None:
    """Else keys used before it would be refused: see doors/api/v1/payroll_body.py."""
    row = {"ssn": "900-55-1234", "gross": "1.00"}
    given = {"plan_id": "p", "pay_date": "2026-01-09", "period_start": "2026-01-01", "period_end": "2026-01-07"}
    (kept,) = json.loads(body_of(models.NewPayrollRun.model_validate({**given, "rows": [row]})))["rows"]
    assert set(kept) == ALWAYS_IN_A_ROW


def test_nothing_to_contribute_said_again_in_place_of_a_payroll_sent_meanwhile_replaces_it(desk: Desk) -> None:
    """The statement has the same bytes as the first one, and is another payroll: it names what it replaces."""
    first = desk.post(RUNS, desk.payroll(**NOTHING), "nothing").json()
    later(desk)
    paid = desk.post(RUNS, desk.payroll(confirmed=True), "paid after all").json()
    assert paid["posted"], paid
    later(desk)
    for key in ("instead", "instead again"):
        instead = desk.post(RUNS, desk.payroll(**NOTHING, replaces=paid["run_id"]), key)
        assert instead.json()["posted"], instead.text
        assert instead.json()["run_id"] not in (first["run_id"], paid["run_id"])
    assert len(history(desk)) == 3
    assert {each["amount"] for each in desk.get(f"/v1/plans/{desk.plan_id}/balances")["items"]} <= {"0.00"}
    assert damage(desk) == []


def test_a_file_of_another_encoding_is_read_by_the_one_that_is_declared(desk: Desk) -> None:
    data = file_of(ROWS).replace(b"Machinist", "M\xe4chinist".encode("cp1252"), 1)
    refused = send(desk, data, "undeclared")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "file.encoding"), refused.text
    unknown = send(desk, data, "unknown", encoding="ebcdic")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/encoding")
    read = send(desk, data, "declared", encoding="cp1252")
    assert read.status_code == 201, read.text
    assert [each["value"] for each in read.json()["findings"]] == ["Mächinist"]
    assert not damage(desk)
