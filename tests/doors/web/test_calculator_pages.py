"""The calculators as pages, for anyone: a form from each schema that gives the input back as it was."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.doors.world import ORIGIN, World

from open401k.calculators import Calculator, calculators, example_of
from open401k.doors.web import calculator_forms
from open401k.doors.web.calculator_forms import Input

EVERY = calculators()


@pytest.fixture
def stranger(world: World) -> TestClient:
    """A browser without a session."""
    return TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False)


def filled(inputs: tuple[Input, ...]) -> dict[str, str]:
    """What a browser sends of a form."""
    found: dict[str, str] = {}
    for each in inputs:
        if each.kind == "group":
            found |= filled(each.parts)
        elif each.kind == "rows":
            for row in each.rows:
                found |= filled(row)
        else:
            found[each.name] = each.value
    return found


def without_blanks(value: Any) -> Any:
    """Without what a form cannot tell from nothing: null, an empty text, a list or object of nothing."""
    if isinstance(value, dict):
        told = {key: without_blanks(each) for key, each in value.items()}
        return {key: each for key, each in told.items() if each not in (None, "", [], {})}
    if isinstance(value, list):
        return [told for each in value if (told := without_blanks(each)) not in ({}, "")]
    return int(value) if isinstance(value, str) and value.isdecimal() else value  # exact numbers are either


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_a_form_gives_the_input_back_as_it_was(calculator: Calculator) -> None:
    schema, example = calculator.schema(), example_of(calculator)
    sent = filled(calculator_forms.inputs(schema, example, {}))
    assert without_blanks(calculator_forms.document_of(schema, sent)) == without_blanks(example)


def test_every_page_shows_its_form_and_its_rule(stranger: TestClient) -> None:
    for name in EVERY:
        answer = stranger.get(f"/calculators/{name}")
        assert answer.status_code == 200, name
        assert answer.text.count("<h1>") == 1, name


def test_the_list_finds_by_word_and_by_section(stranger: TestClient) -> None:
    everything = stranger.get("/calculators").text
    assert all(f'href="/calculators/{name}"' in everything for name in EVERY)
    loans = stranger.get("/calculators", params={"q": "loan"}).text
    assert 'href="/calculators/maximum-loan"' in loans
    assert 'href="/calculators/adp-test"' not in loans
    assert 'href="/calculators/annual-additions"' in stranger.get("/calculators", params={"q": "415(c)"}).text
    assert "None. Fewer words" in stranger.get("/calculators", params={"q": "<zzz>"}).text
    assert stranger.get("/calculators/no-such").status_code == 404


def test_a_form_in_dollars_and_percent_is_answered_in_words(stranger: TestClient) -> None:
    people = {
        "participants.0.name": "Owner", "participants.0.hce": "yes",
        "participants.0.compensation_cents": "$100,000", "participants.0.deferrals_cents": "4340.00",
        "participants.1.name": "Clerk", "participants.1.hce": "no",
        "participants.1.compensation_cents": "60,000.00", "participants.1.deferrals_cents": "2,860",
        "participants.2.name": "", "participants.2.hce": "",
        "method": "prior_year", "prior_year_nhce_average_bps": "3.21",
    }  # fmt: skip
    answer = stranger.post("/calculators/adp-test", data=people)
    assert answer.status_code == 200
    assert "within the limit of 5.21%, the lesser of twice 3.21% and 3.21% plus 2 points" in answer.text
    assert "Owner" in answer.text
    link = unescape(re.findall(r'href="(/calculators/adp-test\?input=[^"]+)"', answer.text)[0])
    assert "within the limit of 5.21%" in stranger.get(link).text


def test_what_is_wrong_stands_at_its_field_and_what_was_written_stays(stranger: TestClient) -> None:
    sent = {"participants.0.hce": "yes", "participants.0.compensation_cents": "lots", "method": "current_year"}
    answer = stranger.post("/calculators/adp-test", data=sent)
    assert answer.status_code == 422
    assert 'value="lots"' in answer.text
    assert '<p class="hint wrong" id="in-participants-0-compensation_cents-problem">is a text' in answer.text
    assert "participants[0].deferrals_cents" in answer.text


def test_rows_are_added_without_javascript(stranger: TestClient) -> None:
    sent = {"participants.0.hce": "yes", "participants.0.compensation_cents": "5", "more": "participants"}
    page = stranger.post("/calculators/adp-test", data=sent).text
    assert 'name="participants.1.hce"' in page
    assert 'name="participants.2.hce"' not in page
    assert 'value="0.05"' not in page
    assert 'value="5.00"' in page


def test_json_is_taken_and_refused_like_the_form(stranger: TestClient) -> None:
    example = json.dumps(example_of(EVERY["maximum-loan"]))
    assert "Dollar limit" in stranger.post("/calculators/maximum-loan", data={"json": example}).text
    for wrong in ("{", '{"x": NaN}', "[]", ""):
        answer = stranger.post("/calculators/maximum-loan", data={"json": wrong})
        assert answer.status_code == 422
    assert stranger.get("/calculators/maximum-loan?input=" + quote("{}")).status_code == 422


def test_what_somebody_writes_is_never_markup(stranger: TestClient) -> None:
    evil = "<script>alert(1)</script>"
    for data in ({"participants.0.name": evil, "more": evil}, {"json": evil}, {"json": json.dumps({evil: evil})}):
        assert evil not in stranger.post("/calculators/adp-test", data=data).text
    assert evil not in stranger.get("/calculators", params={"q": evil}).text


def test_what_was_written_is_given_back_to_the_letter(stranger: TestClient) -> None:
    """Pages write 5 % as 5%; what somebody typed is theirs."""
    page = stranger.post("/calculators/match", data={"participants.0.name": "the 5 % owner", "more": "participants"})
    assert page.text.count("the 5 % owner") == 2


def test_another_site_cannot_send_the_form(stranger: TestClient) -> None:
    answer = stranger.post("/calculators/match", data={"json": "{}"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_sign_in_page_leads_there(stranger: TestClient) -> None:
    assert 'href="/calculators"' in stranger.get("/sign-in").text
