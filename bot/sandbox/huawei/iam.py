"""IAM: logs in by password, and names projects."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from bot.ports import Clock
from bot.sandbox.huawei.gate import Asked, Gate

TOKEN_LIFE = timedelta(hours=24)


@dataclass(slots=True)
class Iam:
    """One account with one user and one project."""

    gate: Gate
    clock: Clock
    project: str
    region: str
    username: str = "moderator"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    domain: str = "example-account"
    logins: int = 0

    def login(self, asked: Asked) -> web.Response:
        """`POST /v3/auth/tokens`."""
        try:
            auth = json.loads(asked.body)["auth"]
            user, scope = auth["identity"]["password"]["user"], auth["scope"]["project"]
            told = (auth["identity"]["methods"], user["name"], user["password"], user["domain"]["name"])
        except (ValueError, KeyError, TypeError):
            return _refused(400, "Bad Request", "Expecting to find auth in request body.")
        self.logins += 1
        if told != (["password"], self.username, self.password, self.domain):
            return _refused(401, "Unauthorized", "The username or password is wrong.")
        if scope not in ({"name": self.region}, {"id": self.project}):
            return _refused(401, "Unauthorized", "The project is not found.")
        return self._token()

    def projects(self, name: str) -> web.Response:
        """`GET /v3/projects?name=`."""
        fits = name == self.region
        return web.json_response({"projects": [{"id": self.project, "name": self.region}] if fits else []})

    def _token(self) -> web.Response:
        token, now = secrets.token_urlsafe(64), self.clock.now()
        self.gate.tokens[token] = now + TOKEN_LIFE
        body = {
            "methods": ["password"],
            "issued_at": _moment(now),
            "expires_at": _moment(now + TOKEN_LIFE),
            "project": {"id": self.project, "name": self.region},
            "user": {"name": self.username},
        }
        return web.json_response({"token": body}, status=201, headers={"X-Subject-Token": token})


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _refused(status: int, title: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": status, "message": message, "title": title}}, status=status)
