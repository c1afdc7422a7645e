"""Where a key may be sent."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_private_to(url: str) -> bool:
    """Whether nobody on the way can read along: https, or http that does not leave this machine (tests, a proxy)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
