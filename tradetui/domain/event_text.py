"""The one text of an event, and the hash that the journal chains.

Every event that is committed passes here, and most of an order's many values are plain already: what
has to be looked at is changed in place, in the copy that was made of the event.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, Final

import msgspec

from tradetui.domain.event import Event
from tradetui.domain.number import canonical

_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})


def _plain(value: Any) -> Any:
    """Numbers as canonical text, in place where that can be; most values of an event are plain already."""
    if isinstance(value, dict):
        for key, item in value.items():
            if type(item) not in _AS_THEY_ARE:
                value[key] = _plain(item)
    elif isinstance(value, Decimal):
        return canonical(value)
    elif isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    elif isinstance(value, float):
        raise TypeError("a float may not stand in an event")
    return value


def canonical_bytes(event: Event) -> bytes:
    """The one text of an event: JSON with sorted keys and canonical numbers; raises TypeError on a float."""
    plain = _plain(msgspec.to_builtins(event, builtin_types=(Decimal,)))
    return msgspec.json.encode(plain, order="deterministic")


def chain_hash(previous: bytes, event: Event) -> bytes:
    """The hash that ties an event to all before it (engine rule R-JRN-2)."""
    return hashlib.sha256(previous + canonical_bytes(event)).digest()
