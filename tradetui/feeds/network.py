"""Whom connections trust, which way they go, and how long they are asked to wait.

Assumption: where an answer says its own time, a date in it is meant by that clock and not by ours.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

import certifi

from tradetui.domain.profile import Profile

LONGEST_WAIT_S: Final = 3600.0
"""No venue is believed to ask for more."""


@lru_cache(maxsize=4)
def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """What a certificate is checked with: certifi's, the system's, and the user's own authorities."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def proxy_of(profile: Profile) -> str:
    """The proxy of a profile; none stands before a loopback endpoint."""
    return "" if profile.endpoint else profile.network.proxy


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """The seconds that an answer asks to wait, by number or by date; None where it does not say."""
    known = {name.lower(): value.strip() for name, value in (headers or {}).items()}
    value = known.get("retry-after", "")
    if value.isdecimal():
        return min(float(value[:9]), LONGEST_WAIT_S)
    until = _moment(value)
    if until is None:
        return None
    now = _moment(known.get("date", "")) or datetime.now(UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def _moment(text: str) -> datetime | None:
    """A date as HTTP writes it; None for none."""
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return None


def encryption_words(error: object) -> str:
    """What is wrong with a certificate or an encrypted connection; empty where that is not the matter."""
    found = getattr(error, "certificate_error", error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate was not accepted: {found.verify_message.rstrip('.')}"
    return "no encrypted connection" if isinstance(found, ssl.SSLError) else ""
