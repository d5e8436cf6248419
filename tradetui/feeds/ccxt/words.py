"""What went wrong with an exchange, in words a trader can act on."""

from __future__ import annotations

import re
from typing import Final

from ccxt import BadSymbol, ExchangeNotAvailable, OnMaintenance, RequestTimeout

from tradetui.feeds.clean import clean
from tradetui.feeds.network import encryption_words

_STATUS: Final = re.compile(r"^(?:\w+ (?:[A-Z]+ \S+ )?([45]\d\d)\b|([45]\d\d), message=)")
"""Of a refused request, or of a refused handshake."""
_LONGEST: Final = 100
_MEANING: Final = {
    401: "refused",
    403: "blocked here",
    404: "not found",
    418: "banned for asking too often",
    429: "asked too often",
    451: "blocked here",
}
_KINDS: Final = (
    (TimeoutError, "no data after subscribing"),
    (RequestTimeout, "no answer in time"),
    (OnMaintenance, "exchange in maintenance"),
    (BadSymbol, "symbol no longer listed"),
    (ExchangeNotAvailable, "no connection"),
)


def words_for(error: BaseException) -> str:
    """One short clause for a failure of ccxt, aiohttp or the network."""
    status = http_status(error)
    if status:
        return (
            f"{_MEANING.get(status, 'exchange unavailable' if status >= 500 else 'refused')} (HTTP {status})"
        )
    for each in (error, error.__cause__, *error.args):
        if words := encryption_words(each):
            return words
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words
    return shortened(str(error)) or type(error).__name__


def http_status(error: BaseException) -> int:
    """The HTTP status that an error of ccxt or aiohttp names; 0 for none."""
    found = _STATUS.search(str(error))
    return int(found[1] or found[2]) if found else 0


def shortened(text: str) -> str:
    """A venue's own words on one line, at most a hundred characters."""
    line = clean(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
