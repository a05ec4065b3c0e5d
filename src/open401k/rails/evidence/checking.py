"""The check of a rollover's evidence: from its text and nothing else to what is proved, stated, missing, broken. Pure.

All of it stands under one block, the head: whoever checks compares its hash with what they know, or is told which
custodians countersigned it. Not here: how proofs are read (proven.py), how the file is (file.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from open401k.kernel import Open401kError

from ..decoding import decode_case
from .checks_books import books, leaves, undone
from .checks_chain import contracts, heads, payments, transactions, verdict
from .checks_people import approvals, attestation, election, members
from .file import read_file
from .findings import Finding, Report, failed, proved
from .on_chain import Wallets
from .proven import Context, context_of
from .wording import money

__all__ = ["check"]


def check(text: str, *, head: bytes | None = None, wallets: Wallets | None = None) -> Report:
    """Everything that the file says, judged; ``head``: the hash of the block that the reader knows; ``wallets``: what
    contracts signed, by a chain that the reader chose."""
    try:
        evidence = read_file(text)
    except Open401kError as why:
        return Report([failed("file", why.message)])
    try:
        case = decode_case(evidence.case)
    except ValueError as why:
        return Report([failed("case", f"The case cannot be read: {why}.")])
    if not case.terms.legs or any(leg.to >= len(case.election.receivers) for leg in case.terms.legs):
        return Report([failed("case", "The terms pay nothing, or somebody whom the election does not name.")])
    context = context_of(evidence, case, wallets)
    found = list(_judged(context, head))
    return Report(found, context.rollover, context.head)


def _judged(context: Context, head: bytes | None) -> Iterator[Finding]:
    yield from heads(context, head)
    for each in context.broken:
        yield failed("proofs", each)
    yield from contracts(context)
    yield _terms(context)
    yield from verdict(context)
    yield from election(context)
    yield from attestation(context)
    yield from members(context)
    yield from approvals(context)
    yield from transactions(context)
    yield from payments(context)
    yield from books(context)
    yield from undone(context)
    yield from leaves(context)


def _terms(context: Context) -> Finding:
    legs = context.case.terms.legs
    return proved(
        "terms",
        f"These exact terms have the id 0x{context.rollover.hex()}: {len(legs)} part{'s' if len(legs) != 1 else ''}, "
        f"together {money(sum(leg.amount for leg in legs))}. Nothing in them can differ under this id.",
    )
