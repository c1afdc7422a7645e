"""Who may come in: checks signatures as the API gateway does, from Huawei's Request Signing Guide alone."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, unquote_plus

from bot.ports import Clock
from bot.sandbox.huawei.words import BAD_TOKEN, EXPIRED, LOCKED, MISMATCH, NO_KEY, NO_PROOF, WORDS, Said

WINDOW = timedelta(minutes=15)
WRONG_BEFORE_LOCK = 5
LOCK_SECONDS = 300.0

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came off the wire. Names of `headers` are in small letters."""

    method: str
    target: str  # path and query, undecoded
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Gate:
    """Knows keys and tokens. A key is locked for five minutes after five wrong signatures."""

    def __init__(self, clock: Clock, keys: Mapping[str, str], security_token: str = "") -> None:
        self._clock = clock
        self._keys = dict(keys)
        self._security_token = security_token
        self._wrong: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}
        self.tokens: dict[str, datetime] = {}  # until when each lives
        self.withdrawn: set[str] = set()

    def refusal(self, asked: Asked) -> Said | None:
        """Why it may not come in, or None."""
        if "x-auth-token" in asked.headers:
            return self._of_token(asked.headers["x-auth-token"])
        proof = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if proof is None:
            return NO_PROOF
        ak, names, signature = proof.groups()
        refusal = self._of_key(ak) or self._of_date(asked) or self._of_session(asked, names.split(";"))
        return refusal or self._of_signature(asked, ak, names.split(";"), signature)

    def _of_token(self, token: str) -> Said | None:
        until = self.tokens.get(token)
        if until is None:
            return BAD_TOKEN
        if token in self.withdrawn:
            return WORDS["AIS.0002"]
        return None if self._clock.now() < until else WORDS["APIGW.0307"]

    def _of_key(self, ak: str) -> Said | None:
        if self._clock.monotonic() < self._locked_until.get(ak, 0.0):
            return LOCKED
        return None if ak in self._keys else NO_KEY._replace(words=NO_KEY.words.format(ak=ak))

    def _of_date(self, asked: Asked) -> Said | None:
        try:
            at = datetime.strptime(asked.headers.get("x-sdk-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return EXPIRED
        return None if abs(self._clock.now() - at) <= WINDOW else EXPIRED

    def _of_session(self, asked: Asked, names: list[str]) -> Said | None:
        """Temporary keys need their token, and it must be signed."""
        told = asked.headers.get("x-security-token", "")
        fits = told == self._security_token and (not told or "x-security-token" in names)
        return None if fits else BAD_TOKEN

    def _of_signature(self, asked: Asked, ak: str, names: list[str], signature: str) -> Said | None:
        canonical = _canonical(asked, names)
        lines = ("SDK-HMAC-SHA256", asked.headers["x-sdk-date"], sha256(canonical.encode()).hexdigest())
        right = hmac.digest(self._keys[ak].encode(), "\n".join(lines).encode(), "sha256").hex()
        if {"host", "x-sdk-date"} <= set(names) and hmac.compare_digest(right, signature):
            self._wrong.pop(ak, None)
            return None
        self._wrong[ak] = self._wrong.get(ak, 0) + 1
        if self._wrong[ak] >= WRONG_BEFORE_LOCK:
            self._wrong.pop(ak)
            self._locked_until[ak] = self._clock.monotonic() + LOCK_SECONDS
        echo = canonical.replace("\n", "|") + f"|authorization:{asked.headers['authorization']}"
        return MISMATCH._replace(words=MISMATCH.words.format(canonical=echo))


def _canonical(asked: Asked, names: list[str]) -> str:
    path, _, query = asked.target.partition("?")
    lines = [asked.method, _uri(path), _arguments(query)]
    lines += [f"{name}:{asked.headers.get(name, '').strip()}" for name in names]
    return "\n".join([*lines, "", ";".join(names), _digest(asked)])


def _uri(path: str) -> str:
    encoded = quote(unquote_plus(path.replace("+", "%2B")), safe="/~")
    return encoded if encoded[-1:] == "/" else f"{encoded}/"


def _arguments(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    decoded = sorted((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in decoded)


def _digest(asked: Asked) -> str:
    """Of JSON always the body's own: only what is no JSON may go unsigned."""
    is_json = asked.headers.get("content-type", "application/json").startswith("application/json")
    told = asked.headers.get("x-sdk-content-sha256")
    return told if told and not is_json else sha256(asked.body).hexdigest()
