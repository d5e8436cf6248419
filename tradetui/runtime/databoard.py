"""A loss of data is one notice a symbol: what happened, what its stop sees, what its orders look at."""

from __future__ import annotations

from typing import Final

import msgspec

from tradetui.domain.view import Notice

LOSS: Final = "loss of "
"""How the topic of a notice begins that data is lost, and so on for the others; a symbol follows."""
DATA: Final = "data of "
STOP: Final = "stop of "
SOURCE: Final = "source of "
_ORDER: Final = (LOSS, DATA, STOP, SOURCE)
_LOUDNESS: Final = ("info", "success", "warning", "error")
_TOGETHER_NS: Final = 2_000_000_000


class DataBoard:
    """Joins the notices of one cause; a newer one takes the place of what it was joined to."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, Notice]] = {}
        """By symbol what is said of its data now, by topic."""

    def joined(self, notice: Notice) -> Notice:
        """The notice with what belongs to it; one about something else as it is."""
        kind = next((each for each in _ORDER if notice.topic.startswith(each)), "")
        if not kind:
            return notice
        symbol = notice.topic.removeprefix(kind).partition(" ")[0]
        parts = self._kept(symbol, notice, is_news=kind in (LOSS, DATA))
        parts[notice.topic] = notice
        self._parts[symbol] = parts
        return msgspec.structs.replace(
            notice,
            severity=max((part.severity for part in parts.values()), key=_LOUDNESS.index),
            text=_text(symbol, parts),
            topic=f"{DATA}{symbol}",
        )

    def _kept(self, symbol: str, notice: Notice, *, is_news: bool) -> dict[str, Notice]:
        """What still holds: while data is lost all that came of it, else what was said a moment ago."""
        parts = self._parts.get(symbol, {})
        if is_news:
            parts = {topic: part for topic, part in parts.items() if topic.startswith((STOP, SOURCE))}
        elif f"{LOSS}{symbol}" in parts:
            return dict(parts)
        return {topic: part for topic, part in parts.items() if notice.ts - part.ts < _TOGETHER_NS}


def _text(symbol: str, parts: dict[str, Notice]) -> str:
    """The parts in one sentence; what follows from the loss is not said again."""
    topics = sorted(
        parts, key=lambda topic: next(at for at, kind in enumerate(_ORDER) if topic.startswith(kind))
    )
    is_lost = topics[0].startswith(LOSS)
    texts = [parts[topics[0]].text]
    for topic in topics[1:]:
        text = parts[topic].text.removeprefix(f"{symbol}: ")
        texts.append(text.partition(": ")[0] if is_lost else text)
    return "; ".join(texts)
