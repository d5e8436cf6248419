"""What a case is, and the words in which both sides tell what became of its orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from tests.nautilus.script import Step, read
from tradetui.trading.match_types import MatchRules

PLACES = Decimal("1e-8")
"""To which average entries are told."""
Story = dict[str, str]
"""By order: what filled in which step, and its state at the end; and the position.

Where money counts: the entry of what is held, what the balance has gained, and the fees in it.
"""


@dataclass(frozen=True)
class Options:
    """Options of nautilus_trader's venue, by default those that come nearest to ours."""

    consumption: bool = True
    queue: bool = True
    prints: bool = True
    points: int = 0
    """Of price protection; 0 for none, which is its default."""
    touch_only: bool = False
    """It is told the best bid and ask instead of the levels."""


@dataclass(frozen=True)
class Contract:
    """What is traded: a perpetual in USDT or, inverse, one in bitcoin whose contracts are worth a dollar."""

    maker: Decimal = Decimal(0)
    taker: Decimal = Decimal(0)
    inverse: bool = False
    told: bool = False
    """Whether the money is a part of the story."""


@dataclass(frozen=True)
class Difference:
    """A rule of ours that nautilus_trader does not have, and what that means here."""

    rule: str
    because: str


@dataclass(frozen=True)
class Case:
    """One book, some orders, and what the rules say becomes of them."""

    name: str
    script: str
    expected: str
    """By the rules, reckoned by hand: one line an order, without fills only the state."""
    differs: Difference | None = None
    """None where nautilus_trader does the same."""
    rules: MatchRules = field(default_factory=MatchRules)
    options: Options = field(default_factory=Options)
    contract: Contract = field(default_factory=Contract)

    @property
    def steps(self) -> tuple[Step, ...]:
        return read(self.script)

    @property
    def by_the_rules(self) -> Story:
        """The expected story."""
        lines = (line.strip().partition(": ") for line in self.expected.strip().splitlines())
        return {name: text for name, _, text in lines}


@dataclass(frozen=True)
class Piece:
    """A part of a fill."""

    step: int
    qty: Decimal
    price: Decimal
    liquidity: str


def told(pieces: Iterable[Piece], state: str) -> str:
    """Fills and state of an order in words; pieces of one step at one price are one fill."""
    parts = []
    for (step, price, liquidity), same in groupby(pieces, lambda p: (p.step, p.price, p.liquidity)):
        qty = sum((piece.qty for piece in same), Decimal(0))
        parts.append(f"{plain(qty)}@{plain(price)} {liquidity} in {step}")
    return "; ".join([*parts, state])


def plain(number: Decimal) -> str:
    """A number without an exponent and trailing zeros."""
    return f"{number.normalize():f}" if number else "0"
