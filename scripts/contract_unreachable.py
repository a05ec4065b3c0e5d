"""Outcomes of conditions that no transaction can bring about; why the compiler's own checks need no test."""

from __future__ import annotations

_LEGS = "terms without legs are refused first (401)"
_PAID = "a leg names one of the receivers, or it was refused (302): there is one"
_SIGNERS = "the source always signs, and as many approvals as signers are needed"

#: Condition and outcome, as ``contract_coverage`` names them -> why no transaction gets there.
UNREACHABLE: dict[str, str] = {
    "network.vy standing: for, from its start of who: empty": "the first of them was read before",
    "rollover.vy settle: for, from its start of approvals: empty": _SIGNERS,
    "rollover.vy approve: for, from its start of judged.signers: empty": _SIGNERS,
    "rollover.vy propose: if of judged.total >= 2**96: true": "rules have a limit of 96 bits (404)",
    "rollover.vy post: for, from its start of case.legs: empty": "what was committed has legs",
    "rollover.vy _with_legs: for, from its start of legs: empty": _LEGS,
    "rollover.vy _with_legs: for, from its start of receivers: empty": _PAID,
    "rollover.vy _pay: for, from its start of receivers: empty": _PAID,
    "terms.vy _id: for, from its start of voters: empty": "asked before: without voters the hash is a constant",
}

_TYPES = "a field that is wider than its type: nothing was signed like it; refused without a word, nothing done"
_SPACE = "more than a list or a text may hold: refused while the call is read, before anything is done"
_INSIDE = "the place was found in the same list, or is a constant within it"
_TOO_MUCH = "figures that run over 256 bits: refused without a word, nothing done"

#: Words of a check of the compiler -> why it cannot or need not fail in a test.
CHECKS: dict[str, str] = {
    "whose call it is": "the table of functions: each test of a function takes it one way",
    "bad calldatasize or callvalue": "too few bytes, or money of the chain, of which there is none",
    "nonpayable check": "money of the chain, of which there is none",
    "fallback function": "no such function",
    "a copy of words": "loops over words of lists and texts",
    "a call or an answer": "whether there is a contract, whether it answered, whose refusal is passed on as it is",
    "external call failed": "its refusal is passed on as it is",
    "returndatasize too small": "a network or a token that is none",
    "validate": _TYPES,
    "uint256[4] bounds check": _INSIDE,
    "DynArray[": f"{_SPACE}; or {_INSIDE}",
    "Bytes[": _SPACE,
    "uint": _TYPES,
    "safe": _TOO_MUCH,
    "range()": "a constant number of times",
    "clamp": _TYPES,
}
