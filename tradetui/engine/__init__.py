"""The engine's one door."""

from tradetui.engine.engine import Engine

__all__ = ["Engine"]
