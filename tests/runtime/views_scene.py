"""A market by hand whose frames can be looked at, with the state that has been published so far."""

from __future__ import annotations

import msgspec

from tests.engine.market import MS, PERP, START, D, Levels, Table
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, CandleHistory, Timeframe
from tradetui.domain.profile import Profile
from tradetui.domain.view import Frame, ViewRequest
from tradetui.runtime.views.builder import FrameBuilder
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

BIDS: Levels = [(60000.0, 0.5), (59999.0, 1.0)]
ASKS: Levels = [(60000.2, 0.075), (60000.4, 0.03), (60001.0, 2.0)]
MINUTE = 60 * 10**9
PROFILE = Profile(name="paper", exchange="venue", symbols=(PERP, "ETH/USDT:USDT"))


class Scene(Table):
    """An engine with 100,000 USDT, latency 0, and a book whose mid is 60,000.1."""

    def __init__(self, instrument: Instrument | None = None) -> None:
        super().__init__(instrument, settings=msgspec.structs.replace(EngineSettings(), balance=D(100_000)))
        self.published = State()
        self.frames = FrameBuilder(self.engine, self.published, PROFILE, profiles=("paper", "other"))
        self.request = ViewRequest()

    def begin(self) -> Scene:
        self.open(BIDS, ASKS)
        self.publish()
        return self

    def publish(self) -> None:
        for event in self.journal[self.published.seq :]:
            self.published.apply(event)

    def frame(self, *, later_ms: int = 0) -> Frame:
        return self.frames.build(self.request, now=self.now + later_ms * MS)

    def ask(self, **changes: object) -> Frame:
        self.request = msgspec.structs.replace(self.request, **changes)
        return self.frame()

    def history(self, closes: list[float], timeframe: Timeframe = Timeframe.M1) -> None:
        """Closed candles up to the period that is open now, each opening where the one before closed."""
        length = timeframe.seconds * 10**9
        first = START // length * length - len(closes) * length
        opens = [closes[0], *closes[:-1]]
        candles = [
            Candle(first + n * length, begin, max(begin, end), min(begin, end), end, 10.0)
            for n, (begin, end) in enumerate(zip(opens, closes, strict=True))
        ]
        self.feed(CandleHistory(self.symbol, timeframe, candles, self.tick()))

    def enter(self) -> None:
        """Buy 0.420 over three levels: 25,200.342 USDT in all, stop 59,900, target 60,202.4."""
        reply = self.buy("0.420", stop="59900", target="60202.4")
        assert reply.accepted
