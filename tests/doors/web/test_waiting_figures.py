"""What waits for a figure is said once: beside its test, or over a page none of whose tests could run."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.doors import samples

from open401k.kernel import PlanId, SponsorId
from open401k.views import plan_health
from open401k.views.shown import Standing

WAITS = "The dollar limit of the limitation year is that of 2027 and is not known yet."


@pytest.mark.parametrize("over_the_page", ["", WAITS])
def test_a_limit_that_is_not_known_yet_is_said_once(
    browser_of_sponsor: TestClient,
    sponsor_and_plan: tuple[SponsorId, PlanId],
    monkeypatch: pytest.MonkeyPatch,
    over_the_page: str,
) -> None:
    line = replace(samples.HEALTH.tests[0], standing=Standing.NOT_ENACTED, sentence=WAITS)
    shown = replace(samples.HEALTH, tests=(line, *samples.HEALTH.tests[1:]), refused=over_the_page)
    monkeypatch.setattr(plan_health, "load", lambda tx, **_: shown)
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}")
    assert page.status_code == 200
    assert page.text.count(WAITS) == 1
    assert ("cannot be run yet" in page.text) is bool(over_the_page)
