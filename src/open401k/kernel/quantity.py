"""Units of funds and their prices, as exact decimals with six places. Not here: cash (see kernel/money.py)."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Self

from .money import Money, half_up

MICRO = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Units:
    """Fund units, counted in millionths (what the database stores)."""

    micros: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read an exact decimal with at most six places.

        >>> Units.of("12.5")
        Units(micros=12500000)
        """
        try:
            exact = Decimal(text) * MICRO
        except InvalidOperation:
            raise ValueError(f"{text!r} is not a number of units; write it like 12.345678") from None
        if not exact.is_finite() or exact != exact.to_integral_value():
            raise ValueError(f"{text!r} is not a number of units with at most six decimals; round it first")
        return cls(int(exact))

    def __add__(self, other: Self) -> Self:
        return type(self)(self.micros + other.micros)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.micros - other.micros)

    def __neg__(self) -> Self:
        return type(self)(-self.micros)

    def __str__(self) -> str:
        return f"{Decimal(self.micros) / MICRO:.6f}"


@dataclass(frozen=True, slots=True, order=True)
class Price:
    """Dollars per unit, in millionths of a dollar."""

    micros: int

    @classmethod
    def usd(cls, text: str) -> Self:
        """Read dollars per unit with at most six decimals; a price is positive."""
        micros = Units.of(text).micros
        if micros <= 0:
            raise ValueError(f"{text!r} is not a price; a price is greater than zero")
        return cls(micros)

    def value(self, units: Units) -> Money:
        """What the units are worth, to the cent, half a cent rounded away from zero."""
        return Money(half_up(Fraction(units.micros * self.micros, MICRO * MICRO // 100)))
