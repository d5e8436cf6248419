"""The words of a line one after the other: numbers, prices, symbols, and what was expected instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

NUMBER: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)")


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


class Words:
    """Some of the words that a place of the grammar allows.

    `first` are those of the first version: what was typed for one of them means it for ever, so a word
    that came later needs as many letters as tell it from all of those; `latest` came after those.
    """

    def __init__(self, first: Sequence[str], later: Sequence[str] = (), latest: Sequence[str] = ()) -> None:
        self.first = tuple(first)
        self._before = (*first, *later)
        self.all = (*self._before, *latest)

    def only(self, typed: str) -> str | None:
        """The one word that was meant, None where none or several could be."""
        if typed in self.all:
            return typed
        found = beginning(typed, self.first) or beginning(typed, self._before) or beginning(typed, self.all)
        return found[0] if len(found) == 1 else None


def beginning(typed: str, words: Sequence[str]) -> list[str]:
    """The words that begin as typed, whatever the case."""
    return [word for word in words if word.lower().startswith(typed.lower())]


def is_price(word: str) -> bool:
    """Whether a word is a number above zero."""
    return bool(NUMBER.fullmatch(word)) and Decimal(word) > 0


class Reader:
    """Reads words from left to right, remembering where each stood."""

    def __init__(self, text: str, symbol: str, symbols: Sequence[str]) -> None:
        self.text = text
        self.words = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\S+", text)]
        self.at = 0
        self.symbol = symbol
        self.symbols = symbols

    # --- where it stands

    def peek(self) -> str:
        """The next word."""
        return self.words[self.at][0]

    def next_is(self, *words: str, ahead: int = 0) -> bool:
        """Whether the next word (or one further ahead) is one of these, written out."""
        at = self.at + ahead
        return at < len(self.words) and self.words[at][0].lower() in words

    def done(self) -> bool:
        """Whether no word is left."""
        return self.at >= len(self.words)

    def wrong(self, message: str) -> GrammarError:
        """The error of the next word, or of the end."""
        if self.done():
            end = len(self.text.rstrip())
            return GrammarError(self.text, end, end + 1, message)
        _, start, end = self.words[self.at]
        return GrammarError(self.text, start, end, message)

    # --- words

    def keyword(self, words: Words, expected: str, offered: Sequence[str] = ()) -> str:
        """One of some words, shortened or not; `offered` are those to name where it is none, else all."""
        if self.done():
            raise self.wrong(f"expected {expected}: {', '.join(words.all)}")
        typed = self.peek().lower()
        if (found := words.only(typed)) is None:
            raise self.wrong(_unknown(typed, offered or words.all, expected))
        self.at += 1
        return found

    def price(self, expected: str) -> Decimal:
        """A number above zero."""
        if self.done():
            raise self.wrong(f"expected {expected}")
        word = self.peek()
        if not is_price(word):
            without = "; numbers have no commas here" if is_price(word.replace(",", "")) else ""
            raise self.wrong(f"expected {expected}, was {word!r}{without}")
        self.at += 1
        return Decimal(word)

    # --- symbols

    def symbol_or_shown(self, stop_at: Words | None = None) -> str:
        """The symbol that is named, else the one that is shown."""
        if self.done() or (stop_at is not None and self._is_clause(stop_at)):
            if not self.symbol:
                raise self.wrong("expected a symbol: this recording has several")
            return self.symbol
        return self._named_symbol()

    def _is_clause(self, words: Words) -> bool:
        """Whether a word begins a clause: a word of the first version before a symbol, others after."""
        typed = self.peek()
        if self.looks_like_symbol(typed):
            return False
        return bool(beginning(typed, words.first)) or (
            bool(beginning(typed, words.all)) and not self._matching(typed)
        )

    def _named_symbol(self) -> str:
        word = self.peek()
        found = self._matching(word)
        if len(found) == 1:
            self.at += 1
            return found[0]
        if found:
            raise self.wrong(f"{word!r} may mean {', '.join(found)}")
        near = difflib.get_close_matches(word.upper(), self.symbols, n=1, cutoff=0.4)
        raise self.wrong(f"unknown symbol {word!r}" + (f"; did you mean {near[0]}?" if near else ""))

    def _matching(self, word: str) -> list[str]:
        typed = word.upper()
        if typed in self.symbols:
            return [typed]
        start = typed.rstrip("*")
        return [name for name in self.symbols if name.startswith(start)]

    def looks_like_symbol(self, word: str) -> bool:
        """Whether a word can only mean a symbol."""
        known = (name.split("/")[0] for name in self.symbols)
        return "/" in word or word.endswith("*") or any(word.upper() == base for base in known)


def _unknown(typed: str, words: Sequence[str], expected: str) -> str:
    several = beginning(typed, words)
    if several:
        return f"{typed!r} may mean {' or '.join(several)}"
    near = difflib.get_close_matches(typed, words, n=1)
    return f"expected {expected}, was {typed!r}" + (f"; did you mean {near[0]}?" if near else "")
