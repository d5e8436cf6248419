"""The command line's language: words to one command, for the cockpit and for order files.

    buy|sell SIZE [SYMBOL] [limit P] [trigger P] [stop P[/Q]] [target P|2r] [post] [ioc|fok] [reduce]
    stop P[/Q] [SYMBOL] · target P|2r [SYMBOL] · cancel ID|all [SYMBOL]
    flatten [SYMBOL|all] · reverse [SYMBOL] [stop P] · half [SYMBOL]
    leverage N [SYMBOL] · margin add|remove AMOUNT [SYMBOL] · margin cross|isolated
    deposit|withdraw AMOUNT [ASSET]

A stop 61000/60950 is a stop_limit: triggered at 61000, it rests at 60950 until it escalates to market.
SIZE is 0.25 (base or contracts), 500usdt (quote), 10% (of equity) or 0.5r. Words may be shortened
while they stay unique. Nothing is rounded here and nothing is invented: a stop that was not typed
is not there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from tradetui.domain.command import (
    AdjustMargin,
    AnyCommand,
    CancelAll,
    CancelOrder,
    Deposit,
    Flatten,
    Half,
    MarginMode,
    Reverse,
    SetLeverage,
    SetMarginMode,
    SetStop,
    SetTarget,
    Size,
    SizeUnit,
    Stop,
    SubmitOrder,
    Target,
    Withdraw,
)
from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce

VERBS: Final = (
    *("buy", "sell", "stop", "target", "cancel", "flatten", "reverse", "half"),
    *("leverage", "margin", "deposit", "withdraw"),
)
MARGIN_WORDS: Final = ("add", "remove", "cross", "isolated")
CLAUSES: Final = ("limit", "trigger", "stop", "target", "post", "ioc", "fok", "reduce")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)")
_HUNDRED: Final = Decimal(100)


Clause = Decimal | Stop | Target | TimeInForce | bool
"""What the word of a clause brings with it."""


class GrammarError(ValueError):
    """Words that make no command: which one, and what was expected in its place."""

    def __init__(self, text: str, start: int, end: int, message: str) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.message = message
        super().__init__(message)

    def marked(self) -> str:
        """The text with carets under the word that is wrong, for a fixed-width display."""
        return f"{self.text}\n{' ' * self.start}{'^' * max(1, self.end - self.start)} {self.message}"


def parse(text: str, *, symbol: str, symbols: Sequence[str]) -> AnyCommand:
    """Read one command.

    Args:
        text: what was typed.
        symbol: the symbol meant where none is named.
        symbols: every symbol that may be named.

    Raises:
        GrammarError: the word that is wrong is marked.
    """
    return _Reader(text, symbol, symbols).command()


def complete(text: str, *, symbols: Sequence[str], orders: Sequence[str] = ()) -> list[str]:
    """The words that could stand where the cursor is, at the end of text, best first."""
    words = text.split()
    typed = "" if not words or text[-1:].isspace() else words.pop()
    if not words:
        return _starting_with(typed, VERBS)
    verb = _only(words[0].lower(), VERBS)
    if verb == "cancel":
        return _starting_with(typed, ("all", *orders, *symbols))
    if verb == "margin" and len(words) == 1:
        return _starting_with(typed, MARGIN_WORDS)
    if verb in ("buy", "sell"):
        offered = (*CLAUSES, *symbols) if len(words) > 1 else ("0.5r", "1r", "10%")
        return _starting_with(typed, offered)
    return _starting_with(typed, ("all", *symbols) if verb == "flatten" else symbols)


def _starting_with(typed: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.lower().startswith(typed.lower())]


def _is_price(word: str) -> bool:
    return bool(_NUMBER.fullmatch(word)) and Decimal(word) > 0


def _only(typed: str, words: Sequence[str]) -> str | None:
    if typed in words:
        return typed
    found = [word for word in words if word.startswith(typed)]
    return found[0] if len(found) == 1 else None


class _Reader:
    """Reads words from left to right, remembering where each stood."""

    def __init__(self, text: str, symbol: str, symbols: Sequence[str]) -> None:
        self._text = text
        self._words = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\S+", text)]
        self._at = 0
        self._symbol = symbol
        self._symbols = symbols

    def command(self) -> AnyCommand:
        verb = self._keyword(VERBS, "a command")
        readers: dict[str, Callable[[], AnyCommand]] = {
            "buy": lambda: self._order(Side.BUY),
            "sell": lambda: self._order(Side.SELL),
            "stop": self._set_stop,
            "target": self._set_target,
            "cancel": self._cancel,
            "flatten": self._flatten,
            "reverse": self._reverse,
            "half": lambda: Half(symbol=self._symbol_or_shown()),
            "leverage": self._leverage,
            "margin": self._margin,
            "deposit": lambda: Deposit(**self._amount()),
            "withdraw": lambda: Withdraw(**self._amount()),
        }
        command = readers[verb]()
        if not self._done():
            raise self._wrong(f"expected nothing more, was {self._peek()!r}")
        return command

    # the commands

    def _order(self, side: Side) -> SubmitOrder:
        number, unit, at = self._size()
        symbol = self._symbol_or_shown(stop_at=CLAUSES)
        clauses = self._clauses()
        price, trigger = clauses.get("limit"), clauses.get("trigger")
        stop, target = clauses.get("stop"), clauses.get("target")
        tif = clauses.get("tif", TimeInForce.GTC)
        return SubmitOrder(
            symbol=symbol,
            side=side,
            size=self._size_of(number, unit, symbol, at),
            limit=price if isinstance(price, Decimal) else None,
            trigger=trigger if isinstance(trigger, Decimal) else None,
            stop=stop if isinstance(stop, Stop) else None,
            target=target if isinstance(target, Target) else None,
            tif=tif if isinstance(tif, TimeInForce) else TimeInForce.GTC,
            post_only="post" in clauses,
            reduce_only="reduce" in clauses,
        )

    def _clauses(self) -> dict[str, Clause]:
        found: dict[str, Clause] = {}
        while not self._done():
            word = self._keyword(CLAUSES, "limit, trigger, stop, target, post, ioc, fok or reduce")
            name = "tif" if word in ("ioc", "fok") else word
            if name in found:
                self._at -= 1
                raise self._wrong(
                    f"{word} stands twice" if name == word else "ioc and fok exclude each other"
                )
            found[name] = self._clause_value(word)
        return found

    def _clause_value(self, word: str) -> Clause:
        if word == "target":
            return self._target()
        if word == "stop":
            return self._stop()
        if word in ("limit", "trigger"):
            return self._price(f"a price after {word}")
        if word in ("ioc", "fok"):
            return TimeInForce(word)
        return True

    def _set_stop(self) -> SetStop:
        stop = self._stop()
        return SetStop(symbol=self._symbol_or_shown(), stop=stop)

    def _set_target(self) -> SetTarget:
        target = self._target()
        return SetTarget(symbol=self._symbol_or_shown(), target=target)

    def _cancel(self) -> CancelOrder | CancelAll:
        if self._done():
            raise self._wrong("expected an order's id or all")
        word = self._peek()
        if word.lower() == "all":
            self._at += 1
            return CancelAll(symbol=None if self._done() else self._symbol_or_shown())
        if self._looks_like_symbol(word):
            return CancelAll(symbol=self._symbol_or_shown())
        self._at += 1
        return CancelOrder(order_id=word)

    def _flatten(self) -> Flatten:
        if not self._done() and self._peek().lower() == "all":
            self._at += 1
            return Flatten(symbol=None)
        return Flatten(symbol=self._symbol_or_shown())

    def _reverse(self) -> Reverse:
        symbol = self._symbol_or_shown(stop_at=("stop",))
        if self._done():
            return Reverse(symbol=symbol)
        self._keyword(("stop",), "stop")
        return Reverse(symbol=symbol, stop=self._stop())

    def _leverage(self) -> SetLeverage:
        leverage = self._price("a leverage: 10")
        return SetLeverage(symbol=self._symbol_or_shown(), leverage=leverage)

    def _margin(self) -> AdjustMargin | SetMarginMode:
        word = self._keyword(MARGIN_WORDS, "add, remove, cross or isolated")
        if word in ("cross", "isolated"):
            return SetMarginMode(mode=MarginMode(word))
        amount = self._price(f"an amount after {word}")
        return AdjustMargin(symbol=self._symbol_or_shown(), amount=amount if word == "add" else -amount)

    def _amount(self) -> dict[str, Any]:
        """An amount and its asset, in one word or two; the account's currency where none is named."""
        match = (
            None if self._done() else re.fullmatch(_NUMBER.pattern + r"([A-Za-z][A-Za-z0-9]*)?", self._peek())
        )
        if match is None or Decimal(match.group(1)) == 0:
            raise self._wrong("expected an amount: 1000 usdt")
        self._at += 1
        asset = match.group(2) or ""
        if not asset and not self._done():
            asset, self._at = self._peek(), self._at + 1
        return {"amount": Decimal(match.group(1)), "asset": asset.upper()}

    # the parts

    def _size(self) -> tuple[Decimal, str, int]:
        expected = "a size: 0.25, 500usdt, 10% or 0.5r"
        if self._done():
            raise self._wrong(f"expected {expected}")
        word = self._peek()
        match = _NUMBER.match(word)
        if match is None:
            raise self._wrong(f"expected {expected}, was {word!r}")
        number = Decimal(match.group(1))
        if number == 0:
            raise self._wrong("expected a size above zero")
        self._at += 1
        return number, word[match.end() :].lower(), self._at - 1

    def _size_of(self, number: Decimal, unit: str, symbol: str, at: int) -> Size:
        base, _, rest = symbol.partition("/")
        quote, _, settle = rest.partition(":")
        coin_margined = settle == base
        if unit == "" or (unit == base.lower() and not coin_margined):
            return Size(number, SizeUnit.BASE)
        if unit == "%":
            return Size(number / _HUNDRED, SizeUnit.EQUITY)
        if unit == "r":
            return Size(number, SizeUnit.RISK)
        if unit in (quote.lower(), "" if coin_margined else settle.lower()):
            return Size(number, SizeUnit.QUOTE)
        self._at = at
        words = f"%, r{'' if coin_margined else f', {base.lower()}'} or {quote.lower()}"
        raise self._wrong(f"expected {words} after the number, was {unit!r}")

    def _stop(self) -> Stop:
        """A trigger, and behind a slash the limit that it rests at."""
        expected = "a price after stop"
        trigger, slash, limit = "", "", ""
        if not self._done():
            trigger, slash, limit = self._peek().partition("/")
        if not slash:
            return Stop(price=self._price(expected))
        if not (_is_price(trigger) and _is_price(limit)):
            raise self._wrong(f"expected {expected}, or two as in 61000/60950, was {self._peek()!r}")
        self._at += 1
        return Stop(price=Decimal(trigger), limit=Decimal(limit))

    def _target(self) -> Target:
        if not self._done() and (match := re.fullmatch(_NUMBER.pattern + "[rR]", self._peek())):
            self._at += 1
            return Target(r=Decimal(match.group(1)))
        return Target(price=self._price("a price or a multiple of R (2r) after target"))

    def _price(self, expected: str) -> Decimal:
        if self._done():
            raise self._wrong(f"expected {expected}")
        word = self._peek()
        if not _is_price(word):
            raise self._wrong(f"expected {expected}, was {word!r}")
        self._at += 1
        return Decimal(word)

    def _symbol_or_shown(self, stop_at: Sequence[str] = ()) -> str:
        if self._done() or self._is_clause(stop_at):
            if not self._symbol:
                raise self._wrong("expected a symbol: this recording has several")
            return self._symbol
        return self._named_symbol()

    def _is_clause(self, words: Sequence[str]) -> bool:
        typed = self._peek().lower()
        return any(word.startswith(typed) for word in words) and not self._looks_like_symbol(typed)

    def _named_symbol(self) -> str:
        word = self._peek()
        found = self._matching(word)
        if len(found) == 1:
            self._at += 1
            return found[0]
        if found:
            raise self._wrong(f"{word!r} may mean {', '.join(found)}")
        near = difflib.get_close_matches(word.upper(), self._symbols, n=1, cutoff=0.4)
        raise self._wrong(f"unknown symbol {word!r}" + (f"; did you mean {near[0]}?" if near else ""))

    def _matching(self, word: str) -> list[str]:
        typed = word.upper()
        if typed in self._symbols:
            return [typed]
        start = typed.rstrip("*")
        return [name for name in self._symbols if name.startswith(start)]

    def _looks_like_symbol(self, word: str) -> bool:
        return (
            "/" in word or word.endswith("*") or any(word.upper() == s.split("/")[0] for s in self._symbols)
        )

    # the words

    def _keyword(self, words: Sequence[str], expected: str) -> str:
        if self._done():
            raise self._wrong(f"expected {expected}: {', '.join(words)}")
        typed = self._peek().lower()
        if (found := _only(typed, words)) is None:
            raise self._wrong(self._unknown(typed, words, expected))
        self._at += 1
        return found

    @staticmethod
    def _unknown(typed: str, words: Sequence[str], expected: str) -> str:
        several = [word for word in words if word.startswith(typed)]
        if several:
            return f"{typed!r} may mean {' or '.join(several)}"
        near = difflib.get_close_matches(typed, words, n=1)
        return f"expected {expected}, was {typed!r}" + (f"; did you mean {near[0]}?" if near else "")

    def _peek(self) -> str:
        return self._words[self._at][0]

    def _done(self) -> bool:
        return self._at >= len(self._words)

    def _wrong(self, message: str) -> GrammarError:
        if self._done():
            end = len(self._text.rstrip())
            return GrammarError(self._text, end, end + 1, message)
        _, start, end = self._words[self._at]
        return GrammarError(self._text, start, end, message)
