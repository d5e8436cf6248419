"""One ticker as each venue words it, with what it tells beside, as their documentation shows it."""

from __future__ import annotations


def binance(name: str, price: float) -> str:
    """24hrTicker."""
    return (
        f'{{"e":"24hrTicker","E":1672515782136,"s":"{name}","p":"-131.40","P":"-0.786","w":"16628.97377498",'
        f'"x":"16715.0","c":"{price:.4f}","Q":"0.002","b":"{price - 0.01:.4f}","B":"31.21",'
        f'"a":"{price + 0.01:.4f}","A":"40.66","o":"16716.00",'
        f'"h":"16764.89","l":"16456.51","v":"122474.816","q":"2036102085.69746400",'
        f'"O":1672429382136,"C":1672515782136,"F":2289691,"L":2432543,"n":142853}}'
    )


def okx(name: str, price: float) -> str:
    """A ticker of the tickers channel."""
    return (
        f'{{"arg":{{"channel":"tickers","instId":"{name}"}},"data":[{{"instType":"SPOT","instId":"{name}",'
        f'"last":"{price:.4f}","lastSz":"0.1","askPx":"{price + 0.01:.4f}","askSz":"11",'
        f'"bidPx":"{price - 0.01:.4f}","bidSz":"5","open24h":"100",'
        f'"high24h":"110","low24h":"90","volCcy24h":"2222","vol24h":"2222",'
        f'"sodUtc0":"2222","sodUtc8":"2222","ts":"1597026383085"}}]}}'
    )


def binance_usdm(asked: str, price: float) -> str:
    """A quote of the stream of all quotes, or a ticker of the one of all tickers."""
    stream, _, name = asked.partition(" ")
    if stream == "!ticker@arr":
        return f"[{binance(name, price)}]"
    return (
        f'{{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"{name}",'
        f'"b":"{price - 0.01:.4f}","B":"31.21","a":"{price + 0.01:.4f}","A":"40.66"}}'
    )


def bybit(name: str, price: float) -> str:
    """A ticker of a linear contract."""
    return (
        f'{{"topic":"tickers.{name}","type":"delta","data":{{"symbol":"{name}","tickDirection":"PlusTick",'
        f'"price24hPcnt":"0.017103","lastPrice":"{price:.4f}","prevPrice24h":"16915","highPrice24h":"17466",'
        f'"lowPrice24h":"16780","markPrice":"{price:.4f}","indexPrice":"{price:.4f}","openInterest":"68744",'
        f'"turnover24h":"1570383121.943499","volume24h":"91705.276","fundingRate":"-0.000212",'
        f'"bid1Price":"{price - 0.01:.4f}","bid1Size":"84.489","ask1Price":"{price + 0.01:.4f}",'
        f'"ask1Size":"83.020"}},"cs":24987956059,"ts":1673272861686}}'
    )


def bitget(name: str, price: float) -> str:
    """A ticker of the spot market."""
    return (
        f'{{"action":"snapshot","arg":{{"instType":"SPOT","channel":"ticker","instId":"{name}"}},"data":'
        f'[{{"instId":"{name}","lastPr":"{price:.4f}","open24h":"100","high24h":"110","low24h":"90",'
        f'"change24h":"-0.00061","bidPr":"{price - 0.01:.4f}","askPr":"{price + 0.01:.4f}","bidSz":"2.084",'
        f'"askSz":"3.207","baseVolume":"4222.9","quoteVolume":"113873012.7","openUtc":"101",'
        f'"changeUtc24h":"-0.001","ts":"1695702438018"}}],"ts":1695702438029}}'
    )


def kraken(name: str, price: float) -> str:
    """A ticker, its numbers bare."""
    return (
        f'{{"channel":"ticker","type":"update","data":[{{"symbol":"{name}","bid":{price - 0.01:.4f},'
        f'"bid_qty":740.0,"ask":{price + 0.01:.4f},"ask_qty":740.0,"last":{price:.4f},"volume":997038.98,'
        f'"vwap":{price:.4f},"low":90.1,"high":110.2,"change":-0.0001,"change_pct":-0.1}}]}}'
    )


def kraken_futures(name: str, price: float) -> str:
    """A ticker of a contract."""
    return (
        f'{{"time":1676393235406,"product_id":"{name}","funding_rate":-6.2e-11,"feed":"ticker",'
        f'"bid":{price - 0.01:.4f},"ask":{price + 0.01:.4f},"bid_size":2340.0,"ask_size":2540.0,'
        f'"volume":22050473.0,"dtm":0,"leverage":"50x","index":{price:.4f},"premium":-0.1,"last":{price:.4f},'
        f'"change":0.9974,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":30072580.0,'
        f'"markPrice":{price:.4f},"maturityTime":0,"post_only":false,"volumeQuote":22050473.0}}'
    )


def coinbase(name: str, price: float) -> str:
    """A batch of one ticker."""
    return (
        f'{{"channel":"ticker_batch","client_id":"","timestamp":"2023-02-09T20:30:37.167Z","sequence_num":0,'
        f'"events":[{{"type":"snapshot","tickers":[{{"type":"ticker","product_id":"{name}",'
        f'"price":"{price:.4f}","volume_24_h":"16038.28","low_24_h":"90.1","high_24_h":"110.2",'
        f'"low_52_w":"50.5","high_52_w":"150.5","price_percent_chg_24_h":"-4.15",'
        f'"best_bid":"{price - 0.01:.4f}","best_bid_quantity":"0.5","best_ask":"{price + 0.01:.4f}",'
        f'"best_ask_quantity":"0.4"}}]}}]}}'
    )
