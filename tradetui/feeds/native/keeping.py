"""What is kept of a frame: data to the byte; words without addresses, keys and names of connections.

A frame that brings data is what a recording is for. One that brings only words (an answer, a notice, an
error, a pong), or that can not be read, may name whoever listens: such things are taken out of its texts,
the rest stays as it was, so that it says the same when it is decoded again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, get_args

import msgspec

from tradetui.feeds.clean import clean
from tradetui.feeds.native.venue import UNREADABLE, PrintsJoined, PrintsMissing, Word

Decode = Callable[[bytes, int], Sequence[Any]]
Keep = Callable[[bytes, int], None]
_WORDS: Final = frozenset(get_args(Word)) - {PrintsMissing, PrintsJoined}
_NAMING: Final = re.compile(
    r"(conn(ection)?|client|session|user|account)[-_]?id|uid|ip|host|url|address|endpoint|token|sign(ature)?"
    r"|secret|listen[-_]?key|api[-_]?key|passphrase",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(rf'"(?P<name>{_NAMING.pattern})"\s*:\s*("[^"]*"?|[^\s,}}\]]*)', re.IGNORECASE)
_EMPTY: Final = r'"\g<name>":""'
_BROKEN: Final = "‹unreadable› "
"""Begins what could not be read, so that nobody can read it when it has been cleaned."""


def keeping(decode: Decode, keep: Keep) -> Decode:
    """What decodes a frame, and keeps it before anything is made of what it says."""

    def decode_and_keep(frame: bytes, ts_received: int) -> Sequence[Any]:
        try:
            items = decode(frame, ts_received)
        except UNREADABLE:
            keep(harmless(frame, was_read=False), ts_received)
            raise
        keep(frame if any(type(item) not in _WORDS for item in items) else harmless(frame), ts_received)
        return items

    return decode_and_keep


def harmless(frame: bytes, *, was_read: bool = True) -> bytes:
    """A frame of words as anybody may read it; the same bytes where nothing is wrong with them."""
    text = frame.decode("utf-8", "replace")
    if "\\" not in text and clean(text) == text and _NAMED.search(text) is None:
        return frame
    try:
        if was_read:
            return msgspec.json.encode(_cleaned(msgspec.json.decode(frame)))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # nobody reads as much of it as is read here
    return f"{'' if was_read else _BROKEN}{clean(_NAMED.sub(_EMPTY, text))}".encode()


def _cleaned(value: Any) -> Any:
    """The same with clean texts, and nothing where a name says whose it is."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {
            clean(key): type(each)() if _NAMING.fullmatch(key) and each else _cleaned(each)
            for key, each in value.items()
        }
    return value
