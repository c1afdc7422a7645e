"""The CDN and the media proxy: signed attachments, avatars, stickers, emojis, resized copies."""

from __future__ import annotations

import hashlib
import hmac
import io
import warnings
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web
from PIL import Image

from bot.ports import Clock

if TYPE_CHECKING:
    from bot.sandbox.world import Addresses, World

LIFETIME = 24 * 3600
LARGEST = 50_000_000
"""Pixels of a picture that the media proxy still resizes."""
_GONE = "This content is no longer available."
_FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
_KNOWN = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_BROKEN = (OSError, ValueError, SyntaxError, OverflowError, Image.DecompressionBombError)


class Signer:
    """Makes and checks the `ex`, `is` and `hm` of attachment URLs."""

    def __init__(self, secret: bytes, clock: Clock, at: Addresses) -> None:
        self._secret = secret
        self._clock = clock
        self._at = at

    def attachment(self, path: str) -> tuple[str, str]:
        """`attachments/1/2/a.png` -> (url, proxy_url), valid for a day."""
        issued = int(self._clock.now().timestamp())
        expires = issued + LIFETIME
        query = f"{quote(path)}?ex={expires:x}&is={issued:x}&hm={self._mac(path, f'{expires:x}', f'{issued:x}')}&"
        return f"{self._at.cdn}/{query}", f"{self._at.media}/{query}"

    def external(self, url: str) -> str:
        """The proxied address of a picture elsewhere, as in an embed's `proxy_url`."""
        parts = urlsplit(url)
        return f"{self._at.media}/external/{digest(url)}/{parts.scheme}/{parts.netloc}{parts.path}"

    def admits(self, path: str, ex: str, issued: str, mac: str) -> bool:
        """Whether this signature is ours and still holds."""
        if not hmac.compare_digest(mac, self._mac(path, ex, issued)):
            return False
        return int(ex, 16) > self._clock.now().timestamp()

    def _mac(self, path: str, ex: str, issued: str) -> str:
        return hmac.new(self._secret, f"{path}|{ex}|{issued}".encode(), hashlib.sha256).hexdigest()


def digest(url: str) -> str:
    """The name under which the media proxy knows a foreign URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:43]


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the header, or None if it is no picture Discord knows."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_KNOWN) as picture:
                return picture.size
    except _BROKEN:
        return None


class Cdn:
    """Answers for the CDN and the media host, told apart by their path prefixes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.requests: list[str] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """GET a file. 404 with Discord's words for anything unsigned, expired, deleted or unknown."""
        prefix, _, path = request.path.lstrip("/").partition("/")
        self.requests.append(request.path_qs)
        found = self._find(path, request) if prefix in ("cdn", "media") else None
        if found is None:
            return web.Response(status=404, text=_GONE)
        content, content_type = found
        if prefix == "media" or "size" in request.query:
            return self._resized(content, content_type, request)
        return web.Response(body=content, headers={"Content-Type": content_type})

    def picture(self, url: str) -> tuple[bytes, str] | None:
        """What a member who looks at `url` is shown: bytes and type; None of what is gone or not ours."""
        for base in (f"{self._world.at.cdn}/", f"{self._world.at.media}/"):
            if url.startswith(base):
                head, _, rest = urlsplit(url.removeprefix(base)).path.partition("/")
                if head in ("attachments", "ephemeral-attachments"):
                    return self._file(unquote(rest))
                return (
                    self._world.external.get(rest.partition("/")[0])
                    if head == "external"
                    else self._asset(head + "/" + rest, animated=False)
                )
        return None

    def _find(self, path: str, request: web.BaseRequest) -> tuple[bytes, str] | None:
        head, *rest = path.split("/")
        if head in ("attachments", "ephemeral-attachments"):
            return self._attachment(path, rest, request)
        if head == "external":
            return self._world.external.get(rest[0]) if rest else None
        return self._asset(path, animated=request.query.get("animated") == "true")

    def _attachment(self, path: str, rest: list[str], request: web.BaseRequest) -> tuple[bytes, str] | None:
        query = request.query
        if not self._world.signer.admits(path, query.get("ex", ""), query.get("is", ""), query.get("hm", "")):
            return None
        return self._file("/".join(rest))

    def _file(self, rest: str) -> tuple[bytes, str] | None:
        """An attachment by channel, id and name, while its message shows it."""
        file = self._world.attachments.get(int(rest.split("/")[1]))
        if file is None or not file.alive:
            return None
        return file.content, file.content_type or "application/octet-stream"

    def _asset(self, path: str, *, animated: bool) -> tuple[bytes, str] | None:
        stem, _, extension = path.rpartition(".")
        asset = self._world.assets.get(stem) or self._world.painter(stem)
        if asset is None:
            return None
        wanted = _FORMATS.get(extension)
        if wanted is None or asset[1] == f"image/{wanted.lower()}":
            return asset
        moves = animated and wanted == "WEBP" and asset[1] == "image/gif"
        copy = moving(asset[0]) if moves else resized(asset[0], None, None, wanted)
        return (copy, f"image/{wanted.lower()}") if copy else None

    def _resized(self, content: bytes, content_type: str, request: web.BaseRequest) -> web.Response:
        query = request.query
        size = _number(query.get("size"))
        width, height = _number(query.get("width")) or size, _number(query.get("height")) or size
        wanted = _FORMATS.get(query.get("format", ""))
        if not (width or height or wanted):
            return web.Response(body=content, headers={"Content-Type": content_type})
        copy = resized(content, width, height, wanted)
        if copy is None:
            return web.Response(status=415, text="Unsupported media type.")
        kind = f"image/{wanted.lower()}" if wanted else content_type
        return web.Response(body=copy, headers={"Content-Type": kind})


def resized(content: bytes, width: int | None, height: int | None, wanted: str | None) -> bytes | None:
    """A copy that fits into `width` x `height` (never larger), as `wanted` or as it was; None if broken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_KNOWN) as picture:
                box = (width or picture.width, height or picture.height)
                kind = wanted or picture.format or "PNG"
                if picture.width * picture.height > LARGEST:
                    return None
                if kind == picture.format and picture.width <= box[0] and picture.height <= box[1]:
                    return content
                still = picture.convert("RGB" if kind == "JPEG" else "RGBA" if kind in ("PNG", "WEBP") else None)
                still.thumbnail(box)
                out = io.BytesIO()
                still.save(out, kind)
                return out.getvalue()
    except _BROKEN:
        return None


def moving(content: bytes) -> bytes | None:
    """An animation as WebP with all its frames; None if broken."""
    try:
        with Image.open(io.BytesIO(content), formats=_KNOWN) as picture:
            out = io.BytesIO()
            picture.save(out, "WEBP", save_all=True, lossless=True)
            return out.getvalue()
    except _BROKEN:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and 0 < int(text) <= 4096 else None
