"""The section of the network: what is wrong is said with file, key, value and what would pass."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from tradetui.config.load import load
from tradetui.config.network import without_password
from tradetui.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(f"[network]\n{text}\n", encoding="utf-8")
    return path


def test_every_profile_goes_the_way_that_the_config_names(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(Path(certifi.where()).read_bytes())
    config = load(written(tmp_path, 'ca_file = "own.pem"\nproxy = "http://proxy.test:3128"'))
    networks = {profile.network for profile in config.profiles.values()}
    (network,) = networks
    assert (network.ca_file, network.proxy) == (str(tmp_path / "own.pem"), "http://proxy.test:3128")


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('ca_file = "none.pem"', "network.ca_file", "not found at"),
        ('ca_file = "config.toml"', "network.ca_file", "-----BEGIN CERTIFICATE-----"),
        ('proxy = "socks5://proxy.test:1080"', "network.proxy", "expected http://HOST:PORT"),
        ('proxy = "proxy.test:3128"', "network.proxy", "expected http://HOST:PORT"),
        ('proxy = "http://proxy.test"', "network.proxy", "port is missing"),
        ('proxy = "http://proxy.test:99999"', "network.proxy", "1 to 65535"),
        ('proxy = "http://:3128"', "network.proxy", "host is missing"),
        ('proxy = "http://proxy.test:3128/x"', "network.proxy", "nothing may follow the port"),
        ('proxi = ""', "network.proxi", "proxy"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, line: str, key: str, words: str) -> None:
    path = written(tmp_path, line)
    with pytest.raises(ConfigError) as raised:
        load(path)
    (fault,) = raised.value.faults
    assert fault.where == key
    assert words in fault.message
    assert str(path) in str(raised.value)


def test_a_proxys_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, 'proxy = "ftp://me:hunter2@proxy.test:1"'))
    assert "hunter2" not in str(raised.value)
    assert without_password("http://me:hunter2@proxy.test:3128") == "http://…@proxy.test:3128"
