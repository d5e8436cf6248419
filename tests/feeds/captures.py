"""The captured recordings and what an independent reading of them says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Capture:
    golden: str
    files: tuple[str, ...]
    symbol: str
    tick: str
    lot: str
    contract: int

    def paths(self, captures: Path) -> list[Path]:
        return [captures / "hftbacktest" / f"{name}.gz" for name in self.files]

    def expected(self, captures: Path) -> dict[str, Any]:
        text = (captures / "golden" / f"hft_{self.golden}.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found


SPOT = Capture(
    "spot_btcusdt",
    ("spot_btcusdt_20240808", "spot_btcusdt_20240809"),
    "BTC/USDT",
    "0.01",
    "0.000001",
    1,
)
USDM = Capture("usdm_ethusdt", ("usdm_ethusdt_20240808",), "ETH/USDT:USDT", "0.01", "0.001", 1)
COINM = Capture(
    "cm_btcusd_perp", ("cm_btcusd_perp_20240808", "cm_btcusd_perp_20240809"), "BTC/USD:BTC", "0.1", "1", 100
)
ALL = (SPOT, USDM, COINM)
