from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.sniff import SNIFFED, Sort, sniff
from tests.bot.media.pictures import encoded, photo


@pytest.mark.parametrize(
    ("pillow", "name"),
    [
        ("JPEG", "jpeg"),
        ("PNG", "png"),
        ("GIF", "gif"),
        ("WEBP", "webp"),
        ("BMP", "bmp"),
        ("TIFF", "tiff"),
        ("AVIF", "avif"),
        ("JPEG2000", "jp2"),
        ("ICO", "ico"),
        ("PCX", "pcx"),
        ("DDS", "dds"),
        ("SGI", "sgi"),
        ("PPM", "pnm"),
        ("ICNS", "icns"),
        ("EPS", "eps"),
    ],
)
def test_knows_what_encoders_write(pillow: str, name: str) -> None:
    assert sniff(encoded(photo(), pillow)).name == name


@pytest.mark.parametrize(
    ("start", "name", "sort"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heif", Sort.PICTURE),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "avif", Sort.PICTURE),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heif", Sort.PICTURE),
        (b"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00jpegavif", "mif1", Sort.SHOWN),  # avif lies beyond the box
        (b"\x00\x00\x00\x1cftypavis\x00\x00\x00\x00avif", "avif", Sort.PICTURE),
        (b"\xff\x0a\xfa\x1f", "jxl", Sort.SHOWN),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl", Sort.SHOWN),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "mp4", Sort.EXOTIC),
        (b"\x1a\x45\xdf\xa3\x01", "webm", Sort.EXOTIC),
        (b"<?xml version='1.0'?>\n<!-- x --><svg xmlns=''>", "svg", Sort.EXOTIC),
        (b"<svg onload=alert(1)>", "svg", Sort.EXOTIC),
        (b"  <!DOCTYPE html><html>", "html", Sort.FOREIGN),
        (b"%PDF-1.7", "pdf", Sort.FOREIGN),
        (b"PK\x03\x04", "zip", Sort.FOREIGN),
        (b"MZ\x90\x00", "exe", Sort.FOREIGN),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav", Sort.FOREIGN),
        (b"BM is how this text begins, and it goes on for a while", "unknown", Sort.UNKNOWN),
        (b"GIF88a", "unknown", Sort.UNKNOWN),
        (b"", "unknown", Sort.UNKNOWN),
        (b"hello", "unknown", Sort.UNKNOWN),
    ],
)
def test_by_first_bytes(start: bytes, name: str, sort: Sort) -> None:
    kind = sniff(start)
    assert (kind.name, kind.sort) == (name, sort)


def test_only_what_some_client_shows_is_an_image_unasked() -> None:
    assert sniff(b"\xff\xd8\xff\xe0").is_image
    assert sniff(b"\xff\x0a").is_image
    assert not sniff(b"8BPS\x00\x01").is_image
    assert not sniff(b"%PDF-1.4").is_image
    assert not sniff(b"just words").is_image


def test_a_picture_with_another_file_behind_it_is_the_picture() -> None:
    polyglot = encoded(photo(), "PNG") + b"PK\x03\x04<script>alert(1)</script>%PDF-1.4"
    assert sniff(polyglot).name == "png"


@given(st.binary(max_size=2 * SNIFFED))
def test_any_bytes_have_one_kind_and_the_beginning_decides(data: bytes) -> None:
    assert sniff(data) == sniff(data[:SNIFFED])
