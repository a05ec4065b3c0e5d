"""What a form tells of a rollover: what was left open is not told; a page asks once and says so."""

import pytest

from open401k.doors.rollover_forms import facts_in, facts_out
from open401k.flows.rollover_told import IntoTold, OutTold, told_of
from open401k.kernel import Refused

IN = {
    "source": "0x" + "AB" * 20, "source_account": "S-1", "participant_key": "0x" + "22" * 20, "deadline": "2026-06-12",
    "kind_pre_tax": "yes", "kind_roth": "", "e_sign_consent": "", "screened_on": "", "screening": "",
}  # fmt: skip


def test_a_wish_is_what_was_ticked_and_nothing_else() -> None:
    told = facts_in(IN)
    assert told == {
        "source": "ab" * 20, "source_account": "S-1", "key": "22" * 20, "deadline": "2026-06-12",
        "wanted": [{"kind": "pre_tax", "into": "plan"}],
    }  # fmt: skip
    assert isinstance(told_of(IntoTold, told), IntoTold)
    more = facts_in(IN | {"screened_on": "2026-06-01", "screening": "clear", "e_sign_consent": "no"})
    assert (more["screening"], more["e_sign_consent"]) == ({"on": "2026-06-01", "clear": True}, False)
    refused = told_of(IntoTold, facts_in(IN | {"kind_pre_tax": ""}))
    assert isinstance(refused, Refused)
    assert "wanted: is empty" in refused.message


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {}),
        ({"approved": "yes", "spouse_standing": "married"}, {"approved": True, "spouse_standing": "married"}),
        ({"levy": "no"}, {"holds": {"order_pending": None, "levy": False, "bankruptcy": None, "other_legal": None}}),
        ({"contact": "unchanged"}, {"contact": {"last_on": None}}),
        ({"contact_changed_on": "2026-05-01"}, {"contact": {"last_on": "2026-05-01"}}),
    ],
)
def test_what_is_left_open_is_not_known(said: dict[str, str], told: dict[str, object]) -> None:
    assert facts_out(said) == told
    wanted = {"payment_on": "2026-06-05", "wanted": [{"kind": "roth", "into": "plan"}]}
    assert isinstance(told_of(OutTold, wanted | told), OutTold)
