"""Images that Discord keeps under an id or a hash of its own: the key of such a media says where its bytes are.

| key | bytes |
|---|---|
| `sticker:<id>`, `sticker:<id>:gif` | a sticker; GIF ones lie on the media host |
| `emoji:<id>`, `emoji:<id>:animated` | a custom emoji, standing still or moving: two pictures, and so two keys |
| `avatar:<path>`, `banner:<path>`, `cover:<path>` | a face or a cover, by its path on the CDN |
| `banner:of/<user>` | whichever banner a user has at the moment; the one kind whose address has to be asked for |

These addresses are neither signed nor do they expire, and but for the last kind they never show other bytes: the
hash is part of them (discord.com/developers/docs/reference#image-formatting).
"""

from __future__ import annotations

from typing import ClassVar

from discord.asset import Asset

from bot.model import Media, MediaKind

GIF, ANIMATED = ":gif", ":animated"  # how the keys of such stickers and emoji end
LOTTIE = "lottie"
BANNER_OF = "banner:of/"
ASSETS = frozenset({MediaKind.STICKER, MediaKind.EMOJI, MediaKind.AVATAR, MediaKind.BANNER, MediaKind.COVER})
SIDE = 1024  # px: the longer side as it is asked for; what is smaller comes as it is
REDUCED = 256  # px: of the smaller copy, for what is over the limits of the decoder


class MediaHost:
    """Where GIF stickers lie: discord.py has their host built in, so we keep it beside `Asset.BASE`."""

    BASE: ClassVar[str] = "https://media.discordapp.net"


def sticker(ident: int, *, gif: bool = False) -> Media:
    """A sticker that can be decoded."""
    return Media(MediaKind.STICKER, f"sticker:{ident}{GIF if gif else ''}", immutable=True)


def lottie(ident: int) -> Media:
    """A sticker that is a drawing programme: nothing of ours renders those."""
    return Media(MediaKind.STICKER, f"sticker:{ident}", immutable=True, unsupported=LOTTIE)


def emoji(ident: int, *, animated: bool = False) -> Media:
    """A custom emoji. Whoever writes an animated one as if it stood still is shown its first frame only."""
    return Media(MediaKind.EMOJI, f"emoji:{ident}{ANIMATED if animated else ''}", immutable=True)


def face(kind: MediaKind, path: str) -> Media:
    """An avatar, banner or cover under its path on the CDN, without the extension. One that was taken off has a
    path that ends in `/`, since nothing hangs there any more."""
    return Media(kind, f"{kind.value}:{path}", immutable=not path.endswith("/"))


def banner_of(user: str) -> Media:
    """Whichever banner `user` has; none at all is no image."""
    return Media(MediaKind.BANNER, f"{BANNER_OF}{user}")


def address(media: Media, *, reduced: bool = False) -> str:
    """Where the bytes of an asset are: every frame, unless a still copy (`reduced`) is asked for."""
    _, _, name = media.key.partition(":")
    match media.kind:
        case MediaKind.STICKER:
            return _sticker(name, reduced=reduced)
        case MediaKind.EMOJI:
            moves = name.endswith(ANIMATED)
            return _webp(f"emojis/{name.removesuffix(ANIMATED)}", moves=moves, reduced=reduced)
    return _webp(name, moves=name.rpartition("/")[2].startswith("a_"), reduced=reduced)


def _sticker(name: str, *, reduced: bool) -> str:
    """PNG and APNG are one and the same address; scaled, they would stand still."""
    if name.endswith(GIF):
        return f"{MediaHost.BASE}/stickers/{name.removesuffix(GIF)}.gif"
    return f"{Asset.BASE}/stickers/{name}.png{f'?size={REDUCED}' if reduced else ''}"


def _webp(path: str, *, moves: bool, reduced: bool) -> str:
    size, frames = (REDUCED, "") if reduced else (SIDE, "&animated=true" if moves else "")
    return f"{Asset.BASE}/{path}.webp?size={size}{frames}"
