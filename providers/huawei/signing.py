"""AK/SK signatures: `SDK-HMAC-SHA256`, as Huawei's API gateway checks them.

Like AWS SigV4 without the derived key. The tests compare with what the official SDK signs.
Source: Huawei Cloud API Request Signing Guide; huaweicloudsdkcore/signer/signer.py.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

ALGORITHM = "SDK-HMAC-SHA256"
DATE = "%Y%m%dT%H%M%SZ"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key; `token` beside temporary ones."""

    ak: str
    sk: str = field(repr=False)
    token: str = field(default="", repr=False)


def signed(
    method: str, url: str, headers: Mapping[str, str], content: bytes, keys: Keys, at: datetime
) -> dict[str, str]:
    """`headers` with all that the gateway wants to see, signed at the moment `at`.

    All of them are signed, so none may be changed on the way; hop-by-hop ones are the transport's to add.
    `content` is the very bytes that are sent.
    """
    parts = urlsplit(url)
    full = {**headers, "Host": _host(parts), "X-Sdk-Date": at.astimezone(UTC).strftime(DATE)}
    if keys.token:
        full["X-Security-Token"] = keys.token
    lines = {name.lower(): value.strip() for name, value in full.items() if "_" not in name}
    names = sorted(lines)
    canonical = "\n".join(
        (
            method.upper(),
            _path(parts.path),
            _query(parts.query),
            "".join(f"{name}:{lines[name]}\n" for name in names),
            ";".join(names),
            hashlib.sha256(content).hexdigest(),
        )
    )
    full["Authorization"] = f"{ALGORITHM} Access={keys.ak}, SignedHeaders={';'.join(names)}, Signature=" + _signature(
        canonical, full["X-Sdk-Date"], keys.sk
    )
    return full


def _signature(canonical: str, date: str, secret: str) -> str:
    to_sign = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def _host(parts: SplitResult) -> str:
    """As the transport writes it: with the port only where it is not the scheme's own."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _path(path: str) -> str:
    """Each segment quoted once; it ends with a slash even where the URL does not."""
    quoted = "/".join(_quoted(segment) for segment in unquote(path).split("/"))
    return quoted if quoted.endswith("/") else quoted + "/"


def _query(query: str) -> str:
    return "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in sorted(parse_qsl(query, keep_blank_values=True)))


def _quoted(text: str) -> str:
    return quote(text, safe="~")
