"""The tables of a journal (engine rules, section 5) and the checks before one is used."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from tradetui.errors import JournalError
from tradetui.journal.upcast import PAYLOAD_VERSION, PayloadVersions

SCHEMA_VERSION: Final = 1

PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=2000",
)

_LARGE: Final = 32 * 1024 * 1024
"""Bytes above which a check of every page is felt at the start."""

TABLES: Final = """
CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT;
CREATE TABLE run(
  run_id INTEGER PRIMARY KEY, started_ns INTEGER NOT NULL, ended_ns INTEGER,
  first_seq INTEGER, last_seq INTEGER,
  code_version TEXT NOT NULL, config_hash TEXT NOT NULL, tzdata TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN('RUNNING','ENDED','CRASHED_RECOVERED','QUARANTINED'))) STRICT;
CREATE TABLE event(
  seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run, ts_ns INTEGER NOT NULL,
  exch_ts_ns INTEGER, recv_ts_ns INTEGER, type TEXT NOT NULL, account TEXT, symbol TEXT, order_id TEXT,
  causation_seq INTEGER, idem_key TEXT UNIQUE,
  payload TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE posting(
  seq INTEGER NOT NULL REFERENCES event, n INTEGER NOT NULL, ledger TEXT NOT NULL, asset TEXT NOT NULL,
  amount TEXT NOT NULL, PRIMARY KEY(seq,n)) STRICT;
CREATE TABLE snapshot(
  seq INTEGER PRIMARY KEY REFERENCES event, state_hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT,'append only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT,'append only'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT,'append only'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT,'append only'); END;
"""


class JournalDamaged(JournalError):
    """The journal's content does not hold; `last_good` is the last event before the damage."""

    def __init__(self, path: Path, found: str, *, last_good: int = 0) -> None:
        self.path = path
        self.found = found
        self.last_good = last_good
        super().__init__(
            f"{path}: QUARANTINED, the journal is damaged: {found} (good up to event {last_good}). "
            "The file is kept as it is: put a backup in its place, go on from the last good event with "
            "`tradetui journal resume`, or give another folder with --data-dir"
        )


class JournalTooNew(JournalError):
    """The journal was written by a later version of the program."""


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing journal for reading; raises JournalError where there is none or it is no journal."""
    if not path.is_file():
        raise JournalError(f"{path}: there is no journal here; open the cockpit once, or check --data-dir")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    try:
        check_version(connection, path)
    except JournalError:
        connection.close()
        raise
    return connection


def create_or_check(path: Path) -> None:
    """Make the tables of a new journal, or see that an existing one can be used.

    A large one that has a snapshot is checked page by page later, when the screen is up.
    Raises JournalError (folder can not be written), JournalDamaged or JournalTooNew.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise not_writable(path, error) from error
    try:
        if _is_new(connection, path):
            _create(connection)
        check_version(connection, path)
        if path.stat().st_size < _LARGE or not _has_snapshot(connection):
            _quick_check(connection, path)
    except sqlite3.OperationalError as error:
        raise not_writable(path, error) from error
    finally:
        connection.close()


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """See that the file is a journal of a version known here; raises JournalDamaged or JournalTooNew."""
    try:
        row = connection.execute("SELECT v FROM meta WHERE k='schema_version'").fetchone()
    except sqlite3.DatabaseError as error:
        raise JournalDamaged(path, f"expected a journal of tradetui, found: {error}") from error
    if row is None or not str(row[0]).isdigit():
        raise JournalDamaged(path, "its schema version is missing")
    newest = PayloadVersions(connection).newest
    for what, found, known in (
        ("journal", int(row[0]), SCHEMA_VERSION),
        ("journal's events", newest, PAYLOAD_VERSION),
    ):
        if found > known:
            raise JournalTooNew(
                f"{path}: this {what} has version {found}, this program reads up to {known}; "
                "install the newer tradetui, or give another folder with --data-dir"
            )


def not_writable(path: Path, error: Exception) -> JournalError:
    """The error for a journal that can not be written, with the mend."""
    return JournalError(
        f"{path}: the journal can not be written ({error}); free space or rights there, "
        "or give another folder with --data-dir or TRADETUI_DATA_DIR"
    )


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    try:
        return bool(connection.execute("SELECT count(*)=0 FROM sqlite_master").fetchone()[0])
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise JournalDamaged(path, str(error)) from error


def _create(connection: sqlite3.Connection) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma)
    connection.executescript(
        f"BEGIN; {TABLES} INSERT INTO meta VALUES('schema_version','{SCHEMA_VERSION}'); COMMIT;"
    )


def _has_snapshot(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM snapshot LIMIT 1").fetchone() is not None


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    try:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise JournalDamaged(path, str(error)) from error
    if found != "ok":
        raise JournalDamaged(path, found)
