"""Which panes stand where: a pure function of the terminal's size and of what the trader chose.

The desk places the same nine pane widgets anew at every size; a pane that has no box is not shown
and keeps everything it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec
from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tradetui.ui.paint.axis import axis_cells
from tradetui.ui.panes.base import GUTTER

PANES: Final = (
    "chart",
    "ladder",
    "ticket",
    "positions",
    "orders",
    "fills",
    "tape",
    "watchlist",
    "account",
)
"""Every pane, in the order in which tab goes through them."""
DIAGNOSTICS: Final = "diagnostics"
REVIEW: Final = "review"
ALONE: Final = frozenset({DIAGNOSTICS, REVIEW})
"""Panes that stand in no layout: each is shown alone while it is asked for."""


class LayoutName(StrEnum):
    """The layouts that a key cycles through."""

    TRADING = "trading"
    LADDER = "ladder"
    CHART = "chart"

    @property
    def following(self) -> LayoutName:
        """The layout after this one."""
        names = list(LayoutName)
        return names[(names.index(self) + 1) % len(names)]

    @property
    def main_pane(self) -> str:
        """The pane that has the focus until the trader chooses another."""
        return "ladder" if self is LayoutName.LADDER else "chart"


class Room(StrEnum):
    """How much of the cockpit the terminal has room for."""

    WIDE = "wide"
    MEDIUM = "medium"
    NARROW = "narrow"
    SINGLE = "single"


BREAKPOINTS: Final = ((Room.WIDE, 190, 52), (Room.MEDIUM, 150, 40), (Room.NARROW, 110, 30))
"""The fewest columns and rows of each room; below the last there is one pane at a time."""


class Choice(msgspec.Struct, frozen=True):
    """What the trader chose to look at."""

    name: LayoutName = LayoutName.TRADING
    pane: str = "chart"
    """The pane chosen last; shown alone where only one has room, or when zoomed."""
    zoomed: bool = False
    ticket_open: bool = False
    """Whether the ticket is wanted where it is not always shown."""


class Plan(msgspec.Struct, frozen=True):
    """What is shown at one size."""

    boxes: Mapping[str, Region]
    """Panes to their place on the desk, which lies below the status bar."""
    room: Room
    has_position_line: bool
    has_footer: bool

    def focus_for(self, choice: Choice) -> str:
        """The pane that has the focus: the chosen one, or the most important that is shown."""
        wanted = (choice.pane, choice.name.main_pane, *PANES)
        return next(name for name in wanted if name in self.boxes)

    @property
    def quiet(self) -> Region:
        """Where words may lie for a while: the chart without its axis, else the tape, else the one pane.

        Every decision needs positions, stops, ticket and the ladder's touch, so nothing covers those.
        """
        name = next((each for each in ("chart", "tape") if each in self.boxes), next(iter(self.boxes)))
        box = self.boxes[name]
        return box.shrink((0, axis_cells(box.width - GUTTER), 0, GUTTER)) if name == "chart" else box

    def pane_after(self, pane: str, step: int) -> str:
        """The pane that tab (+1) or shift+tab (-1) goes to; where one is shown, all take turns."""
        turns = [name for name in PANES if name in self.boxes or len(self.boxes) == 1]
        at = turns.index(pane) if pane in turns else 0
        return turns[(at + step) % len(turns)]


Boxes = dict[str, Region]


def room_of(size: Size) -> Room:
    """How much of the cockpit a terminal has room for."""
    for room, columns, rows in BREAKPOINTS:
        if size.width >= columns and size.height >= rows:
            return room
    return Room.SINGLE


@lru_cache(maxsize=64)
def plan(size: Size, choice: Choice) -> Plan:
    """What a terminal of this size shows."""
    room = room_of(size)
    alone = choice.zoomed or room is Room.SINGLE
    shows_positions = (
        choice.pane == "positions" if alone else "positions" in _boxes(room, choice, Size(200, 60))
    )
    has_line = size.height >= 4 and (not shows_positions or room is Room.SINGLE)
    has_footer = size.height >= 6
    desk = Size(size.width, max(1, size.height - 1 - has_line - has_footer))
    boxes = {choice.pane: desk.region} if alone else _boxes(room, choice, desk)
    return Plan(boxes, room, has_line, has_footer)


def _boxes(room: Room, choice: Choice, desk: Size) -> Boxes:
    if room is Room.NARROW:
        return _NARROW[choice.name](desk, choice.ticket_open)
    if choice.name is LayoutName.TRADING:
        return _trading(desk, room)
    return _ladder(desk) if choice.name is LayoutName.LADDER else _chart(desk)


def _trading(desk: Size, room: Room) -> Boxes:
    """Watchlist, chart and ladder over tape, positions with orders, fills and ticket."""
    wide = room is Room.WIDE
    left, right = (35, 51) if wide else (35, 49)
    bottom = max(11, round(desk.height * 0.2))
    top, middle = desk.height - bottom, desk.width - left - right
    account = min(17, top // 2) if wide else 0
    fills = max(41, middle // 3) if wide else 0
    boxes = {
        "watchlist": Region(0, 0, left, top - account),
        "chart": Region(left, 0, middle, top),
        "ladder": Region(left + middle, 0, right, top),
        "tape": Region(0, top, left, bottom),
        "ticket": Region(left + middle, top, right, bottom),
        **_positions(Region(left, top, middle - fills, bottom)),
    }
    if wide:
        boxes["account"] = Region(0, top - account, left, account)
        boxes["fills"] = Region(left + middle - fills, top, fills, bottom)
    return boxes


def _ladder(desk: Size) -> Boxes:
    """A broad ladder and the tape at the full height, the chart over positions beside them."""
    tape, ladder, ticket = 46, 54, 13
    rest = desk.width - tape - ladder
    bottom = max(11, round(desk.height * 0.2))
    return {
        "chart": Region(0, 0, rest, desk.height - bottom),
        "ladder": Region(rest, 0, ladder, desk.height),
        "tape": Region(rest + ladder, 0, tape, desk.height - ticket),
        "ticket": Region(rest + ladder, desk.height - ticket, tape, ticket),
        **_positions(Region(0, desk.height - bottom, rest, bottom)),
    }


def _chart(desk: Size) -> Boxes:
    """The chart over the full width, with positions, orders and ticket below."""
    ticket = 52
    bottom = max(11, round(desk.height * 0.2))
    top = desk.height - bottom
    return {
        "chart": Region(0, 0, desk.width, top),
        "ticket": Region(desk.width - ticket, top, ticket, bottom),
        **_positions(Region(0, top, desk.width - ticket, bottom)),
    }


def _narrow_trading(desk: Size, ticket_open: bool) -> Boxes:
    """Chart over positions, and the ladder, which makes room for the ticket."""
    ladder, bottom = 46, 6
    ticket = 13 if ticket_open else 0
    rest, top = desk.width - ladder, desk.height - bottom
    boxes = {
        "chart": Region(0, 0, rest, top),
        "positions": Region(0, top, rest, bottom),
        "ladder": Region(rest, 0, ladder, desk.height - ticket),
    }
    if ticket_open:
        boxes["ticket"] = Region(rest, desk.height - ticket, ladder, ticket)
    return boxes


def _narrow_ladder(desk: Size, ticket_open: bool) -> Boxes:
    """The ladder between tape and ticket, over positions."""
    ladder, bottom = 58, 6
    ticket = 13 if ticket_open else 0
    rest, top = desk.width - ladder, desk.height - bottom
    boxes = {
        "ladder": Region(0, 0, ladder, top),
        "tape": Region(ladder, 0, rest, top - ticket),
        "positions": Region(0, top, desk.width, bottom),
    }
    if ticket_open:
        boxes["ticket"] = Region(ladder, top - ticket, rest, ticket)
    return boxes


def _narrow_chart(desk: Size, ticket_open: bool) -> Boxes:
    """The chart over positions; an open ticket stands beside them."""
    bottom = 11 if ticket_open else 6
    ticket = 46 if ticket_open else 0
    top = desk.height - bottom
    boxes = {
        "chart": Region(0, 0, desk.width, top),
        "positions": Region(0, top, desk.width - ticket, bottom),
    }
    if ticket_open:
        boxes["ticket"] = Region(desk.width - ticket, top, ticket, bottom)
    return boxes


_NARROW: Final[Mapping[LayoutName, Callable[[Size, bool], Boxes]]] = {
    LayoutName.TRADING: _narrow_trading,
    LayoutName.LADDER: _narrow_ladder,
    LayoutName.CHART: _narrow_chart,
}


def _positions(place: Region) -> Boxes:
    """Positions over orders."""
    upper = place.height // 2
    return {
        "positions": Region(place.x, place.y, place.width, upper),
        "orders": Region(place.x, place.y + upper, place.width, place.height - upper),
    }


class DeskLayout(Layout):
    """Places each pane of a desk into its box of the plan."""

    name = "desk"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """The placements of the panes that are shown."""
        del size, greedy
        parent.pre_layout(self)
        boxes = parent.plan.boxes if isinstance(parent, Desk) else {}
        placed = [(boxes[name], child) for child in children if (name := child.id or "") in boxes]
        return [WidgetPlacement(box, NULL_OFFSET, NULL_SPACING, child) for box, child in placed]


class Desk(Container, inherit_css=False):
    """Holds the panes, each known by its id; has no rows of its own, because panes cover it."""

    DEFAULT_CSS = "Desk { width: 1fr; height: 1fr; overflow: hidden; }"
    BLANK = True
    _desk_layout = DeskLayout()

    def __init__(self, *panes: Widget, choice: Choice) -> None:
        super().__init__(*panes, id="desk")
        self.choice = choice

    @property
    def layout(self) -> Layout:
        """The desk's own."""
        return self._desk_layout

    @property
    def plan(self) -> Plan:
        """What is shown at the terminal's present size."""
        return plan(self.app.size, self.choice)

    def arrange_as(self, choice: Choice) -> None:
        """Show another choice; the same as before costs nothing."""
        if choice != self.choice:
            self.choice = choice
            self.place_again()

    def place_again(self) -> None:
        """Place the panes anew, because the plan may differ at the same size of the desk."""
        self._clear_arrangement_cache()
        self.refresh(layout=True)
