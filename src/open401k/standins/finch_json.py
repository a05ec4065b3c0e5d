"""The stand-in for Finch's answers as JSON: errors, tokens, payments, benefits. Not here: routes (finch_http.py)."""

from collections.abc import Callable
from typing import Any

from .finch_world import Benefit, Employer, Payment

_FETCHING = "The pay statements for this payment are being fetched. Please check back later."
_NAMES = {
    202: ("accepted", "data_sync_in_progress"),
    400: ("invalid_request_error", None),
    401: ("authentication_error", "reauthenticate_user"),
    404: ("not_found_error", "individual_not_found"),
    429: ("rate_limit_exceeded_error", None),
}


def problem(status: int) -> dict[str, Any]:
    """The body of an error."""
    name, finch_code = _NAMES.get(status, ("server_error", None))
    return {"code": status, "name": name, "finch_code": finch_code, "message": _FETCHING if status == 202 else name}


def granted(of: Employer, access: str) -> dict[str, Any]:
    """What a code is exchanged for."""
    return {
        "access_token": access,
        "token_type": "bearer",
        "client_type": "sandbox",
        "connection_id": of.connection_id,
        "connection_type": "provider",
        "company_id": of.id,
        "entity_ids": [of.id],
        "products": of.products,
        "provider_id": "sandbox",
    }


def otherwise(statement: dict[str, Any], change: Callable[[int], int]) -> dict[str, Any]:
    """A pay statement with other amounts of pay and of what is withheld; net pay is as it was."""
    made = {**statement, "gross_pay": {**statement["gross_pay"], "amount": change(statement["gross_pay"]["amount"])}}
    for key in ("earnings", "employee_deductions", "employer_contributions"):
        made[key] = [{**each, "amount": change(each["amount"])} for each in statement[key]]
    return made


def payment(of: Payment, *, lies: bool) -> dict[str, Any]:
    """A payment of the list; a lie is a dollar off."""

    def sums(key: str) -> dict[str, Any]:
        return {"amount": sum(each[key]["amount"] for each in of.statements), "currency": "usd"}

    gross, taxes = sums("gross_pay"), sum(tax["amount"] for each in of.statements for tax in each["taxes"])
    if lies:
        gross["amount"] += 100
    return {
        "id": of.id,
        "pay_date": of.pay_date.isoformat(),
        "debit_date": of.pay_date.isoformat(),
        "pay_period": {"start_date": of.start.isoformat(), "end_date": of.end.isoformat()},
        "company_debit": gross,
        "gross_pay": gross,
        "net_pay": sums("net_pay"),
        "employee_taxes": {"amount": taxes, "currency": "usd"},
        "employer_taxes": {"amount": taxes, "currency": "usd"},
        "individual_ids": sorted({each["individual_id"] for each in of.statements}),
        "pay_group_ids": [],
        "pay_frequencies": ["bi_weekly"],
    }


def benefit(of: Benefit) -> dict[str, Any]:
    """A company benefit."""
    said = {"benefit_id": of.id, "type": of.kind, "description": of.description, "frequency": of.frequency}
    return {**said, "company_contribution": None}
