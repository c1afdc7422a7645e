"""AWS Signature Version 4, of a POST without a query. The tests compare with what botocore signs.

Why not botocore itself: docs/decisions/0007-rekognition.md. Source: IAM user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "rekognition"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key; `token` beside temporary ones."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


def signed(url: str, headers: Mapping[str, str], digest: str, keys: Keys, region: str, at: datetime) -> dict[str, str]:
    """`headers` with all that AWS wants to see, signed at the moment `at`; all of them are signed.

    `digest` is the SHA-256 (hex) of the very bytes that are sent.
    """
    parts = urlsplit(url)
    date = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    full = {**headers, "Host": _host(parts), "X-Amz-Date": date}
    if keys.token:
        full["X-Amz-Security-Token"] = keys.token
    lines = {name.lower(): " ".join(value.split()) for name, value in full.items()}
    names = ";".join(sorted(lines))
    listed = "".join(f"{name}:{lines[name]}\n" for name in sorted(lines))
    canonical = "\n".join(("POST", quote(parts.path or "/", safe="/~"), "", listed, names, digest))
    scope = f"{date[:8]}/{region}/{SERVICE}/aws4_request"
    to_sign = f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _keyed(_key(keys.secret, scope), to_sign).hex()
    full["Authorization"] = (
        f"{ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return full


def _key(secret: str, scope: str) -> bytes:
    """Derived from the secret for one day, region and service: date, region, service and an ending, in that order."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _keyed(key, part)
    return key


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _host(parts: SplitResult) -> str:
    """As the transport writes it: with the port only where it is not the scheme's own."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, PORTS.get(parts.scheme)) else f"{host}:{parts.port}"
