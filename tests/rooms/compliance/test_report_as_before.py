"""Which report a plan files with the year before in mind (29 CFR 2520.103-1(d)), and how that is said."""

import pytest

from open401k.compliance.year_census import report_of, why_as_before
from open401k.law.participant_count import ReportForm


@pytest.mark.parametrize(
    ("participants", "small_before", "large", "said"),
    [
        (79, False, False, ""),
        (80, None, False, "is not on file"),
        (80, False, False, "a choice and no duty"),
        (99, True, False, "that was filed as small"),
        (100, True, False, "that was filed as small"),
        (100, None, True, "is not on file"),
        (100, False, True, "that was filed as large, too"),
        (120, True, False, "that was filed as small"),
        (121, True, True, ""),
    ],
)
def test_who_filed_as_small_stays_small_up_to_120(
    participants: int, small_before: bool | None, large: bool, said: str
) -> None:
    assert (report_of(participants, small_before).form is ReportForm.LARGE) is large
    why = why_as_before(participants, small_before)
    assert (said in why) if said else why == ""
    assert not why or "29 CFR 2520.103-1(d)" in why
