"""Outcomes of conditions that no transaction can bring about; why the compiler's own checks need no test."""

from __future__ import annotations

_ASKED = "asked right before: without any, the loop is not reached"
_SIGNERS = "the source always signs"

#: Condition and outcome, as ``contract_coverage`` names them -> why no transaction gets there.
UNREACHABLE: dict[str, str] = {
    "rollover.vy settle: for, from its start of range(judged.count, bound=MOST_APPROVING): empty": _SIGNERS,
    "rollover.vy approve: for, from its start of range(judged.count, bound=MOST_APPROVING): empty": _SIGNERS,
    "rollover.vy _pay: for, from its start of range(count, bound=terms.MOST_RECEIVERS): empty": "an election has a "
    "receiver at least",
    "network.vy standing: for, from its start of range(count, bound=MOST_ASKED): empty": _ASKED,
    "rollover.vy post: for, from its start of range(case.legCount, bound=terms.MOST_LEGS): empty": "what was committed "
    "has legs",
    "rollover.vy propose_return: for, from its start of range(before.legCount, bound=terms.MOST_LEGS): empty": "what "
    "was committed has legs",
    "rollover.vy _standing: for, from its start of range(1, case.receiverCount, bound=terms.MOST_RECEIVERS): empty": (
        _ASKED
    ),
    "rollover.vy _standing: for, from its start of range(case.voterCount, bound=terms.MOST_VOTERS): empty": _ASKED,
    "rollover.vy _judged: for, from its start of range(case.legCount, bound=terms.MOST_LEGS): empty": "terms without "
    "legs are refused first (401)",
    "rollover.vy _judged: for, from its start of range(case.receiverCount, bound=terms.MOST_RECEIVERS): empty": "an "
    "election without receivers is refused first (302)",
    "terms.vy _read: for, from its start of range(case.voterCount, bound=MOST_VOTERS): empty": _ASKED,
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
    "bytes32[": _INSIDE,
    "DynArray[": f"{_SPACE}; or {_INSIDE}",
    "Bytes[": _SPACE,
    "uint": _TYPES,
    "safe": _TOO_MUCH,
    "range()": "a constant number of times",
    "clamp": _TYPES,
}
