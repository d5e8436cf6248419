"""Tables of a recording's messages for other programs: CSV and Parquet, written piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    CandleHistory,
    FeedStatus,
    FundingRate,
    FundingSettled,
    Liquidation,
    MarketMessage,
    MarkPrice,
    MissedCandles,
    MissedTrades,
    OpenInterest,
    PriceKind,
    Ticker,
    Timeframe,
    Trade,
)
from tradetui.errors import RecordingError

_PIECE: Final = 100_000
"""Rows in memory at once."""
Row = tuple[Any, ...]


def _trades(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, Trade):
        yield *_printed(message), False
    elif isinstance(message, MissedTrades):
        yield from ((*_printed(trade), True) for trade in message.trades)


def _printed(trade: Trade) -> Row:
    aggressor = trade.aggressor.value if trade.aggressor is not None else ""
    number = "" if trade.trade_id is None else str(trade.trade_id)
    return *_times(trade), trade.price, trade.qty, aggressor, number


def _quotes(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, BestQuote):
        yield *_times(message), message.bid, message.bid_qty, message.ask, message.ask_qty


def _marks(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, MarkPrice):
        yield *_times(message), message.mark, _float(message.index)


def _float(value: float | None) -> float:
    """A column keeps its type where the first rows have no value."""
    return math.nan if value is None else value


def _levels(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, BookSnapshot | BookDelta):
        kind = "snapshot" if isinstance(message, BookSnapshot) else "update"
        for side, levels in (("bid", message.bids), ("ask", message.asks)):
            for price, qty in levels:
                yield *_times(message), kind, side, price, qty


def _funding(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, FundingRate):
        yield *_times(message), "predicted", message.rate, message.next_ts, math.nan
    elif isinstance(message, FundingSettled):
        yield *_times(message), "settled", message.rate, message.ts_exchange, _float(message.mark)


def _interest(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, OpenInterest):
        yield *_times(message), message.qty


def _liquidations(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, Liquidation):
        yield *_times(message), message.price, message.qty, message.side.value


def _candles(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, CandleHistory):
        about: Row = message.timeframe.value, PriceKind.LAST.value
    elif isinstance(message, MissedCandles):
        about = Timeframe.M1.value, message.kind.value
    else:
        return
    for each in message.candles:
        told = each.open, each.high, each.low, each.close, each.volume, each.trades, each.delta
        head = each.open_ts, message.ts_received, message.symbol
        yield *head, *about, *told, isinstance(message, MissedCandles)


def _tickers(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, Ticker):
        head = message.ts_received, message.symbol
        yield *head, message.last, message.change_pct, message.quote_volume


def _states(message: MarketMessage) -> Iterator[Row]:
    if isinstance(message, FeedStatus):
        yield message.ts_received, message.symbol, message.state.value, message.text


def _times(
    message: Trade
    | BestQuote
    | MarkPrice
    | BookSnapshot
    | BookDelta
    | FundingRate
    | FundingSettled
    | OpenInterest
    | Liquidation,
) -> Row:
    return message.ts_exchange, message.ts_received, message.symbol


_TIMES: Final = ("ts_exchange", "ts_received", "symbol")
_CANDLE: Final = ("open", "high", "low", "close", "volume", "trades", "delta", "missed")
_TABLES: Final[dict[str, tuple[Callable[[MarketMessage], Iterator[Row]], tuple[str, ...]]]] = {
    "trades": (_trades, (*_TIMES, "price", "qty", "aggressor", "id", "missed")),
    "quotes": (_quotes, (*_TIMES, "bid", "bid_qty", "ask", "ask_qty")),
    "book": (_levels, (*_TIMES, "kind", "side", "price", "qty")),
    "marks": (_marks, (*_TIMES, "mark", "index")),
    "funding": (_funding, (*_TIMES, "kind", "rate", "funding_ts", "mark")),
    "interest": (_interest, (*_TIMES, "qty")),
    "liquidations": (_liquidations, (*_TIMES, "price", "qty", "side")),
    "candles": (_candles, ("open_ts", "ts_received", "symbol", "timeframe", "price", *_CANDLE)),
    "tickers": (_tickers, ("ts_received", "symbol", "last", "change_pct", "quote_volume")),
    "states": (_states, ("ts_received", "symbol", "state", "text")),
}
KINDS: Final = tuple(_TABLES)


def export(messages: Iterable[MarketMessage], kind: str, path: Path) -> int:
    """Write one kind of message to a new .csv, .csv.gz or .parquet; returns the number of rows.

    Times are nanoseconds UTC; a `qty` of zero in an update removes its level. Prints and candles that were
    fetched after an outage are told where they were learned, with `missed`.

    Raises:
        RecordingError: The file is there already or of no known kind, or pandas is not installed.
    """
    if path.exists():
        raise RecordingError(f"{path}: is there already; nothing is written over")
    if not path.parent.is_dir():
        raise RecordingError(f"{path}: there is no folder {path.parent}")
    rows_of, columns = _TABLES[kind]
    rows = (row for message in messages for row in rows_of(message))
    write = _writer(path)
    try:
        return write(path, rows, columns)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RecordingError(f"{path}: can not be written: {error.strerror or error}") from None
    except BaseException:  # a table that ends in the middle looks like a whole one
        path.unlink(missing_ok=True)
        raise


def _writer(path: Path) -> Callable[[Path, Iterator[Row], tuple[str, ...]], int]:
    try:
        import pandas as pd  # noqa: F401

        if path.suffix == ".parquet":
            import pyarrow as pa  # noqa: F401

            return _write_parquet
    except ImportError as error:
        mend = "pip install '.[export]' in the program's folder brings it"
        text = f"{path}: exporting needs {error.name}, which is not installed; {mend}"
        raise RecordingError(text) from None
    if path.name.endswith((".csv", ".csv.gz")):
        return _write_csv
    raise RecordingError(f"{path}: expected a name that ends in .csv, .csv.gz or .parquet")


def _pieces(rows: Iterator[Row], columns: tuple[str, ...]) -> Iterator[Any]:
    """Frames of at most so many rows, at least one so that a file has its columns."""
    import pandas as pd

    first = True
    while (piece := list(islice(rows, _PIECE))) or first:
        first = False
        yield pd.DataFrame(piece, columns=list(columns))


def _write_csv(path: Path, rows: Iterator[Row], columns: tuple[str, ...]) -> int:
    count = 0
    for frame in _pieces(rows, columns):
        frame.to_csv(path, mode="a", header=count == 0, index=False)
        count += len(frame)
    return count


def _write_parquet(path: Path, rows: Iterator[Row], columns: tuple[str, ...]) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    count, schema, writer = 0, None, None
    try:
        for frame in _pieces(rows, columns):
            table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if writer is None:
                schema, writer = table.schema, parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
            count += len(frame)
    finally:
        if writer is not None:
            writer.close()
    return count
