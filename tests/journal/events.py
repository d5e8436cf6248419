"""Events to write: balanced deposits, one after the other."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.event import Event, Noted, Posting
from tradetui.journal.writer import RunStamp

STAMP = RunStamp(started_ns=1, code_version="1", config_hash="c", tzdata="2026a")


def deposit(seq: int, amount: str = "10.5", key: str = "") -> Event:
    return Event(
        seq=seq,
        ts=seq * 1_000,
        account="paper",
        body=Noted(what="deposit", text=f"number {seq}"),
        key=key,
        postings=(
            Posting("user:cash:USDT", "USDT", Decimal(amount)),
            Posting("external", "USDT", -Decimal(amount)),
        ),
    )


def deposits(first: int, count: int) -> list[Event]:
    return [deposit(seq) for seq in range(first, first + count)]
