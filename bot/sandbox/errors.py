"""Refusals as Discord words them: HTTP status, JSON error code, message.

Codes: Discord's documentation, "Opcodes and Status Codes".
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request is refused. `errors` is Discord's tree of field errors."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors


_UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "Ban": 10026,
    "Sticker": 10060,
    "interaction": 10062,
    "application command": 10063,
}


def unknown(what: str) -> ApiError:
    """404: there is no such thing, or it is gone."""
    return ApiError(404, _UNKNOWN[what], f"Unknown {what}")


def missing_permissions() -> ApiError:
    """403 50013: the bot may see the place but not do that, or the target stands above it."""
    return ApiError(403, 50013, "Missing Permissions")


def missing_access() -> ApiError:
    """403 50001: the bot may not see the place."""
    return ApiError(403, 50001, "Missing Access")


def invalid_form(field: str, code: str, message: str) -> ApiError:
    """400 50035; `field` is a dotted path into the request body.

    On the wire the field errors' codes are words (`BASE_TYPE_MAX_LENGTH`), though Discord's own
    OpenAPI calls them integers.
    """
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


UNAUTHORIZED = ApiError(401, 0, "401: Unauthorized")
NO_ROUTE = ApiError(404, 0, "404: Not Found")
WRONG_METHOD = ApiError(405, 0, "405: Method Not Allowed")
EMPTY_MESSAGE = ApiError(400, 50006, "Cannot send an empty message")
NOT_THE_AUTHOR = ApiError(403, 50005, "Cannot edit a message authored by another user")
TOO_OLD = ApiError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
TOO_LARGE = ApiError(413, 40005, "Request entity too large")
ACKNOWLEDGED = ApiError(400, 40060, "Interaction has already been acknowledged.")
WEBHOOK_TOKEN = ApiError(401, 50027, "Invalid Webhook Token")
NO_DIRECT_MESSAGE = ApiError(403, 50007, "Cannot send messages to this user")
