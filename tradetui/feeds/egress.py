"""No socket of this process leads anywhere but to hosts that somebody named, and to this machine.

The last layer of the guard: whatever forgets the others meets this one. It is asked by the interpreter
itself (an audit hook) before a name is looked up and before a socket connects, whoever does it; it can
not be taken out again. A name that is not allowed is not even looked up, and an address that no allowed
name led to is not dialed. (A bare socket that is given a name looks it up before the interpreter asks;
it is refused when it dials. Nothing here does so.) There is one for the whole process because sockets are
the process's.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

_hosts: Final[set[str]] = set()
_addresses: Final[set[str]] = set()
_state: Final = {"installed": False}
_NAMED: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_DIALED: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class EgressRefused(PermissionError):
    """Something tried to reach a host that nobody named."""


def allow(addresses: Iterable[str]) -> None:
    """Name hosts: URLs, or hosts with or without a port."""
    for each in addresses:
        host = urlsplit(each if "://" in each else f"//{each}").hostname
        if host:
            _hosts.add(host.lower())


def install() -> None:
    """Begin to refuse; what was allowed before and is allowed later may be reached."""
    if _state["installed"]:
        return
    _state["installed"] = True
    resolve = socket.getaddrinfo

    def remembering(*args: Any, **named: Any) -> Any:
        found = resolve(*args, **named)
        _addresses.update(str(each[4][0]) for each in found)
        return found

    socket.getaddrinfo = remembering
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event in _NAMED:
        _check_name(args[0])
    elif event in _DIALED:
        _check_address(args[1])


def _check_name(name: object) -> None:
    """Refuse to look up a name that is not allowed; None means this machine."""
    host = name.decode("ascii", "replace") if isinstance(name, bytes) else name
    if host is None or host == "" or not isinstance(host, str):
        return
    if host.lower().rstrip(".") not in _hosts and not _is_here(host) and host not in _addresses:
        raise EgressRefused(f"{host} is no host of this profile: it is not looked up")


def _check_address(address: object) -> None:
    """Refuse to reach an address that no allowed name led to; a path is a socket of this machine."""
    if not isinstance(address, tuple) or not address:
        return
    host = str(address[0])
    if not _is_here(host) and host not in _addresses and host.lower() not in _hosts:
        raise EgressRefused(f"{host} is no address of this profile's hosts: it is not dialed")


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
