"""Nothing of the process reaches a host that nobody named, whichever way it tries."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tradetui.feeds.egress import EgressRefused
from tradetui.feeds.native.endings import dial_words

BEGIN = """
import asyncio, json, socket, sys, threading, urllib.request
import aiohttp, picows
from tradetui.feeds import egress

looked_up, dialed = [], []
real = socket.getaddrinfo
def fake(host, port, *rest, **named):
    sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)  # as the interpreter's own does
    looked_up.append(str(host))
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port or 0))]
socket.getaddrinfo = fake
egress.allow(["api.venue.test:443", "wss://stream.venue.test:9443/ws"])
egress.install()
egress.install()

def outcome(work):
    try:
        work()
    except BaseException as error:
        while error is not None:
            if isinstance(error, egress.EgressRefused):
                return "refused"
            error = error.__cause__ or error.__context__
        return "failed"
    return "done"

async def over_aiohttp(url):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(0.2)) as session:
        await session.get(url)

async def over_picows(url):
    await picows.ws_connect(picows.WSListener, url, websocket_handshake_timeout=0.2)

async def over_asyncio(host):
    async with asyncio.timeout(0.2):
        await asyncio.open_connection(host, 443)

def over_socket(address, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as made:
        made.settimeout(0.2)
        made.sendto(b"x", address) if kind == socket.SOCK_DGRAM else made.connect(address)
"""

TRIES = {
    "aiohttp": 'lambda: asyncio.run(over_aiohttp("https://evil.test/"))',
    "picows": 'lambda: asyncio.run(over_picows("wss://evil.test/"))',
    "asyncio": 'lambda: asyncio.run(over_asyncio("evil.test"))',
    "urllib": 'lambda: urllib.request.urlopen("http://evil.test/", timeout=0.2)',
    "another thread": 'lambda: asyncio.run(asyncio.to_thread(socket.getaddrinfo, "evil.test", 443))',
    "an address": 'lambda: over_socket(("198.51.100.9", 443))',
    "an address over asyncio": 'lambda: asyncio.run(over_asyncio("198.51.100.9"))',
    "a datagram": 'lambda: over_socket(("198.51.100.9", 53), socket.SOCK_DGRAM)',
    "a name's subdomain": 'lambda: asyncio.run(over_asyncio("evil.api.venue.test"))',
    "the resolver itself": 'lambda: socket.gethostbyname("evil.test")',
}


def run(script: str) -> Any:
    done = subprocess.run([sys.executable, "-c", BEGIN + script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_way_to_a_host_that_nobody_named_is_refused_before_it_is_looked_up() -> None:
    tries = ", ".join(f"{name!r}: outcome({work})" for name, work in TRIES.items())
    found = run(f"found = {{{tries}}}\nprint(json.dumps([found, looked_up]))")
    assert found[0] == dict.fromkeys(TRIES, "refused")
    assert found[1] == []


def test_a_named_host_may_be_looked_up_and_the_address_it_leads_to_dialed() -> None:
    script = """
found = [outcome(lambda: asyncio.run(over_asyncio("api.venue.test"))), list(looked_up)]
found.append(outcome(lambda: over_socket(("192.0.2.7", 443))))
print(json.dumps(found))
"""
    reached, names, again = run(script)
    assert reached != "refused"
    assert names == ["api.venue.test"]
    assert again != "refused"


def test_this_machine_and_sockets_of_files_are_always_there() -> None:
    script = """
import os, tempfile
server = socket.create_server(("127.0.0.1", 0))
found = [outcome(lambda: over_socket(server.getsockname()))]
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "s")
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(path)
    unix.listen()
    found.append(outcome(lambda: socket.socket(socket.AF_UNIX).connect(path)))
print(json.dumps(found))
"""
    assert run(script) == ["done", "done"]


def test_a_refusal_is_told_in_its_own_words() -> None:
    refused = EgressRefused("evil.test is no host of this profile: it is not looked up")
    assert dial_words(refused) == "evil.test is no host of this profile: it is not looked up"


@pytest.mark.parametrize("profile", ["binance", "kraken", "okx"])
def test_a_live_profile_names_its_hosts_and_installs_the_layer(profile: str) -> None:
    script = f"""
import argparse
from tradetui.cli.parts import load_config, make_feed
from tradetui.feeds.ccxt.exchange import open_exchange
options = argparse.Namespace()
config = load_config(options)
chosen = config.profiles[{profile!r}]
make_feed(chosen, config=config, options=options)
async def opened():
    exchange = open_exchange(chosen)
    await exchange.close()
    return sorted(egress._hosts)
hosts = asyncio.run(opened())
print(json.dumps([hosts, outcome(lambda: socket.getaddrinfo("evil.test", 443))]))
"""
    hosts, evil = run(script)
    assert any(profile in host for host in hosts)
    assert not [host for host in hosts if "private" in host or "testnet" in host]
    assert evil == "refused"
