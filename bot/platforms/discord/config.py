"""Where Discord is: the token and the four addresses, and how discord.py is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.platforms.discord.assets import MediaHost

API_URL = "https://discord.com/api/v10"
CDN_URL = "https://cdn.discordapp.com"
MEDIA_URL = "https://media.discordapp.net"
EXTERNAL_URL = "https://images-ext-*.discordapp.net/external"  # what embeds show; `*` is a number


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """The bot's token and Discord's base addresses (ruling 22).

    `api_url` includes `/api/v10`; `cdn_url` and `media_url` may have a path. Without `gateway_url`
    the API is asked for it. `media_url` is the media proxy, which also serves what embeds show.
    """

    token: str = field(repr=False)
    api_url: str = API_URL
    gateway_url: str | None = None
    cdn_url: str = CDN_URL
    media_url: str = MEDIA_URL

    def __post_init__(self) -> None:
        for name in ("api_url", "cdn_url", "media_url"):
            object.__setattr__(self, name, getattr(self, name).rstrip("/"))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Base addresses from which media may be fetched; Discord's own media proxy has further names."""
        external = (EXTERNAL_URL,) if self.media_url == MEDIA_URL else ()
        return (*self.file_hosts, *external)

    @property
    def file_hosts(self) -> tuple[str, ...]:
        """Base addresses of what was uploaded to Discord itself."""
        return (self.cdn_url, self.media_url)


def repoint(config: DiscordConfig) -> None:
    """Tell discord.py where Discord is. It keeps these as class attributes, so one process has one Discord."""
    Route.BASE = config.api_url
    Asset.BASE = config.cdn_url
    MediaHost.BASE = config.media_url
    if config.gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(config.gateway_url)
