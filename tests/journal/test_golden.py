"""Journals that this version wrote are kept, and every later one must read them to the same account.

The first was made by replaying a captured market with a file of orders: brackets, trails, amendments that
fail, deposits, limits, a trading day that ends. The others are of scripts with locks, margin, liquidations,
funding, outages and listings that change: together they hold every kind of event. Fills were taken from
their text and cash from their postings, without folding. Their bytes are never made anew, or they prove
nothing.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import get_args

import pytest

from tradetui.domain.event import AnyBody, Filled
from tradetui.domain.number import canonical
from tradetui.journal.reader import read_events
from tradetui.runtime.recovery import verify_journal
from tradetui.state import State

KEPT = Path(__file__).parent / "golden"


@pytest.mark.parametrize("packed", sorted(KEPT.glob("*.db.gz")), ids=lambda path: path.name)
def test_a_kept_journal_is_sound_and_folds_to_the_same_account(tmp_path: Path, packed: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    expected = json.loads(packed.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    assert not verify_journal(path).fault
    events = list(read_events(path))
    state = State.fold(events)
    fills = [
        [event.body.fill.side.value, canonical(event.body.fill.qty), canonical(event.body.fill.price)]
        for event in events
        if isinstance(event.body, Filled)
    ]
    assert fills == expected["fills"]
    assert canonical(state.cash(state.currency)) == expected["cash"]
    assert {
        symbol: [canonical(held.signed_qty), canonical(held.entry_price)]
        for symbol, held in state.positions.items()
    } == expected["positions"]
    assert sorted(f"{o.type.value} {o.state.value}" for o in state.live.values()) == expected["working"]
    assert state.session is not None
    assert state.session.session_id == expected["session"]


def test_every_kind_of_event_stands_in_a_kept_journal(tmp_path: Path) -> None:
    found = set[str]()
    for number, packed in enumerate(KEPT.glob("*.db.gz")):
        path = tmp_path / f"{number}.db"
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        found |= {str(event.body.__struct_config__.tag) for event in read_events(path)}
    assert found == {str(kind.__struct_config__.tag) for kind in get_args(AnyBody)}
