"""What a participant wished, in words: kinds of money, where it goes, how it ended."""

from open401k.kernel import Money
from open401k.recordkeeping import RolloverWay
from open401k.recordkeeping.rollover_wishes import RolloverWish, WishedPart, WishEnd

KIND_WORDS = {
    "pre_tax": "pre-tax money", "roth": "Roth money", "after_tax": "after-tax money",
    "pre_tax_403b": "pre-tax money of a 403(b) plan", "government_457b": "money of a governmental 457(b) plan",
    "traditional_ira": "money of a traditional IRA", "simple_ira": "money of a SIMPLE IRA",
    "sep_ira": "money of a SEP-IRA",
}  # fmt: skip
INTO_WORDS = {
    "traditional_ira": "a traditional IRA", "roth_ira": "a Roth IRA", "plan": "another employer's plan",
    "person": "me, in cash",
}  # fmt: skip
_ENDED = {
    None: "waits for the plan's staff",
    WishEnd.TAKEN_UP: "taken up",
    WishEnd.DECLINED: "declined",
    WishEnd.WITHDRAWN: "you took it back",
}


def in_words(wish: RolloverWish) -> str:
    """``pre-tax money to a traditional IRA at Fidelity``."""
    parts = ", ".join(_part(each, wish.way) for each in wish.wished.parts)
    where = "from" if wish.way is RolloverWay.INTO else "with"
    return f"{parts}; {where} {wish.wished.custodian}"


def ended_words(end: WishEnd | None) -> str:
    """Where a wish stands of which nothing else is known."""
    return _ENDED[end]


def _part(part: WishedPart, way: RolloverWay) -> str:
    amount = "" if part.cents is None else f"{Money(part.cents)} of "
    to = "" if way is RolloverWay.INTO else f" to {INTO_WORDS.get(part.into, part.into)}"
    return f"{amount}{KIND_WORDS.get(part.kind, part.kind)}{to}"
