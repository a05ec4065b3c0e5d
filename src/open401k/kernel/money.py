"""Money in whole cents. Not here: fund units and prices (see kernel/quantity.py)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

_DOLLARS = re.compile(r"(?P<sign>-?)(?P<dollars>\d{1,15})(?:\.(?P<cents>\d{1,2}))?", re.ASCII)

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of US dollars, in whole cents; negative amounts are allowed, fractions of a cent are not."""

    cents: int

    @classmethod
    def usd(cls, text: str) -> Self:
        """Read ``"1234.5"`` or ``"-0.05"``; more than two decimals, grouping and exponents are refused.

        >>> Money.usd("18.5")
        Money(cents=1850)
        """
        match = _DOLLARS.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an amount in dollars and cents; round it first, write it like 1234.50")
        cents = int(match["dollars"]) * 100 + int((match["cents"] or "").ljust(2, "0"))
        return cls(-cents if match["sign"] else cents)

    @classmethod
    def typed(cls, text: str) -> Self:
        """Read what a person typed: as :meth:`usd`, or with a dollar sign and commas between thousands.

        A comma anywhere else is refused: to some it is the decimal sign, and 12,50 would be read as 1,250.

        >>> Money.typed(" $1,250.00 ")
        Money(cents=125000)
        >>> Money.typed("12,50")
        Traceback (most recent call last):
        ValueError: '12,50' is not an amount in dollars and cents; round it first, write it like 1234.50
        """
        plain = text.strip().removeprefix("$")
        return cls.usd(plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.cents + other.cents)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.cents - other.cents)

    def __neg__(self) -> Self:
        return type(self)(-self.cents)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        """``$1,234.50``, negative as ``-$1,234.50``."""
        sign = "-" if self.cents < 0 else ""
        dollars, cents = divmod(abs(self.cents), 100)
        return f"{sign}${dollars:,}.{cents:02d}"

    def plain(self) -> str:
        """``1234.50``: what :meth:`usd` reads, and what the API sends."""
        sign = "-" if self.cents < 0 else ""
        dollars, cents = divmod(abs(self.cents), 100)
        return f"{sign}{dollars}.{cents:02d}"

    def times(self, factor: Decimal | Fraction) -> Self:
        """This amount times an exact factor, half a cent rounded away from zero."""
        return type(self)(half_up(Fraction(factor) * self.cents))

    def split(self, weights: Sequence[Decimal | int]) -> tuple[Self, ...]:
        """Shares in proportion to ``weights``; cents always add up (largest remainder, ties to the first)."""
        total = sum((Fraction(weight) for weight in weights), Fraction(0))
        if total <= 0 or min(weights, default=0) < 0:
            raise ValueError("split needs weights of which none is negative and at least one positive")
        exact = [Fraction(weight) * self.cents / total for weight in weights]
        floors = [share.numerator // share.denominator for share in exact]
        by_remainder = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place], place))
        for place in by_remainder[: self.cents - sum(floors)]:
            floors[place] += 1
        return tuple(type(self)(cents) for cents in floors)


ZERO = Money(0)


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes away from zero, as the regulations round."""
    doubled = 2 * abs(value.numerator) + value.denominator
    rounded = doubled // (2 * value.denominator)
    return rounded if value >= 0 else -rounded
