"""The docked ticket: risk, stop, target and size of the next order, and the fill that a key would get."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from tradetui.domain.command import How
from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical, money_scale, scale_of
from tradetui.domain.view import Draft, Frame, InstrumentView, PositionView, SidePreview, TicketView
from tradetui.ui.actions import BY_ID
from tradetui.ui.controls_ticket import how_words, words_of
from tradetui.ui.paint.numbers import NONE, fixed, signed
from tradetui.ui.paint.rows import Row, Run, lines_of, plain, width_of
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.ticket_fields import TicketFields

LEAST_TIMES: Final = Decimal("0.005")
"""Less of the equity than this is not told."""
HINTS: Final = (
    ("buy", "buy", "text!@bid"),
    ("sell", "sell", "text!@ask"),
    ("buy_limit", "join bid", "text@selected"),
    ("flatten", "flatten", "text@selected"),
)
"""Action, its word, and its ink."""
ARMED: Final[Run] = ("ARMED", "warn!")
NOT_ARMED: Final[Run] = ("not armed", "dim")
LOCKED: Final[Run] = ("LOCKED", "down!")
BOTH: Final[Row] = ((" buy", "up!"), (" sell", "down!"))


class TicketPane(LivePane[TicketView]):
    """What `buy` and `sell` would do now; its fields are typed into while they are open."""

    TITLE = "Ticket"
    DEFAULT_CSS = "TicketPane { layout: vertical; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._equity = Decimal(0)
        self._instrument: InstrumentView | None = None
        self._held: PositionView | None = None
        """What is held of the symbol shown."""
        self._keys: Mapping[str, str] = {}
        self._state = NOT_ARMED

    @property
    def fields(self) -> TicketFields:
        """The text fields, hidden until they are asked for; the shell mounts them behind the first paint."""
        return self.query_one(TicketFields)

    def part_of(self, frame: Frame) -> TicketView | None:
        """The ticket, and what its words need of account and instrument."""
        self._equity, self._instrument = frame.account.equity, frame.instrument
        self._held = next((row for row in frame.positions if row.symbol == frame.status.symbol), None)
        return frame.ticket

    def show_arm(self, keys: Mapping[str, str], *, is_armed: bool, is_locked: bool = False) -> None:
        """Which keys trade, and whether entries are armed, or locked."""
        state = LOCKED if is_locked else ARMED if is_armed else NOT_ARMED
        if keys is not self._keys or state != self._state:
            self._keys, self._state = keys, state
            self.repaint()

    def title_words(self, part: TicketView) -> Row:
        """Whether a key trades, and what may still be lost today."""
        scale = money_scale(self._currency)
        words = f" · 1 R = {fixed(part.r_value, scale)} · room {fixed(part.head_room, scale)}"
        return (self._state, (words, "dim"))

    def paint(self, part: TicketView, width: int, height: int) -> list[Row]:
        """The draft on the side that it fits, what each side would get, and the keys."""
        lead = leading(part)
        taken = sum(fields.rows for fields in self.query(TicketFields) if fields.display)
        is_open = taken > 0
        head: list[Row] = [()] * taken if is_open else self._draft_rows(part, lead)
        hints = [] if is_open else [hint_row(self._keys, width, refused_keys(part))]
        room = height - len(head) - len(hints)
        sides = self._side_rows(part, width, room)
        gaps = max(0, min(2, room - len(sides)))
        rows = [*head, *[()] * (gaps > 0), *sides, *[()] * (gaps > 1), *hints]
        return rows if len(rows) <= height else [*head, *self._squeezed(part, lead, width, room), *hints]

    def _side_rows(self, part: TicketView, width: int, room: int) -> list[Row]:
        """Both sides; a refusal takes the rows that the other side leaves, and is said once for both."""
        buy, sell = part.buy, part.sell
        if not buy.allowed and not sell.allowed:
            if buy.refusal == sell.refusal:
                return refusal_rows(BOTH, buy.refusal, width, room)
            half = max(2, room // 2)
            return [
                row for side in (buy, sell) for row in refusal_rows(_names(side), side.refusal, width, half)
            ]
        taken = sum(len(self._preview_rows(side, width)) for side in (buy, sell) if side.allowed)
        most = max(2, room - taken)
        return [row for side in (buy, sell) for row in self._preview_rows(side, width, most)]

    def _squeezed(self, part: TicketView, lead: SidePreview, width: int, room: int) -> list[Row]:
        """Both sides where one has to be cut: the lead whole, of the other what there is room for."""
        buy, sell = (self._preview_rows(side, width) for side in (part.buy, part.sell))
        if lead is part.buy:
            return [*buy, *sell[: max(0, room - len(buy))]]
        return [*buy[: max(0, room - len(sell))], *sell]

    def _preview_rows(self, side: SidePreview, width: int, most: int = 2) -> list[Row]:
        if not side.allowed:
            return refusal_rows(_names(side), side.refusal, width, most)
        return preview_rows(
            side, self._currency, scale=self._price_scale, exit_word=self._exit_word(side), waits=self._waits
        )

    def _exit_word(self, side: SidePreview) -> str:
        """What a side does to the position that it is against; empty for an entry."""
        held = self._held
        if held is None or side.side is held.side or side.stop is not None:
            return ""
        least = self._instrument.lot_size if self._instrument is not None else Decimal(0)
        return "closes" if side.qty + least > held.qty else "reduces"

    @property
    def _waits(self) -> str:
        """What the drafted order would wait for before it acts; empty where it acts at once."""
        how = self.part.draft.how if self.part is not None else How()
        if how.trigger is not None:
            return f"{how.trigger_by.value} {how.trigger:,f}"
        return "its trail" if how.trail is not None else ""

    def _draft_rows(self, part: TicketView, lead: SidePreview) -> list[Row]:
        if not lead.allowed:
            return asked_rows(part.draft, self._instrument.symbol if self._instrument is not None else "")
        exits = self._exit_word(lead)
        money = f"{fixed(lead.risk, money_scale(self._currency))} {plain(self._currency)}".rstrip()
        risk = f"none: it {exits} the position" if exits else f"{lead.risk_r:.2f} R = {money}"
        rows: list[Row] = [(_name("risk"), (risk, "bright"))]
        if part.draft.limit is not None:
            rows.append((_name("limit"), (f"{part.draft.limit:,f}", "accent!")))
        stop: Row = (_name("stop"), ("stays with the position", "dim")) if exits else ()
        scale = self._price_scale
        return [
            *rows,
            stop or stop_row(part, lead, scale=scale),
            target_row(part, lead, scale=scale),
            self._size_row(lead),
            *([(_name("how"), (plain(how), "accent!"))] if (how := how_words(part.draft.how)) else []),
        ]

    @property
    def _price_scale(self) -> int:
        """Digits after the point of a price of the instrument shown."""
        return scale_of(self._instrument.tick_size) if self._instrument is not None else 2

    @property
    def _currency(self) -> str:
        """What the amounts are in: the settlement asset of the instrument shown."""
        return self._instrument.settle if self._instrument is not None else ""

    def _size_row(self, lead: SidePreview) -> Row:
        instrument = self._instrument
        base, quote = (instrument.base, instrument.quote) if instrument is not None else ("", "")
        times = lead.notional / self._equity if self._equity > 0 else Decimal(0)
        leverage = f"  {times:.{1 if times >= 1 else 2}f}×" if times >= LEAST_TIMES else ""
        worth = f"{lead.notional:,.0f} {plain(quote)}"
        if instrument is not None and instrument.kind == "perp_inverse":
            base, worth = "contracts", f"{lead.notional:,.4f} {plain(instrument.settle)}"
        words = f"{canonical(lead.qty)} {plain(base)}  {worth}"
        return (_name("size"), (words, "bright!"), (leverage, "text"))


def leading(part: TicketView) -> SidePreview:
    """The side that the draft is meant for: the one that is allowed, buy where both are."""
    return part.sell if part.sell.allowed and not part.buy.allowed else part.buy


def _name(word: str) -> tuple[str, str]:
    return (f" {word:<8}", "dim")


def asked_rows(draft: Draft, symbol: str) -> list[Row]:
    """What is asked for, in its own words, while neither side would be taken."""
    texts = words_of(draft, symbol)
    shown = {name: text for name, text in texts.items() if text or name not in ("limit", "how")}
    order = sorted(shown, key=("limit", "stop", "target", "size", "how").index)
    risk: Row = (_name("risk"), (NONE, "dim"))
    return [risk, *((_name(name), (plain(shown[name]) or "none", "dim")) for name in order)]


def _reference(side: SidePreview, part: TicketView) -> Decimal | None:
    return part.draft.limit if part.draft.limit is not None else side.avg_price


def stop_row(part: TicketView, side: SidePreview, *, scale: int) -> Row:
    """Price, distance from the entry, and the distance in ATR."""
    if side.stop is None:
        return (_name("stop"), ("none", "warn!"))
    entry = _reference(side, part)
    away = "" if entry is None else f"  {signed(side.stop - entry, scale)}"
    atr = "" if side.stop_atr is None else f"  {side.stop_atr:.1f} ATR"
    trails = "" if part.draft.stop.trail is None else "  trails"
    return (_name("stop"), (f"{side.stop:,f}", "down!"), (f"{away}{atr}{trails}", "down"))


def target_row(part: TicketView, side: SidePreview, *, scale: int) -> Row:
    """Price, distance from the entry, and the distance in units of the stop's."""
    entry = _reference(side, part)
    if side.target is None:
        return (_name("target"), ("none", "dim"))
    if entry is None:
        return (_name("target"), (f"{side.target:,f}", "up!"))
    risked = abs(entry - side.stop) if side.stop is not None else Decimal(0)
    times = f"  {abs(side.target - entry) / risked:.1f} R" if risked else ""
    away = f"  {signed(side.target - entry, scale)}{times}"
    return (_name("target"), (f"{side.target:,f}", "up!"), (away, "up"))


def _signed(value: Decimal) -> str:
    return f"{'-' if value < 0 else '+'}{abs(value):,f}"


def _names(side: SidePreview) -> Row:
    return ((f" {side.side.value}", "up!" if side.side is Side.BUY else "down!"),)


def refusal_rows(names: Row, refusal: str, width: int, most: int) -> list[Row]:
    """Why a side, or both, would be refused, in at most so many rows beside the names."""
    indent = width_of(names)
    lines = lines_of(refusal or "refused", max(10, width - indent - 2), max(1, most))
    blank: Row = ((" " * indent, "text"),)
    return [(*(blank if at else names), (f" {line}", "warn")) for at, line in enumerate(lines)]


def preview_rows(
    side: SidePreview, currency: str = "", *, scale: int, exit_word: str = "", waits: str = ""
) -> list[Row]:
    """What the side's key would do now; `waits` is what an order that is conditional waits for."""
    risk = f"{exit_word} the position" if exit_word else f"risk with fees {side.risk_r:.2f} R"
    costs = f" fee {fixed(side.fee, money_scale(currency))} · {risk}"
    rows: list[Row] = [
        (*_names(side), (f" {now_words(side, scale=scale, waits=waits)}", "text")),
        ((costs, "dim"),),
    ]
    if side.liquidation_away is None or waits:  # from here nothing is told of an entry elsewhere
        return rows
    return [*rows, ((distance_words(side), "dim"),)]


def distance_words(side: SidePreview) -> str:
    """How far off the stop and the liquidation are, each from the price that decides it."""
    stop = "no stop" if side.stop_away is None else f"stop {_signed(side.stop_away)} {side.stop_by}"
    about = "≈ " if side.assumes else ""
    away = side.liquidation_away
    liquidation = "" if away is None else f" · liq {about}{_signed(away)} mark"
    return f" {stop}{liquidation}"


def now_words(side: SidePreview, *, scale: int, waits: str = "") -> str:
    """What fills, what rests and what expires; of an order that waits for a price only that."""
    parts = []
    if waits:
        return f"{canonical(side.qty)} waits for {waits}"
    if side.fills_now:
        at = "" if side.avg_price is None else f" at {fixed(side.avg_price, scale)} avg"
        parts.append(f"now fills {canonical(side.fills_now)}{at}")
    if side.rests:
        parts.append(f"{canonical(side.rests)} rests")
    if side.expires:
        parts.append(f"{canonical(side.expires)} expires")
    return ", ".join(parts) or "fills nothing"


def refused_keys(part: TicketView) -> frozenset[str]:
    """The actions that the engine would refuse now."""
    sides = (part.buy.allowed, ("buy", "buy_limit")), (part.sell.allowed, ("sell", "sell_limit"))
    return frozenset(action for allowed, actions in sides if not allowed for action in actions)


def hint_row(keys: Mapping[str, str], width: int, refused: frozenset[str] = frozenset()) -> Row:
    """The keys that trade, as far as there is room; dim where they would be refused."""
    row: Row = ()
    for action, word, ink in HINTS:
        shown = "dim@bar" if action in refused else ink
        wider = (*row, (" ", "text"), (f" {keys.get(action, BY_ID[action].key)} {word} ", shown))
        if width_of(wider) > width:
            break
        row = wider
    return row
