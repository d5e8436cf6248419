"""Why a socket ended or could not be opened, in words."""

from __future__ import annotations

from picows import WSCloseCode, WSError, WSInvalidStatusError, WSProtocolError

from tradetui.feeds.clean import clean
from tradetui.feeds.egress import EgressRefused
from tradetui.feeds.network import encryption_words, retry_after


def closing_words(code: WSCloseCode | None, words: bytes | str) -> str:
    """Why a venue closed, as far as it says so."""
    number = f" ({code.value})" if isinstance(code, WSCloseCode) else ""
    text = clean(words.decode(errors="replace") if isinstance(words, bytes) else words)
    return f"closed by the exchange{number}" + (f": {text[:80]}" if text else "")


def too_large_words(most_bytes: int) -> str:
    """What is said of a message that is not taken."""
    return f"a frame too large: more than {most_bytes >> 20} MiB"


def broken_words(error: BaseException, most_bytes: int) -> str:
    """Why a connection was given up over what it brought."""
    if isinstance(error, WSProtocolError) and WSCloseCode.MESSAGE_TOO_BIG in error.args:
        return too_large_words(most_bytes)
    return "the exchange broke the websocket protocol" if isinstance(error, WSError) else "connection lost"


def dial_words(error: BaseException) -> str:
    """Why a dial failed."""
    if isinstance(error, EgressRefused):
        return str(error)
    if isinstance(error, WSInvalidStatusError) and error.response is not None:
        status = int(error.response.status)
        meaning = {403: "blocked here", 429: "asked too often", 451: "blocked here"}.get(status, "refused")
        return f"{'exchange unavailable' if status >= 500 else meaning} (HTTP {status})"
    if words := encryption_words(error):
        return words
    return "no answer in time" if isinstance(error, TimeoutError) else "no connection"


def retry_after_of(error: BaseException) -> float:
    """Seconds that a refused handshake asks to wait; 0.0 for none."""
    response = getattr(error, "response", None)
    return (retry_after(dict(response.headers)) if response is not None else None) or 0.0
