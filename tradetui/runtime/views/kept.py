"""Parts of a frame that stay the same object while what they show stays the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A part with the key of the inputs it was built from."""

    __slots__ = ("_key", "_part")

    def __init__(self, part: T) -> None:
        """Begin with a part that no inputs led to."""
        self._key: object = None
        self._part = part

    @property
    def part(self) -> T:
        """The part as it is."""
        return self._part

    def get(self, key: object, build: Callable[[], T]) -> T:
        """The part for a key: built again for another key, and the same object where it came out equal."""
        if key != self._key:
            self._key = key
            fresh = build()
            if fresh != self._part:
                self._part = fresh
        return self._part
