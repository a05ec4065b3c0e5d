"""What the custodians' books say, against the terms; and what is disclosed of the transfer file. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .. import slots
from ..messages import Role, statement_hash
from ..node.said import Booked, Statement
from ..transfer_file.leaves import proves
from .calls import custodians
from .findings import Finding, failed, missing, proved, stated
from .proven import Context, expected_payments
from .wording import capital, money, name

_AMOUNT = "settlement.amount_cents"


def books(context: Context) -> Iterator[Finding]:
    """Each custodian's receipt on chain, the reference that it hides, and the lines that it says it booked."""
    told: dict[tuple[Role, bytes], Statement] = {}
    unsure: set[tuple[Role, bytes]] = set()
    for each in context.evidence.statements:
        at = (each.booked.role, each.booked.who)
        if at not in custodians(context.case) or at in told:
            yield failed("books", f"A statement of {name(*at)} is there twice, or is not asked for.")
        told.setdefault(at, each)
    for role, who in custodians(context.case):
        holds = _holds(context, told.get((role, who)))
        unsure |= {(role, who)} if holds is None else set()
        yield from _receipt(context, role, who, told.get((role, who)), holds=holds)
    if unsure:
        yield missing("sums", "Whether both ledgers add up: a wallet's word for one of them is not checked.")
        return
    yield _sum(context, {at: each.booked for at, each in told.items()})


def _holds(context: Context, told: Statement | None) -> bool | None:
    """Whether its custodian signed it; None where only a chain could tell."""
    if told is None:
        return False
    hashed = statement_hash(context.rollover, told.booked.role, told.booked.content)
    return context.says(told.booked.who, hashed, told.signature)


def _receipt(
    context: Context, role: Role, who: bytes, told: Statement | None, *, holds: bool | None
) -> Iterator[Finding]:
    by = name(role, who)
    receipt = context.word(slots.receipt_slot(context.rollover, who))
    if receipt:
        yield proved("receipts", f"{capital(by)} gave its receipt on chain: its books followed.", by)
    elif context.batch:
        yield missing("receipts", f"After a batch no receipt is asked for on chain: what {by} booked it states itself.")
    else:
        yield missing("receipts", f"No receipt of {by} on chain at the head.")
    if told is None:
        yield missing(
            "books", f"What {by} booked, and under which reference: ask it for its evidence, and join the files."
        )
        return
    booked = told.booked
    if booked.rollover != context.rollover:
        yield failed("books", f"The statement of {by} is about another rollover.")
        return
    if holds is None:
        yield missing("books", f"Whether the wallet of {by} signed the statement of its books: {context.why_not}")
    elif not holds:
        yield failed("books", f"The statement of {by} is not signed by a key of it.")
        return
    if receipt and receipt.to_bytes(32, "big") != booked.receipt:
        yield failed("books", f"The reference “{booked.reference}” of {by} is not the one that its receipt hides.")
        return
    if receipt:
        yield proved("books", f"The receipt of {by} hides the reference “{booked.reference}” of its books.", by)
    elif holds:
        yield stated("books", f"{capital(by)} says that it booked under “{booked.reference}”.", by)
    if holds:
        yield _lines(context, booked, by)


def _lines(context: Context, booked: Booked, by: str) -> Finding:
    """The lines must be the legs that are this custodian's, each once."""
    legs, receivers = context.case.terms.legs, context.case.election.receivers
    mine = [
        (number, leg.kind, leg.amount)
        for number, leg in enumerate(legs)
        if booked.role is Role.SOURCE or receivers[leg.to] == booked.who
    ]
    said = [(line.leg, line.kind, line.cents) for line in booked.lines]
    total = sum(line.cents for line in booked.lines)
    if sorted(said) != mine:
        return failed("books", f"The lines that {by} booked, {money(total)}, are not its parts of the terms.")
    side = "debited" if booked.role is Role.SOURCE else "credited"
    return stated(
        "books", f"{capital(by)} {side} {money(total)} in {len(said)} lines, which are its parts of the terms.", by
    )


def _sum(context: Context, told: dict[tuple[Role, bytes], Booked]) -> Finding:
    """The source's debit is what receivers credited and what was withheld."""
    if len(told) < len(custodians(context.case)):
        return missing("sums", "Whether both ledgers add up: not every custodian's lines are here.")
    cents = {Role.SOURCE: 0, Role.RECEIVER: 0}
    for (role, _), booked in told.items():
        cents[role] += sum(line.cents for line in booked.lines)
    expected = expected_payments(context)
    if expected is None:
        return missing("sums", "What was withheld is not proved, so the ledgers cannot be added up.")
    debit, credit, withheld = cents[Role.SOURCE], cents[Role.RECEIVER], expected[1]
    said = f"{money(debit)} debited, {money(credit)} credited, {money(withheld)} withheld"
    if debit == credit + withheld:
        return proved("sums", f"The ledgers' lines add up: {said}.")
    return failed("sums", f"The ledgers' lines do not add up: {said}.")


def undone(context: Context) -> Iterator[Finding]:
    """Which rollover this one gives back: by its terms, or by the transfer file whose root they name (ADR-0064)."""
    terms = context.case.terms
    told = {leaf.label: leaf.value for leaf in context.evidence.leaves if proves(leaf, terms.data_root)}
    is_return, parent = told.get("case.direction") == "return", told.get("case.parent")
    if any(terms.parent):
        if parent is not None and parent != terms.parent.hex():
            yield failed("undone", f"Its terms give back 0x{terms.parent.hex()}, its transfer file {parent}.")
        else:
            yield proved(
                "undone", f"It gives back rollover 0x{terms.parent.hex()}: the contract held it to what came by that."
            )
    elif is_return and parent is not None:
        yield proved(
            "undone",
            f"It gives back rollover 0x{parent}: so it stands in the transfer file whose root all signed. The terms "
            "name none, so both custodians held it to what came by that, and the contract did not.",
        )


def leaves(context: Context) -> Iterator[Finding]:
    """Items of the transfer file, each under the root that the terms name; and whether the amounts are the payment."""
    evidence, root = context.evidence, context.case.terms.data_root
    if not evidence.leaves:
        yield missing("disclosed", "Nothing of the transfer file is disclosed; its root is in the terms.")
        return
    labels = [leaf.label for leaf in evidence.leaves]
    for leaf in evidence.leaves:
        if not proves(leaf, root) or labels.count(leaf.label) > 1:
            yield failed(
                "disclosed", f"{leaf.label} is not in the transfer file that the terms name, or is there twice."
            )
        else:
            yield proved(
                "disclosed", f"{leaf.label}: {leaf.value}. So it stands in the file that custodians agreed on."
            )
    values = {leaf.label: leaf.value for leaf in evidence.leaves}
    total = sum(leg.amount for leg in context.case.terms.legs)
    if _AMOUNT in values:
        gross = [
            value for label, value in values.items() if label.startswith("amounts[") and label.endswith("gross_cents")
        ]
        yield _components(total, values[_AMOUNT], gross)


def _components(total: int, amount: str, gross: list[str]) -> Finding:
    try:
        told, parts = int(amount), sum(int(each) for each in gross)
    except ValueError:
        return failed("sums", "An amount in the transfer file is no whole number of cents.")
    said = f"{money(total)} in the terms, {money(told)} in the transfer file, its sources together {money(parts)}"
    if told != total or parts > total:
        return failed("sums", f"The payment is not its components: {said}.")
    if parts < total:
        return missing("sums", f"Not every source of the payment is disclosed: {said}.")
    return proved("sums", f"The payment is its components: {said}.")
