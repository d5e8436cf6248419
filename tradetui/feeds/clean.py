"""Words from outside made harmless: no control characters, no addresses, nothing that looks like a key.

They end in notices, on terminals, in recordings and in reports that people pass on.
"""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]*:\\?/\\?/[^\s'\"<>]+|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.])|\[[0-9a-f:]{4,}\](?::\d+)?",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"\b(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{24,}\b")


def clean(text: str) -> str:
    """The text with a dot for each control character, and signs in place of addresses and keys."""
    if not text:
        return text
    return _SECRET.sub("‹key›", _ADDRESS.sub("‹address›", printable(text)))


def printable(text: str) -> str:
    """The text on one line, with a dot for each control character: it may go to a terminal."""
    return "".join(char if char.isprintable() else " " if char in "\t\r\n" else "·" for char in text)
