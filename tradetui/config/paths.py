"""Where a user's config and data lie: an option, then the environment, then the platform's folders."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from tradetui.errors import ConfigError, Fault

_APP = "tradetui"


def config_path(option: Path | None) -> Path | None:
    """The config file to read; None where the user has none. A file that was named must exist."""
    if option is not None:
        return option
    if named := os.environ.get("TRADETUI_CONFIG"):
        return Path(named)
    found = platformdirs.user_config_path(_APP) / "config.toml"
    return found if found.is_file() else None


def themes_folder(config: Path | None) -> Path:
    """Where a user's own themes lie: beside the config."""
    return (config.parent if config is not None else platformdirs.user_config_path(_APP)) / "themes"


def data_folder(option: Path | None) -> Path:
    """The folder of journals, caches and recordings, made if needed; raises ConfigError if it can not be."""
    named = os.environ.get("TRADETUI_DATA_DIR")
    folder = option or (Path(named) if named else platformdirs.user_data_path(_APP))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        mend = f"can not be written ({error.strerror}); name another with --data-dir or $TRADETUI_DATA_DIR"
        raise ConfigError("data folder", [Fault("--data-dir", str(folder), mend)]) from error
    return folder
