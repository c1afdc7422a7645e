"""Where Telegram is: the token, the root of its Bot API, and how updates come."""

from __future__ import annotations

from dataclasses import dataclass, field

API_URL = "https://api.telegram.org"
WEBHOOK = "/telegram"  # path of the web server's route

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    "guest_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
)
"""Sent with every getUpdates and setWebhook, since Telegram remembers what was asked last."""


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """The bot's token and where the Bot API is. Its addresses hold the token, so they are no fields: `repr` shows none.

    `webhook_url`: where Telegram sends updates to, with `webhook_secret`; None: they are polled.
    """

    token: str = field(repr=False)
    api_url: str = API_URL
    webhook_url: str | None = None
    webhook_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_url", self.api_url.rstrip("/"))

    @property
    def base_url(self) -> str:
        """What PTB appends the token to."""
        return f"{self.api_url}/bot"

    @property
    def file_url(self) -> str:
        """What PTB appends the token and a file's path to."""
        return f"{self.api_url}/file/bot"

    @property
    def files(self) -> str:
        """The only base address from which files are fetched. A secret: it holds the token."""
        return f"{self.file_url}{self.token}"

    def method(self, name: str) -> str:
        """The address of a method. A secret: it holds the token."""
        return f"{self.base_url}{self.token}/{name}"
