"""The status bar: paper, feed, money, what may still be lost, and whether entries are armed."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.text import Text
from textual.widgets import Static

from tradetui.domain.market_data import FeedState
from tradetui.domain.view import StatusView, TradingState


class StatusBar(Static):
    """One line; never the word LIVE."""

    DEFAULT_CSS = "StatusBar { height: 1; }"

    def show_status(self, status: StatusView | None, *, armed_s: int, starting: str) -> None:
        """Write the line again; before the engine runs it says what is being done."""
        text = Text(no_wrap=True, overflow="crop")
        text.append(" PAPER ", "bold #0b0f14 on #f5b041")
        if status is None:
            text.append(f"  {starting or 'starting …'}", "#66758a")
        else:
            self._fill(text, status, armed_s)
        self.update(text, layout=False)

    @staticmethod
    def _fill(text: Text, status: StatusView, armed_s: int) -> None:
        text.append(f"  {status.profile} ", "#66758a").append(status.symbol, "bold #eef4fb")
        text.append(f"  {feed_words(status)}", "#2bb8a3" if status.feed_state.is_fresh else "bold #f5b041")
        text.append("   equity ", "#66758a").append(f"{status.equity:,.2f}", "bold #eef4fb")
        color = "#f0616d" if status.day_pnl < 0 else "#2bb8a3"
        text.append("  day ", "#66758a").append(f"{status.day_pnl:+,.2f} {status.day_pnl_pct:+.2f}%", color)
        text.append("  loss left ", "#66758a").append(f"{status.loss_left:,.2f}", "#c9d4e0")
        text.append("  open risk ", "#66758a").append(f"{status.open_risk_r:.2f} R", "#c9d4e0")
        active = status.trading_state is TradingState.ACTIVE
        text.append(f"  {status.lock_text or status.trading_state}", "#2bb8a3" if active else "bold #f5b041")
        if armed_s:
            text.append("  ").append(f" ARMED {armed_s} s ", "bold #0b0f14 on #f0616d")
        clock = datetime.fromtimestamp(status.ts // 1_000_000_000, UTC)
        text.append(f"   {clock:%H:%M:%S} UTC", "#c9d4e0")


def feed_words(status: StatusView) -> str:
    """The feed's state with its age, latency or retry, in words."""
    state = status.feed_state
    words = {
        FeedState.STREAMING: f"● streaming {status.latency_ms} ms",
        FeedState.LAGGING: f"◐ lagging {status.age_ms / 1000:.1f} s",
        FeedState.STALE: f"○ stale {status.age_ms // 1000} s",
        FeedState.GAP: "! gap – resyncing",
        FeedState.CROSSED: "! crossed",
        FeedState.DOWN: f"! down – retry {status.retry_s:.0f} s",
    }
    said = words.get(state, state.value)
    return f"{said} {status.feed_text}".rstrip()
