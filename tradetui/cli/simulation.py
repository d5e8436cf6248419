"""What the config says of the simulated venue, as the engine takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec

from tradetui.config.load import Config
from tradetui.config.settings import Simulation
from tradetui.trading.match_types import QueueModel, QueueProfile, SelfTrade
from tradetui.trading.realism import PRESETS, Realism, custom_name

_MILLISECOND: Final = 1_000_000
_BASIS_POINTS: Final = Decimal(10_000)
_Read = Callable[[Simulation], Any]
_REALISM: Final[dict[str, tuple[str, _Read]]] = {
    "entry_latency_ms": ("entry_ns", lambda s: s.entry_latency_ms * _MILLISECOND),
    "cancel_latency_ms": ("cancel_ns", lambda s: s.cancel_latency_ms * _MILLISECOND),
    "amend_latency_ms": ("amend_ns", lambda s: s.amend_latency_ms * _MILLISECOND),
    "stop_latency_ms": ("stop_ns", lambda s: s.stop_latency_ms * _MILLISECOND),
    "stop_slippage_bp": ("slip", lambda s: s.stop_slippage_bp / _BASIS_POINTS),
    "gap_slippage_bp": ("gap_slip", lambda s: s.gap_slippage_bp / _BASIS_POINTS),
}
"""Keys of [simulation] and what of a realism set each stands for."""
_RULES: Final[dict[str, tuple[str, _Read]]] = {
    "queue": ("profile", lambda s: QueueProfile(s.queue)),
    "queue_model": ("model", lambda s: QueueModel(s.queue_model)),
    "queue_power": ("power", lambda s: s.queue_power),
    "queue_guard_ms": ("guard_ns", lambda s: s.queue_guard_ms * _MILLISECOND),
    "slow_book_ms": ("slow_book_ns", lambda s: s.slow_book_ms * _MILLISECOND),
    "consumption": ("carry", lambda s: s.consumption == "carry"),
    "self_trade": ("self_trade", lambda s: SelfTrade(s.self_trade)),
    "band_bp": ("band_bp", lambda s: s.band_bp),
    "band_ticks": ("band_ticks", lambda s: s.band_ticks),
}
"""Keys of [simulation] and what of the matching rules each stands for."""


def realism(config: Config) -> Realism:
    """The chosen set of assumptions with the numbers that the config writes in their place."""
    simulation = config.settings.simulation
    preset = PRESETS[simulation.realism]
    written = {name for name in simulation.__struct_fields__ if f"simulation.{name}" in config.written}
    changes = {field: read(simulation) for name, (field, read) in _REALISM.items() if name in written}
    rules = {field: read(simulation) for name, (field, read) in _RULES.items() if name in written}
    changed = msgspec.structs.replace(preset, rules=replace(preset.rules, **rules), **changes)
    if changed == preset:
        return preset
    return msgspec.structs.replace(changed, name=custom_name(changed.rules))
