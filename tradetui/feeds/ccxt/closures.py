"""What keeps orders from meeting at a venue beside what it lists of each instrument."""

from __future__ import annotations

from typing import Final

_CLOSED: Final = ("maintenance", "cancel_only", "post_only")
"""States of Kraken's whole system in which nothing is matched."""


def closing_words(system: str) -> str:
    """Why nothing is traded in a state of Kraken's system; empty where something is."""
    return system_words(system) if system in _CLOSED else ""


def system_words(system: str) -> str:
    """A state of Kraken's system as it is shown; empty for the usual one."""
    return "" if system == "online" else f"the exchange says: {system.replace('_', ' ')}"


class Closures:
    """Who says that nothing is traded, of one symbol or of all of them, and why.

    A listing knows nothing of it: read again, it would call everything traded.
    """

    def __init__(self) -> None:
        self._words: dict[tuple[object, str], str] = {}

    def note(self, source: object, symbol: str, text: str) -> None:
        """Take what a connection says of a symbol, or with an empty one of all; without a text it is over."""
        if text:
            self._words[source, symbol] = text
        else:
            self._words.pop((source, symbol), None)

    def forget(self, source: object) -> None:
        """A connection is gone, and what it said with it."""
        self._words = {place: text for place, text in self._words.items() if place[0] is not source}

    def words(self, symbol: str) -> str:
        """Why nothing is traded in a symbol; empty where nobody says so."""
        return next((text for (_, of), text in self._words.items() if of in ("", symbol)), "")
