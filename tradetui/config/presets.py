"""Sets of limits in the manner of prop firms and brokers, by the keys of [risk] and [day].

Names are for orientation: firms change their rules, and some of these are known from second hand. Topstep's
loss limits and contracts are those of public lists from 2022 to 2026; its best day was 40 % until it became
half, and its daily limit of 2 % of the size, by now the trader's choice, is left to `daily_loss`. A key that
the config writes goes before the preset's. Amounts in money belong to an account of the size in the name:
give the profile that balance.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradetui.config.risk import PRESET_NAMES


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of two sections with their values, and what they do in a sentence."""

    meaning: str
    risk: dict[str, Any] = {}
    day: dict[str, Any] = {}


def _topstep(loss: int, contracts: int) -> Preset:
    return Preset(
        meaning=f"{loss} below the highest balance at the end of a day, never above the start; best day half"
        f" of all profit; {contracts} contracts; flat by 15:10 in Chicago, where the day begins at 17:00.",
        risk={
            "max_loss": f"{loss} USD",
            "max_loss_follows": "day_end",
            "max_loss_cap": "0",
            "best_day": "0.5",
            "max_position": str(contracts),
            "flatten_at": "15:10",
        },
        day={"zone": "America/Chicago", "roll": "17:00"},
    )


PRESETS: Final[dict[str, Preset]] = {
    "none": Preset(meaning="Only what the config says."),
    "ftmo_1step": Preset(
        meaning="10 % of the start below the highest balance at the end of a day; midnight in Prague.",
        risk={"max_loss": "10% of start", "max_loss_follows": "day_end", "breach_at": "<"},
        day={"zone": "Europe/Prague", "roll": "00:00"},
    ),
    "ftmo_2step": Preset(
        meaning="Day: equity below the balance at midnight in Prague less 5 % of the start; in all 10 %.",
        risk={
            "daily_loss": "5% of start",
            "daily_loss_from": "balance",
            "max_loss": "10% of start",
            "breach_at": "<",
        },
        day={"zone": "Europe/Prague", "roll": "00:00"},
    ),
    "topstep_50k": _topstep(2_000, 5),
    "topstep_100k": _topstep(3_000, 10),
    "topstep_150k": _topstep(4_500, 15),
    "alpha": Preset(
        meaning="Day: equity 5 % of the balance at midnight GMT+2 below it.",
        risk={"daily_loss": "0.05", "daily_loss_from": "balance"},
        day={"zone": "Etc/GMT-2", "roll": "00:00"},
    ),
    "intraday_trailing": Preset(
        meaning="5 % of the start below the highest equity at any moment, up to 100 above the start.",
        risk={"max_loss": "5% of start", "max_loss_follows": "peak", "max_loss_cap": "100"},
    ),
    "broker": Preset(
        meaning="Loss and profit of a day and of a week, after fees, close everything and lock until"
        " 17:00 in Chicago; set the amounts by their own keys.",
        risk={"weekly_loss": "0.05", "daily_profit": "0.03", "weekly_profit": "0.08"},
        day={"zone": "America/Chicago", "roll": "17:00"},
    ),
}
assert tuple(PRESETS) == PRESET_NAMES, "every preset that may be named is there"  # noqa: S101
