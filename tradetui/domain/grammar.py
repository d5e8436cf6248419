"""The command line's language: words to one command, for the cockpit and for order files.

    buy|sell SIZE [SYMBOL] [limit P] [trigger P|TRAIL] [touch P] [stop STOP] [target TARGET]…
             [post] [ioc|fok|until WHEN] [reduce] [scale A B N] [chase [D] [xN] [take]]
    ORDER oco ORDER · ORDER then ORDER…
    stop STOP [SYMBOL] · trail [V [from A]] [SYMBOL] · target TARGET… [SYMBOL] · cancel ID|all [SYMBOL]
    amend ID [qty Q] [limit P] [trigger P]
    flatten [SYMBOL|all] · reverse [SYMBOL] [stop STOP] · half [SYMBOL] · breakeven [SYMBOL]
    leverage N [SYMBOL] · margin add|remove AMOUNT [SYMBOL] · margin cross|isolated
    deposit|withdraw AMOUNT [ASSET]
    limit NAME VALUE [SYMBOL] · limits · unlock [NAME] · acknowledge

STOP is P, P/Q (a stop_limit: triggered at P it rests at Q until it escalates to market), TRAIL, or P TRAIL
(the price is kept until the trail comes nearer). TRAIL is `trail V [from A]`: V is 1% or a distance, and
from A on it follows. Behind a price, and as a verb, `trail` alone keeps the distance that there is.
Behind a price that fires stands `by last|mark|index|bid_ask`, if it is not the last trade's.
TARGET is P or 2r, with `/market` or `/Q` behind it to go to market or to rest at Q only when P is reached,
and with its size (50% of the entry, or a quantity); targets without one share the rest: target 2r 50%
target 3r. `touch P` is a trigger on the other side: it buys when the price falls to P, sells when it rises
to P, at market or with `limit` at that. SIZE `all` closes the position, however large it is by then.
`scale A B N` spreads the size over N limit orders from A to B. `chase` is a limit at the touch that follows
it, up to a distance D (or 0.1%) and N changes, and then stays, or takes with `take`. Of two orders joined
by `oco` the first fill cancels the other; what follows `then` is held until the first order fills.
WHEN is +10m (s, m, h, d), 14:30 (in the zone of the trading day) or 2026-08-10T14:30[:05] in UTC.
SIZE is 0.25 (base or contracts), 500usdt (quote), 10% (of equity) or 0.5r. Words may be shortened while
they stay unique; a shortened word of the first version keeps its meaning whatever is added. Nothing is
rounded here and nothing is invented: a stop that was not typed is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from msgspec.structs import asdict

from tradetui.domain import grammar_limits
from tradetui.domain.command import (
    AcknowledgeGaps,
    AdjustMargin,
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Deposit,
    Flatten,
    Half,
    How,
    MarginMode,
    Reverse,
    SetLeverage,
    SetMarginMode,
    SetStop,
    SetTarget,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
    Withdraw,
)
from tradetui.domain.grammar_clauses import CLAUSES, ClauseReader, Steps, how_of
from tradetui.domain.grammar_reader import NUMBER, GrammarError, Words, beginning
from tradetui.domain.market_data import Side
from tradetui.domain.order import Trail, TriggerBy

__all__ = ["CLAUSES", "VERBS", "GrammarError", "complete", "parse", "parse_how"]

VERBS: Final = Words(
    ("buy", "sell", "stop", "target", "cancel", "flatten", "reverse", "half"),
    ("leverage", "margin", "deposit", "withdraw", "trail", "amend", *grammar_limits.VERBS),
    ("breakeven", "acknowledge"),
)
ELSEWHERE: Final = {
    "limit": "has a field of its own",
    "stop": "has a field of its own",
    "target": "has a field of its own",
    "scale": "makes several orders: type it on the command line",
}
"""Clauses that do not say how one order goes about it."""
AMENDED: Final = Words(("qty", "limit", "trigger"))
MARGIN_WORDS: Final = Words(("add", "remove", "cross", "isolated"))


def parse(text: str, *, symbol: str, symbols: Sequence[str]) -> AnyCommand:
    """Read one command.

    Args:
        text: what was typed.
        symbol: the symbol meant where none is named.
        symbols: every symbol that may be named.

    Raises:
        GrammarError: the word that is wrong is marked.
    """
    return _Commands(text, symbol, symbols).command()


def parse_how(text: str) -> How:
    """Read the clauses of an order beside limit, stop and target, as they stand behind its size.

    Raises:
        GrammarError: the word that is wrong is marked; it may be one that has its place elsewhere.
    """
    reader = ClauseReader(text, "", ())
    clauses = reader.clauses([word for word in CLAUSES.all if word not in ELSEWHERE])
    if not reader.done():
        raise reader.wrong(f"expected one order, was {reader.peek()!r}: the command line joins several")
    reader.at = 0
    while not reader.done():
        word = CLAUSES.only(reader.peek().lower())
        if word in ELSEWHERE and word in clauses:
            raise reader.wrong(f"{word} {ELSEWHERE[word]}")
        reader.at += 1
    return how_of(clauses)


def complete(text: str, *, symbols: Sequence[str], orders: Sequence[str] = ()) -> list[str]:
    """The words that could stand where the cursor is, at the end of text, best first."""
    words = text.split()
    typed = "" if not words or text[-1:].isspace() else words.pop()
    if not words:
        return beginning(typed, VERBS.all)
    return beginning(typed, _offered(VERBS.only(words[0].lower()), words, symbols, orders))


def _offered(
    verb: str | None, words: Sequence[str], symbols: Sequence[str], orders: Sequence[str]
) -> Sequence[str]:
    """What may follow some words of a command."""
    is_first = len(words) == 1
    found: dict[str, Sequence[str]] = {
        "cancel": ("all", *orders, *symbols),
        "amend": orders if is_first else AMENDED.all,
        "limit": grammar_limits.offered(words[1:], symbols),
        "margin": MARGIN_WORDS.all if is_first else symbols,
        "stop": ("trail",) if is_first else _after(words[-1]) or ("by", *symbols),
        "flatten": ("all", *symbols),
        "acknowledge": (),
    }
    if verb in ("buy", "sell"):
        return ("0.5r", "1r", "10%") if is_first else _after(words[-1]) or (*CLAUSES.all, *symbols)
    return found.get(verb or "", symbols)


def _after(word: str) -> tuple[str, ...]:
    """What belongs behind a clause's word beside a number."""
    if word.lower() == "by":
        return tuple(TriggerBy)
    return ("trail",) if CLAUSES.only(word.lower()) in ("stop", "trigger") else ()


class _Commands(ClauseReader):
    """Reads whole commands."""

    def command(self) -> AnyCommand:
        """The one command of a line."""
        verb = self.keyword(VERBS, "a command")
        readers: dict[str, Callable[[], AnyCommand]] = {
            "buy": lambda: self._orders(Side.BUY),
            "sell": lambda: self._orders(Side.SELL),
            "stop": self._set_stop,
            "trail": self._trail,
            "target": self._set_target,
            "cancel": self._cancel,
            "amend": self._amend,
            "flatten": self._flatten,
            "reverse": self._reverse,
            "half": lambda: Half(symbol=self.symbol_or_shown()),
            "breakeven": lambda: BreakEven(symbol=self.symbol_or_shown()),
            "acknowledge": AcknowledgeGaps,
            "leverage": self._leverage,
            "margin": self._margin,
            "deposit": lambda: Deposit(**self._amount()),
            "withdraw": lambda: Withdraw(**self._amount()),
            **{word: partial(self._about_limits, word) for word in grammar_limits.VERBS},
        }
        command = readers[verb]()
        if not self.done():
            raise self.wrong(f"expected nothing more, was {self.peek()!r}")
        return command

    def _about_limits(self, verb: str) -> AnyCommand:
        words = [word for word, _, _ in self.words[self.at :]]
        try:
            command = grammar_limits.read_limits(verb, words, symbols=self.symbols)
        except grammar_limits.WrongWord as wrong:
            self.at += wrong.index
            raise self.wrong(str(wrong)) from None
        self.at = len(self.words)
        return command

    def _orders(self, side: Side) -> SubmitOrder | SubmitOco | SubmitOto | SubmitScale:
        """One order, or several joined by oco or then."""
        first, steps = self._order(side)
        if steps is not None:
            return SubmitScale(order=first, first=steps.first, last=steps.last, count=steps.orders)
        joins: list[str] = []
        others: list[SubmitOrder] = []
        while self.is_joined():
            joins.append(self.peek().lower())
            if joins not in (["oco"], ["then"] * len(joins)):
                raise self.wrong("expected two orders joined by oco, or several by then")
            self.at += 1
            other, steps = self._order(Side(self.keyword(Words(("buy", "sell")), "buy or sell")))
            if steps is not None:
                raise self.wrong("expected no scale behind oco or then")
            others.append(other)
        if not joins:
            return first
        if joins[0] == "oco":
            return SubmitOco(first=first, second=others[0])
        return SubmitOto(first=first, then=tuple(others))

    def _order(self, side: Side) -> tuple[SubmitOrder, Steps | None]:
        number, unit, at = self.size()
        symbol = self._symbol()
        clauses = self.clauses()
        price, stop, targets = clauses.get("limit"), clauses.get("stop"), clauses.get("target")
        first, *more = targets if isinstance(targets, list) else [None]
        order = SubmitOrder(
            symbol=symbol,
            side=side,
            size=self.size_of(number, unit, symbol, at),
            limit=price if isinstance(price, Decimal) else None,
            stop=stop if isinstance(stop, Stop) else None,
            target=first,
            more_targets=tuple(target for target in more if target is not None),
            **asdict(how_of(clauses)),
        )
        steps = clauses.get("scale")
        return order, steps if isinstance(steps, Steps) else None

    def _symbol(self) -> str:
        """The symbol of an order, which may be followed by clauses or by another order."""
        if self.is_joined() and self.symbol:
            return self.symbol
        return self.symbol_or_shown(stop_at=CLAUSES)

    def _set_stop(self) -> SetStop:
        stop = self.stop()
        return SetStop(symbol=self.symbol_or_shown(), stop=stop)

    def _trail(self) -> SetStop:
        trail = Trail()
        if not self.done() and self.peek()[:1].isdigit() and not self.looks_like_symbol(self.peek()):
            trail = self.trail_value()[0]
        return SetStop(symbol=self.symbol_or_shown(), stop=Stop(trail=trail))

    def _set_target(self) -> SetTarget:
        first, more = self.target(), []
        while not self.done() and CLAUSES.only(self.peek().lower()) == "target":
            self.at += 1
            more.append(self.target())
        return SetTarget(symbol=self.symbol_or_shown(), target=first, more=tuple(more))

    def _cancel(self) -> CancelOrder | CancelAll:
        if self.done():
            raise self.wrong("expected an order's id or all")
        word = self.peek()
        if word.lower() == "all":
            self.at += 1
            return CancelAll(symbol=None if self.done() else self.symbol_or_shown())
        if self.looks_like_symbol(word):
            return CancelAll(symbol=self.symbol_or_shown())
        self.at += 1
        return CancelOrder(order_id=word)

    def _amend(self) -> AmendOrder:
        if self.done():
            raise self.wrong("expected an order's id")
        order_id = self.peek()
        self.at += 1
        found: dict[str, Decimal] = {}
        while not self.done() or not found:
            word = self.keyword(AMENDED, "qty, limit or trigger")
            if word in found:
                self.at -= 1
                raise self.wrong(f"{word} stands twice")
            found[word] = self.price(f"a number after {word}")
        return AmendOrder(
            order_id=order_id,
            qty=found.get("qty"),
            limit=found.get("limit"),
            trigger=found.get("trigger"),
        )

    def _flatten(self) -> Flatten:
        if self.next_is("all"):
            self.at += 1
            return Flatten(symbol=None)
        return Flatten(symbol=self.symbol_or_shown())

    def _reverse(self) -> Reverse:
        symbol = self.symbol_or_shown(stop_at=Words(("stop",)))
        if self.done():
            return Reverse(symbol=symbol)
        self.keyword(Words(("stop",)), "stop")
        return Reverse(symbol=symbol, stop=self.stop())

    def _leverage(self) -> SetLeverage:
        leverage = self.price("a leverage: 10")
        return SetLeverage(symbol=self.symbol_or_shown(), leverage=leverage)

    def _margin(self) -> AdjustMargin | SetMarginMode:
        word = self.keyword(MARGIN_WORDS, "add, remove, cross or isolated")
        if word in ("cross", "isolated"):
            return SetMarginMode(mode=MarginMode(word))
        amount = self.price(f"an amount after {word}")
        return AdjustMargin(symbol=self.symbol_or_shown(), amount=amount if word == "add" else -amount)

    def _amount(self) -> dict[str, Any]:
        """An amount and its asset, in one word or two; the account's currency where none is named."""
        match = (
            None if self.done() else re.fullmatch(NUMBER.pattern + r"([A-Za-z][A-Za-z0-9]*)?", self.peek())
        )
        if match is None or Decimal(match.group(1)) == 0:
            raise self.wrong("expected an amount: 1000 usdt")
        self.at += 1
        asset = match.group(2) or ""
        if not asset and not self.done():
            asset, self.at = self.peek(), self.at + 1
        return {"amount": Decimal(match.group(1)), "asset": asset.upper()}
