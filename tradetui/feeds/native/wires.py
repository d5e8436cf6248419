"""What is told of the connections of a native feed."""

from __future__ import annotations

from tradetui.feeds.native.connection import Connection
from tradetui.feeds.protocol import Wire


def wire_of(connection: Connection) -> Wire:
    """A connection as it is now."""
    line = connection.line
    return Wire(
        address=line.url.partition("://")[2],
        is_open=connection.is_open,
        symbols=len(line.symbols),
        opened_at=connection.opened_at,
        dials=connection.dials,
        frames=connection.frames_received,
        bytes_received=connection.bytes_received,
        rtt_ms=connection.rtt_ms,
    )
