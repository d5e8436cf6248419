"""The docked ticket: what buy and sell would do now."""

from __future__ import annotations

from tradetui.domain.view import Frame, SidePreview, TicketView
from tradetui.ui.paint.rows import Row
from tradetui.ui.panes.base import LivePane


class TicketPane(LivePane[TicketView]):
    """Risk, stop, target and size of the draft, and the fill that a key would get."""

    TITLE = "Ticket"

    def part_of(self, frame: Frame) -> TicketView | None:
        """The ticket."""
        return frame.ticket

    def title_words(self, part: TicketView) -> Row:
        """The money of one R."""
        return ((f"1 R = {part.r_value:,.2f}", "dim"),)

    def paint(self, part: TicketView, width: int, height: int) -> list[Row]:
        """Both sides, one below the other."""
        del width, height
        return [*side_rows(part.buy), (), *side_rows(part.sell)]


def side_rows(side: SidePreview) -> list[Row]:
    """One side of the ticket; a refusal in its own words."""
    name = (f" {side.side.value:<5}", "bid!" if side.side.sign > 0 else "ask!")
    if not side.allowed:
        return [(name, (side.refusal, "warn"))]
    average = "" if side.avg_price is None else f" at {side.avg_price:,f} avg"
    atr = "" if side.stop_atr is None else f"  {side.stop_atr:.1f} ATR"
    return [
        (name, (f"{side.qty:f}", "bright!"), (f"  {side.notional:,.0f}  {side.risk_r:.2f} R", "text")),
        (("  stop  ", "dim"), (f"{side.stop if side.stop is not None else '–'}{atr}", "down")),
        ((f"  fills {side.fills_now:f}{average}", "text"),),
        ((f"  fee {side.fee:,.2f} · rests {side.rests:f}", "dim"),),
    ]
