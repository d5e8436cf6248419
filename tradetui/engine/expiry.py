"""Until when an order is to live, as a moment (R-TIM-3)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tradetui.domain.command import SubmitOrder
from tradetui.domain.instrument import Instrument
from tradetui.domain.order import TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.refusals import refuse

_SECOND: Final = 1_000_000_000


def expiry(command: SubmitOrder, instrument: Instrument, *, ts: int, zone: str) -> int:
    """The last moment at which an order may fill, engine time; 0 for one that has none.

    Raises Refused for a moment that is past, or nearer than the venue takes.
    """
    asked = bool(command.expire_ts or command.expire_after_ns or command.expire_at)
    if asked is not (command.tif is TimeInForce.GTD):
        raise refuse(Reason.CONFLICTING_FLAGS, "gtd and the moment at which it ends belong together")
    if not asked:
        return 0
    moment = command.expire_ts or (ts + command.expire_after_ns if command.expire_after_ns else 0)
    moment = moment or _next(command.expire_at, ts, zone)
    if moment <= ts:
        raise refuse(Reason.BAD_INPUT, "expected a moment that is still to come", mend="until +10m")
    least = instrument.least_gtd_s * _SECOND
    if moment - ts <= least:
        raise refuse(
            Reason.BAD_INPUT,
            f"the venue takes orders that live longer than {instrument.least_gtd_s} s",
            mend=f"until +{instrument.least_gtd_s + 1}s",
        )
    return moment


def _next(clock: str, ts: int, zone: str) -> int:
    """The next moment at which a clock in the zone of the trading day shows a time of day."""
    now = datetime.fromtimestamp(ts // _SECOND, UTC).astimezone(ZoneInfo(zone))
    local = datetime.combine(now.date(), time.fromisoformat(clock), now.tzinfo)
    while int(local.timestamp()) * _SECOND <= ts:
        local += timedelta(days=1)
    return int(local.timestamp()) * _SECOND
