"""The cockpit's command line: the trading grammar, and words that change what is looked at.

    symbol S · timeframe 5m · theme NAME · profile NAME · layout NAME · overlay NAME · pane NAME
    watch S · unwatch S · why [ORDER] · away · diagnostics · review

A first word that begins a trading verb belongs to the grammar, so `s` never changes its meaning.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from tradetui.domain.command import AnyCommand
from tradetui.domain.grammar import VERBS, GrammarError, complete, parse
from tradetui.ui.controls_view import LOWER_PANES, OVERLAYS, UnknownName, known_indicator, named

VIEW_VERBS: Final = (
    "symbol",
    "timeframe",
    "theme",
    "profile",
    "layout",
    "overlay",
    "pane",
    "watch",
    "unwatch",
    "why",
)
ALONE: Final = ("diagnostics", "review", "away")
"""Words of the view that need no name behind them: each is the action of that name."""
NAMED_OR_ALONE: Final = ("why",)
"""Words of the view that mean something without a name too."""
INDICATORS: Final[Mapping[str, Sequence[str]]] = {"overlay": OVERLAYS, "pane": LOWER_PANES}


class Wish(NamedTuple):
    """Words that change the view: a verb of VIEW_VERBS and a name that exists, or one of ALONE."""

    verb: str
    name: str = ""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The names that words may use now."""

    symbol: str
    symbols: Sequence[str]
    orders: Sequence[str] = ()
    names: Mapping[str, Sequence[str]]
    """The names behind symbol, timeframe, theme, profile and layout; empty: anything is tried."""

    def names_of(self, verb: str) -> Sequence[str]:
        """What may stand behind a verb of the view."""
        return INDICATORS.get(verb) or self.names.get(verb, ())


def read_line(text: str, known: Vocabulary) -> AnyCommand | Wish:
    """Read one line; raises GrammarError with the wrong word marked."""
    words = [(match.group(), match.start(), match.end()) for match in re.finditer(r"\S+", text)]
    verb = _view_verb(text, words)
    if not verb:
        return parse(text, symbol=known.symbol, symbols=known.symbols)
    if len(words) == 1 and verb in (*ALONE, *NAMED_OR_ALONE):
        return Wish(verb)
    if len(words) == 1:
        end = len(text.rstrip())
        offered = ", ".join(known.names_of(verb)[:8])
        raise GrammarError(text, end, end + 1, f"expected a {verb}: {offered}".rstrip(": "))
    most = 1 if verb in ALONE else 2
    if len(words) > most:
        raise GrammarError(text, *words[most][1:], f"expected nothing more, was {words[most][0]!r}")
    return Wish(verb, _name(text, verb, words[1], known))


def _view_verb(text: str, words: Sequence[tuple[str, int, int]]) -> str:
    """The view's verb that the line begins with; empty where the grammar is to read it."""
    if not words or _begins(words[0][0], VERBS.all):
        return ""
    typed, start, end = words[0]
    found = _begins(typed, (*VIEW_VERBS, *ALONE))
    if len(found) == 1:
        return found[0]
    if found:
        raise GrammarError(text, start, end, f"{typed!r} may mean {' or '.join(found)}")
    known = (*VERBS.all, *VIEW_VERBS, *ALONE)
    near = difflib.get_close_matches(typed.lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    raise GrammarError(text, start, end, f"expected a command, was {typed!r}; {hint}")


def _begins(typed: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith(typed.lower())]


def _name(text: str, verb: str, word: tuple[str, int, int], known: Vocabulary) -> str:
    typed, start, end = word
    names = known.names_of(verb)
    try:
        if verb in INDICATORS:
            return known_indicator(typed, names)
        if verb == "why":  # also of one that is done
            return typed
        if verb == "watch":  # an exchange has more than those that are known here
            return next((name for name in names if name.lower() == typed.lower()), typed.upper())
        return named(verb, typed, names) if names else typed
    except UnknownName as error:
        raise GrammarError(text, start, end, str(error)) from None


def offered(text: str, known: Vocabulary) -> list[str]:
    """The words that could stand at the end of a text, best first."""
    words = text.split()
    typed = "" if not words or text[-1:].isspace() else words.pop()
    if not words:
        return [word for word in (*VERBS.all, *VIEW_VERBS, *ALONE) if word.startswith(typed.lower())]
    if _begins(words[0], VERBS.all):
        return complete(text, symbols=known.symbols, orders=known.orders)
    found = _begins(words[0], VIEW_VERBS)
    if len(found) != 1 or len(words) > 1:
        return []
    return [name for name in known.names_of(found[0]) if name.lower().startswith(typed.lower())]
