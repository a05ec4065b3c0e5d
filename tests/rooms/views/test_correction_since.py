"""What became of an approved correction, in words; a run says that money is held as long as some is."""

from datetime import date

import pytest
from tests.rooms.views.story import Story
from tests.rooms.views.test_payroll_pages import detail

from open401k.compliance import CorrectionOwed, ProposalState
from open401k.kernel import Money, ProposalId
from open401k.payroll import runs
from open401k.views.corrections import since_words, why_ended
from open401k.views.payroll_lines import held_on, payroll_lines
from open401k.views.shown import RunState

MAY_22, MAY_26 = date(2026, 5, 22), date(2026, 5, 26)
NOTHING = Money(0)
DUE = Money(30_410)


def owed(*, received: Money, on: date | None = None) -> CorrectionOwed:
    return CorrectionOwed(ProposalId.parse("prp_" + "1" * 32), "Left out", MAY_22, DUE, received, on)


@pytest.mark.parametrize(
    ("of", "notices", "notice_on", "money", "notice", "end"),
    [
        (owed(received=NOTHING), 0, MAY_22,
         "Open: $304.10 is asked of the employer since May 22, 2026, and has not come.",
         "The notice was given on May 22, 2026.", "Not closed yet."),
        (owed(received=DUE, on=MAY_26), 0, MAY_22, "The employer's $304.10 came on May 26, 2026.",
         "The notice was given on May 22, 2026.", "Closed."),
        (owed(received=DUE, on=MAY_26), 1, None, "The employer's $304.10 came on May 26, 2026.",
         "That the notice was given is not recorded.", "Not closed yet."),
        (None, 0, None, "Nothing is asked of the employer for it.", "No notice is asked for.", "Closed."),
    ],
)  # fmt: skip
def test_an_approved_correction_says_what_followed(
    of: CorrectionOwed | None, notices: int, notice_on: date | None, money: str, notice: str, end: str
) -> None:
    told = since_words(of, notices=notices, notice_on=notice_on)
    assert (told[0], told[2], told[3]) == (money, notice, end)


def test_a_proposal_that_came_to_nothing_says_so() -> None:
    assert why_ended(ProposalState.REPLACED, {"by": None}) == "counted anew: nothing is owed"
    assert why_ended(ProposalState.REPLACED, {"by": "prp_1"}) == ""
    assert why_ended(ProposalState.DECLINED, {"reason": "paid in cash"}) == "paid in cash"


def test_some_held_is_said_only_as_long_as_money_waits(story: Story) -> None:
    """$85.00 of the held run waits; once none does, the run is posted and no more."""
    shown = detail(story, "held")
    assert shown.run.state is RunState.POSTED_WITH_HOLDS
    tenant_id = story.plan.sponsor_id
    with story.begin() as tx:
        run = runs.get(tx, tenant_id=tenant_id, run_id=shown.run.run_id)
        assert held_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, found=[run]) == {run.pay_date}
    (settled,) = payroll_lines([run], [], waits_on=frozenset())
    assert (settled.state, settled.holds) == (RunState.POSTED, 1)
