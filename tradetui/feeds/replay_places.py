"""Places in a recording where a run may begin: those that it holds, and those that were learned.

The program's own recordings hold keyframes. Of others a place is learned after every few megabytes that
were read on the way to a moment; the way there is long once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from itertools import chain, islice
from typing import Final, NamedTuple

from tradetui.domain.market_data import MarketMessage
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording_facts import Recording
from tradetui.feeds.recording_index import RecordingIndex
from tradetui.feeds.recording_lines import Stamped
from tradetui.feeds.replay_marks import Marks
from tradetui.feeds.standing import Standing

_LEARNED_EVERY: Final = 2 << 20
"""Bytes of text between two places."""
Blocks = Iterator[Iterable[Stamped]]
MakePlayer = Callable[[Sink], Marks]


class _Learned(NamedTuple):
    ts: int
    block: int
    standing: Standing
    saved: object


class Outlet:
    """A sink that can be led elsewhere."""

    def __init__(self, to: Sink) -> None:
        self.to = to

    def __call__(self, message: MarketMessage) -> None:
        """Hand a message on."""
        self.to(message)


class Arrival(NamedTuple):
    """A run that stands before a moment's next line."""

    player: Marks
    outlet: Outlet
    standing: Standing
    rest: Blocks


class Places:
    """Finds the way to any moment of one recording."""

    def __init__(self, recording: Recording, make_player: MakePlayer, *, by_index: bool = True) -> None:
        """`make_player` makes a run for a sink; `by_index` uses the keyframes where there are any."""
        self._recording = recording
        self._index = recording.index if by_index else None
        self._make_player = make_player
        self._learned: list[_Learned] = []

    def reach(self, ts: int) -> Arrival:
        """Everything received up to a moment is taken in; may take long once where nothing was learned."""
        arrival = self._from_index(self._index, ts) if self._index is not None else self._from_learned(ts)
        arrival.player.ts = ts
        return arrival

    def _from_index(self, index: RecordingIndex, ts: int) -> Arrival:
        standing, rows = index.standing(ts)
        outlet = Outlet(standing.take)
        player = self._make_player(outlet)
        player.lines = index.lines_before(ts)
        rest = _played(player, index.blocks(ts), ts, learn=lambda _: None)
        standing.keep(rows)
        return Arrival(player, outlet, standing, rest)

    def _from_learned(self, ts: int) -> Arrival:
        known = [place for place in self._learned if place.ts <= ts]
        begun = known[-1] if known else None
        standing = deepcopy(begun.standing) if begun is not None else Standing()
        outlet = Outlet(standing.take)
        player = self._make_player(outlet)
        if begun is None:
            player.announce()
        else:
            player.restore(begun.saved)
        first = begun.block if begun is not None else 0

        def learn(block: int) -> None:
            if not self._learned or player.ts > self._learned[-1].ts:
                place = _Learned(player.ts, first + block, deepcopy(standing), player.save())
                self._learned.append(place)

        blocks = islice(iter(self._recording.blocks()), first, None)
        return Arrival(player, outlet, standing, _played(player, blocks, ts, learn=learn))


def _played(player: Marks, blocks: Blocks, ts: int, *, learn: Callable[[int], None]) -> Blocks:
    """Play what was received up to a moment; the rest is returned."""
    size = 0
    for number, block in enumerate(blocks):
        if size >= _LEARNED_EVERY:
            size = 0
            learn(number)
        stamped = list(block)
        later = next((place for place, line in enumerate(stamped) if line[0] > ts), len(stamped))
        player.play(stamped[:later])
        if later < len(stamped):
            return chain([stamped[later:]], blocks)
        size += sum(len(line) for _, line in stamped)
    return iter(())
