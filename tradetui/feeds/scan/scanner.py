"""Keeps the table of many symbols' tickers fresh, on connections of its own.

A ticker that can not be read is counted and passed over: the next one of its symbol says it all again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.profile import Profile
from tradetui.feeds import egress
from tradetui.feeds.ccxt.endpoint import rewritten
from tradetui.feeds.health import Backoff
from tradetui.feeds.native.connection import Connection, Line
from tradetui.feeds.native.dialing import MOST_ASIDE, DialBudget
from tradetui.feeds.network import proxy_of
from tradetui.feeds.scan.more_venues import BitgetScan, CoinbaseScan, KrakenFuturesScan
from tradetui.feeds.scan.table import ScanTable
from tradetui.feeds.scan.venues import Address, BinanceScan, BybitScan, KrakenScan, OkxScan, ScanVenue

MOST: Final = 2_000
"""So many symbols at most, in the order of their names."""
_SILENT_S: Final = 120.0
"""Of so many symbols as come on one connection something is told in this time …"""
_MOST_PATIENT: Final = 8
"""… unless they hardly trade: each drop doubles it up to so many times, a flow of that length ends that."""
_LONGEST_NAME: Final = 64
"""Signs that are laid over one letter take no place, and a terminal its time."""
_BY_SYMBOL: Final = frozenset({"kraken"})
"""Venues whose streams use the symbols themselves."""

SCANS: Final[dict[tuple[str, bool], Callable[[Address], ScanVenue]]] = {
    ("binance", False): lambda address: BinanceScan(futures=False, address=address),
    ("binance", True): lambda address: BinanceScan(futures=True, address=address),
    ("binanceusdm", True): lambda address: BinanceScan(futures=True, address=address),
    ("bybit", False): lambda address: BybitScan(linear=False, address=address),
    ("bybit", True): lambda address: BybitScan(linear=True, address=address),
    ("okx", False): lambda address: OkxScan(address=address),
    ("okx", True): lambda address: OkxScan(address=address),
    ("kraken", False): lambda address: KrakenScan(address=address),
    ("krakenfutures", True): lambda address: KrakenFuturesScan(address=address),
    ("bitget", False): lambda address: BitgetScan(futures=False, address=address),
    ("bitget", True): lambda address: BitgetScan(futures=True, address=address),
    ("coinbase", False): lambda address: CoinbaseScan(address=address),
}
"""By exchange, and whether the symbols are contracts."""


class Scanner:
    """Owns the connections; they are dialed again when they are lost."""

    def __init__(
        self,
        venue: ScanVenue,
        names: Mapping[str, str],
        scales: Mapping[str, int],
        *,
        retry_s: float = 1.0,
        budget: DialBudget | None = None,
        ca_file: str = "",
        proxy: str = "",
    ) -> None:
        """`names` is what the venue calls each symbol; `scales` are the digits of their prices.

        `budget` is shared with the feed beside it.
        """
        self.table = ScanTable(scales)
        self.bad_frames = 0
        self.connections: list[Connection] = []
        self._venue = venue
        self._told_at: dict[Connection, float] = {}
        """When a row was last written from what a connection brought, monotonic seconds."""
        self._patience: dict[Connection, float] = {}
        """Silence that is borne, where it was normal before, seconds."""
        self._quiet_at: dict[Connection, float] = {}
        """When a connection was last silent for long, monotonic seconds."""
        self._rows = {name: self.table.place[symbol] for name, symbol in names.items()}
        self._retry_s = retry_s
        self._budget = budget or DialBudget(retry_s)
        self._ca_file, self._proxy = ca_file, proxy

    async def run(self) -> None:
        """Listen until canceled."""
        lines = self._venue.lines(list(self._rows))
        hosts = frozenset(urlsplit(line.url).netloc for line in lines)
        egress.allow(hosts)
        self.connections = [self._connect(line, hosts) for line in lines]
        async with asyncio.TaskGroup() as group:
            for connection in self.connections:
                group.create_task(connection.run())
            group.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_SILENT_S / 10)
            self.give_up_silent(monotonic())

    def give_up_silent(self, now: float) -> None:
        """Drop connections that answer pings and bring no tickers: their rows only grow old."""
        for each in self.connections:
            if each.is_open:
                self._judge(each, now)

    def _judge(self, connection: Connection, now: float) -> None:
        silent = now - max(connection.opened_at, self._told_at.get(connection, 0.0))
        if silent <= _SILENT_S:
            if now - self._quiet_at.get(connection, now) > _SILENT_S * _MOST_PATIENT:
                self._patience.pop(connection, None)
            return
        self._quiet_at[connection] = now
        patience = self._patience.get(connection, _SILENT_S)
        if silent > patience:
            self._patience[connection] = min(2 * patience, _SILENT_S * _MOST_PATIENT)
            connection.drop(f"no tickers for {silent:.0f} s")

    def _connect(self, line: Line, hosts: frozenset[str]) -> Connection:
        return Connection(
            line,
            self,
            hosts=hosts,
            backoff=Backoff(self._retry_s),
            silence_s=2.5 * max(30.0, line.ping_s),
            budget=self._budget,
            most_dials=MOST_ASIDE,
            ca_file=self._ca_file,
            proxy=self._proxy,
        )

    def opened(self, connection: Connection) -> None:
        """Ask for the tickers."""
        for frame in self._venue.subscribe(connection.line):
            connection.send(frame)

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """Write what frames say."""
        before = self.table.updates
        for frame in frames:
            try:
                self._venue.read(frame, ts_received, self._rows, self.table)
            except (msgspec.MsgspecError, ValueError, LookupError, RecursionError):
                self.bad_frames += 1
        if self.table.updates != before:
            self._told_at[connection] = monotonic()

    def lost(self, connection: Connection, why: str, wait_s: float) -> None:
        """Nothing: rows grow old by themselves."""
        del connection, why, wait_s

    def aged(self, connection: Connection) -> None:
        """Dial again: a row that is a second older does no harm."""
        connection.drop("renewed before the exchange cuts it")


def scanner_of(profile: Profile, exchange: Any, budget: DialBudget | None = None) -> Scanner | None:
    """The scanner that a profile asks for, of the markets that its exchange has; None for none."""
    make = SCANS.get((profile.exchange, _of_contracts(profile))) if profile.scan else None
    if make is None:
        return None
    markets = chosen(profile, exchange)
    named = {str(_name(profile.exchange, market)): str(market["symbol"]) for market in markets}
    scales = {str(market["symbol"]): scale_of(market) for market in markets}
    if not named:
        return None
    ca_file, proxy = profile.network.ca_file, proxy_of(profile)
    return Scanner(make(_address(profile)), named, scales, budget=budget, ca_file=ca_file, proxy=proxy)


def chosen(profile: Profile, exchange: Any) -> list[dict[str, Any]]:
    """The markets that a profile scans, of the kind of its own symbols."""
    are_contracts = _of_contracts(profile)
    known = [symbol for symbol in exchange.symbols if (":" in symbol) is are_contracts]
    markets = [exchange.market(symbol) for symbol in wanted(known, profile.scan)]
    return [each for each in markets if each.get("active") is not False and _is_shown(each)][:MOST]


def _of_contracts(profile: Profile) -> bool:
    return all(":" in symbol for symbol in profile.symbols)


def _is_shown(market: dict[str, Any]) -> bool:
    """Whether a name can go to a terminal, and is one."""
    name = str(market["symbol"])
    return name.isprintable() and len(name) <= _LONGEST_NAME


def wanted(symbols: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The symbols that one of the patterns means, such as */USDT."""
    return sorted(symbol for symbol in symbols if any(fnmatchcase(symbol, each) for each in patterns))


def _address(profile: Profile) -> Address:
    return lambda url: rewritten(url, profile.endpoint) if profile.endpoint else url


def _name(exchange: str, market: dict[str, Any]) -> object:
    return market["symbol"] if exchange in _BY_SYMBOL else market["id"]


def scale_of(market: dict[str, Any]) -> int:
    """Digits after the point of a price step such as 0.01."""
    step = (market.get("precision") or {}).get("price")
    text = f"{step:.12f}".rstrip("0") if step else "0.01"
    return len(text.partition(".")[2])
