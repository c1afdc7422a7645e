"""The still as Rekognition takes it: JPEG or PNG, 80 to 10,000 pixels a side, up to 5 MiB."""

from __future__ import annotations

from io import BytesIO

from PIL import Image as Pillow

from providers.errors import TooLarge, UnsupportedFormat

MOST_BYTES = 5_242_880  # the API's own model, shape ImageBlob
SIDES = range(80, 10_001)  # pixels (developer guide, limits)
VERSION = "still-1-least-80"


def fitted(still: bytes) -> bytes:
    """`still`, enlarged where it is smaller than Rekognition takes; else as it is.

    Raises TooLarge or UnsupportedFormat where it is nothing for Rekognition: before a call that would be in vain.
    Emoji and small avatars are below the least size, and would else never be judged.
    """
    if len(still) > MOST_BYTES:
        raise TooLarge(f"The picture has {len(still)} bytes: Rekognition takes {MOST_BYTES} at most.")
    try:
        with Pillow.open(BytesIO(still), formats=("JPEG", "PNG")) as picture:
            short, long = sorted(picture.size)
            if short >= SIDES.start and long in SIDES:
                return still
            factor = -(-SIDES.start // short)
            if long * factor not in SIDES:
                raise TooLarge(f"The picture is {short} x {long}: Rekognition takes 80 to 10000 pixels a side.")
            return _enlarged(picture, factor)
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        raise UnsupportedFormat("The picture is no JPEG or PNG: it was not opened by the sandbox.") from None


def _enlarged(picture: Pillow.Image, factor: int) -> bytes:
    """By a whole number, as a PNG, so that nothing is lost."""
    with BytesIO() as file:
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        picture.convert(mode).resize((picture.width * factor, picture.height * factor)).save(file, "PNG")
        return file.getvalue()
