"""What a page's form tells of a rollover, as facts by name. What was left open is not told, and so not known."""

from collections.abc import Mapping
from typing import Any

KINDS = (
    "pre_tax", "roth", "after_tax", "pre_tax_403b", "government_457b", "traditional_ira", "simple_ira", "sep_ira",
)  # fmt: skip
_HOLDS = ("order_pending", "levy", "bankruptcy", "other_legal")
_ANSWERS = {"yes": True, "no": False}


def facts_in(said: Mapping[str, str]) -> dict[str, Any]:
    """Of a rollover into the plan: everything of each kind that was ticked."""
    told: dict[str, Any] = {
        "source": said.get("source", "").removeprefix("0x").lower(),
        "source_account": said.get("source_account", ""),
        "key": said.get("participant_key", "").removeprefix("0x").lower(),
        "wanted": [{"kind": kind, "into": "plan"} for kind in KINDS if said.get(f"kind_{kind}") == "yes"],
        "deadline": said.get("deadline", ""),
        "e_sign_consent": _ANSWERS.get(said.get("e_sign_consent", "")),
    }
    if said.get("screened_on"):
        told["screening"] = {"on": said["screened_on"], "clear": said.get("screening") == "clear"}
    return {name: value for name, value in told.items() if value is not None}


def facts_out(said: Mapping[str, str]) -> dict[str, Any]:
    """Of a rollover out of the plan."""
    told: dict[str, Any] = {"approved": _ANSWERS.get(said.get("approved", ""))}
    if said.get("payment_on"):
        told["payment_on"] = said["payment_on"]
    if said.get("explained_on"):
        told["explanation"] = {
            "given_on": said["explained_on"],
            "told_of_thirty_days": said.get("thirty_days") == "yes",
            "of_roth_money": said.get("explained_roth") == "yes",
            "of_other_money": said.get("explained_other") == "yes",
        }
    holds = {name: _ANSWERS.get(said.get(name, "")) for name in _HOLDS}
    if any(each is not None for each in holds.values()):
        told["holds"] = holds
    if said.get("contact") == "unchanged":
        told["contact"] = {"last_on": None}
    elif said.get("contact_changed_on"):
        told["contact"] = {"last_on": said["contact_changed_on"]}
    told["spouse_standing"] = said.get("spouse_standing") or None
    told["distributee"] = said.get("distributee") or None
    if said.get("payee_name") or said.get("payee_number") or said.get("payee_born_on"):
        told["payee"] = {
            "legal_name": said.get("payee_name", ""),
            "tax_number": said.get("payee_number", ""),
            "born_on": said.get("payee_born_on", ""),
        }
    return {name: value for name, value in told.items() if value is not None}
