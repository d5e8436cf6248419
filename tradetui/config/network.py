"""The way to the exchanges as the config has it: checked before anything is dialed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tradetui.config.settings import NetworkTable
from tradetui.domain.profile import Network
from tradetui.errors import Fault


def network_of(table: NetworkTable, config: Path | None) -> Network:
    """The network of a config; a file is looked for beside the config where its path is no absolute one."""
    return Network(ca_file=str(_file(table, config)) if table.ca_file else "", proxy=table.proxy)


def network_faults(table: NetworkTable, config: Path | None) -> list[Fault]:
    """What is wrong with it; a password is never shown."""
    faults = []
    if table.ca_file and (wrong := ca_file_fault(_file(table, config))):
        faults.append(Fault("network.ca_file", f'"{table.ca_file}"', wrong))
    if table.proxy and (wrong := proxy_fault(table.proxy)):
        faults.append(Fault("network.proxy", f'"{without_password(table.proxy)}"', wrong))
    return faults


def _file(table: NetworkTable, config: Path | None) -> Path:
    path = Path(table.ca_file).expanduser()
    return path if path.is_absolute() or config is None else config.parent / path


def ca_file_fault(path: Path) -> str:
    """What is wrong with a file of certificates; empty where it can be read as one."""
    import ssl  # it takes long, and most configs name no such file

    if not path.is_file():
        return f"not found at {path}; expected a file of certificates in PEM"
    try:
        ssl.create_default_context().load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        return f"holds no certificate ({words}); expected PEM: -----BEGIN CERTIFICATE-----"
    return ""


def proxy_fault(proxy: str) -> str:
    """What is wrong with a proxy's address; empty where connections can go through it."""
    expected = "expected http://HOST:PORT or https://HOST:PORT"
    parts = urlsplit(proxy)
    try:
        port = parts.port
    except ValueError:
        return f"the port is no number from 1 to 65535; {expected}"
    if parts.scheme not in ("http", "https"):
        return f"{expected}; other kinds of proxies are not supported"
    if not parts.hostname or not port:
        return f"{'host' if not parts.hostname else 'port'} is missing; {expected}"
    return f"nothing may follow the port; {expected}" if parts.path.strip("/") or parts.query else ""


def without_password(address: str) -> str:
    """An address that may be shown."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    return address.replace(parts.netloc, f"…@{parts.netloc.rpartition('@')[2]}")
