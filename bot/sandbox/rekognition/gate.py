"""Who may come in: checks signatures as AWS does, from "Create a signed AWS API request" (IAM user guide) alone."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import sha256
from urllib.parse import quote

from bot.ports import Clock
from bot.sandbox.huawei.gate import Asked
from bot.sandbox.rekognition.words import WORDS, Said

WINDOW = timedelta(minutes=5)
SERVICE = "rekognition"

_PROOF = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


class Gate:
    """Knows keys by their ids. `session_token`: what belongs to each of them, if they are temporary ones."""

    def __init__(self, clock: Clock, keys: Mapping[str, str], region: str, session_token: str = "") -> None:
        self._clock = clock
        self._keys = dict(keys)
        self._region = region
        self._session_token = session_token
        self.has_expired = False

    def refusal(self, asked: Asked) -> Said | None:
        """Why it may not come in, or None."""
        told = asked.headers.get("authorization")
        if told is None:
            return WORDS["MissingAuthenticationTokenException"]
        proof = _PROOF.fullmatch(told)
        if proof is None:
            return WORDS["IncompleteSignature"]
        key_id, day, region, service, names, signature = proof.groups()
        return (
            self._of_key(key_id, asked)
            or self._of_date(asked, day)
            or self._of_scope(region, service)
            or self._of_signature(asked, key_id, (day, region, service), names.split(";"), signature)
        )

    def _of_key(self, key_id: str, asked: Asked) -> Said | None:
        if key_id not in self._keys or asked.headers.get("x-amz-security-token", "") != self._session_token:
            return WORDS["UnrecognizedClientException"]
        return WORDS["ExpiredTokenException"] if self.has_expired else None

    def _of_date(self, asked: Asked, day: str) -> Said | None:
        stamp = asked.headers.get("x-amz-date", "")
        try:
            at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return WORDS["IncompleteSignature"]
        if not stamp.startswith(day):
            return _mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
        now = self._clock.now()
        if abs(now - at) <= WINDOW:
            return None
        return _mismatch(f"Signature expired: {stamp} is now earlier than {now - WINDOW:%Y%m%dT%H%M%SZ}")

    def _of_scope(self, region: str, service: str) -> Said | None:
        if region != self._region:
            return _mismatch(f"Credential should be scoped to a valid region, not '{region}'.")
        return None if service == SERVICE else _mismatch(f"Credential should be scoped to correct service: '{SERVICE}'")

    def _of_signature(
        self, asked: Asked, key_id: str, scope: tuple[str, ...], names: list[str], signature: str
    ) -> Said | None:
        full = (*scope, "aws4_request")
        canonical = sha256(_canonical(asked, names).encode()).hexdigest()
        to_sign = "\n".join(("AWS4-HMAC-SHA256", asked.headers["x-amz-date"], "/".join(full), canonical))
        first = b"AWS4" + self._keys[key_id].encode()
        right = reduce(lambda key, text: hmac.digest(key, text.encode(), "sha256"), (*full, to_sign), first).hex()
        needed = {"host", "x-amz-date", *(n for n in asked.headers if n == "x-amz-security-token")}
        fits = needed <= set(names) and hmac.compare_digest(right, signature)
        return None if fits else WORDS["InvalidSignatureException"]


def _mismatch(words: str) -> Said:
    return WORDS["InvalidSignatureException"]._replace(words=words)


def _canonical(asked: Asked, names: list[str]) -> str:
    path, _, query = asked.target.partition("?")
    arguments = "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part))
    lines = [asked.method, quote(path, safe="/~"), arguments]
    lines += [f"{name}:{' '.join(asked.headers.get(name, '').split())}" for name in names]
    return "\n".join([*lines, "", ";".join(names), sha256(asked.body).hexdigest()])
