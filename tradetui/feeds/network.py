"""Whom connections trust and which way they go: the authorities known here, one of the user's, a proxy."""

from __future__ import annotations

import ssl
from functools import lru_cache

import certifi

from tradetui.domain.profile import Profile


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
