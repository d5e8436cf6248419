"""The exceptions of the program: one tree, one branch for each reaction that a caller can have."""

from __future__ import annotations

from typing import NamedTuple


class TradeTuiError(Exception):
    """The root: every error that the program raises on purpose."""


class Fault(NamedTuple):
    """One thing wrong in what a person wrote: where it stands, its value, and the mend."""

    where: str
    """A dotted key, an option or a file with its line, as the person would look for it."""
    value: str
    message: str
    """What was expected, and the nearest thing that would pass."""

    def __str__(self) -> str:
        return (
            f"{self.where} = {self.value}: {self.message}" if self.value else f"{self.where}: {self.message}"
        )


class ConfigError(TradeTuiError):
    """Arguments, config, theme or keymap that can not be used; holds every fault at once."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{source}: {fault}" for fault in faults))


class FeedError(TradeTuiError):
    """The outside world failed or sent what can not be used; becomes a feed state."""


class RecordingError(FeedError):
    """A recording that can not be replayed: missing, empty, cut off, unknown or running backwards."""


class JournalError(TradeTuiError):
    """The journal can not be written or trusted; stops trading."""


class JournalLocked(JournalError):
    """Another process writes this journal."""


class InvalidTransition(TradeTuiError):
    """An order was asked to go where the table of states has no way: a bug."""
