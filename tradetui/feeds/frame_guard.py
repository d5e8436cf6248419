"""What a frame to an exchange may say: it asks for public data, and carries no secret.

This stands apart from the other layers because a reader of recordings needs no ccxt, whose import
takes longer than everything else that it does before its first line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from tradetui.errors import FeedError

SECRET: Final = re.compile(
    r"api.?key|access.?key|secret|sign|auth|passphrase|password|token|jwt|cookie|listen.?key|^challenge",
    re.IGNORECASE,
)
_VERBS: Final = frozenset({"subscribe", "unsubscribe", "ping", "pong"})


class LiveTradingRefused(FeedError):
    """Something tried to sign in, write, or leave the exchange's public side."""


def check_frame(message: object) -> None:
    """Raise LiveTradingRefused unless a frame only subscribes, unsubscribes or pings, without secrets."""
    if isinstance(message, str):
        if message in _VERBS:
            return
        message = _as_object(message)
    if not isinstance(message, Mapping):
        raise LiveTradingRefused("a frame that is neither a ping nor a subscription was held back")
    verbs = [str(message[key]).lower() for key in ("method", "op", "event", "type") if key in message]
    if not verbs or not set(verbs) <= _VERBS or _holds_secret(message):
        raise LiveTradingRefused(f"a frame of kind {', '.join(verbs) or 'unknown'} was held back")


def _as_object(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _holds_secret(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(SECRET.search(str(key)) or _holds_secret(below) for key, below in value.items())
    return isinstance(value, list) and any(_holds_secret(below) for below in value)
