"""What a file is, by its first bytes alone. Names and content types are what the sender says: ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

SNIFFED = 512  # bytes of the beginning that suffice


class Sort(StrEnum):
    """What can be done with a kind of file.

    `picture`: we decode it. `exotic`: an image or a moving picture that we do not decode, and that
    chat clients do not show as a picture. `shown`: one that we do not decode although some clients
    show it. `foreign`: known, and no image. `unknown`: nothing we recognise.
    """

    PICTURE = "picture"
    EXOTIC = "exotic"
    SHOWN = "shown"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, for example `jpeg`, and what can be done with it."""

    name: str
    sort: Sort

    @property
    def is_image(self) -> bool:
        """Whether the bytes alone make it an image, whatever it is called: some client shows it as a picture."""
        return self.sort in {Sort.PICTURE, Sort.SHOWN}


UNKNOWN = Kind("unknown", Sort.UNKNOWN)


def _kinds(sort: Sort, **patterns: bytes) -> list[tuple[re.Pattern[bytes], Kind]]:
    return [(re.compile(p, re.DOTALL), Kind(name, sort)) for name, p in patterns.items()]


_TABLE = [
    *_kinds(
        Sort.PICTURE,
        jpeg=rb"\xff\xd8\xff",
        png=rb"\x89PNG\r\n\x1a\n",
        gif=rb"GIF8[79]a",
        webp=rb"RIFF....WEBP",
        bmp=rb"BM(?=.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00)",  # else any text that begins with BM
        tiff=rb"(II[*+]\x00|MM\x00[*+])",
        avif=rb"....ftypavi[fs]",
        heif=rb"....ftyp(hei[cxms]|hev[cxms])",
    ),
    *_kinds(
        Sort.SHOWN,
        jxl=rb"(\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n)",
    ),
    *_kinds(
        Sort.EXOTIC,
        jp2=rb"(\xff\x4f\xff\x51|\x00\x00\x00\x0cjP  \r\n\x87\n)",
        psd=rb"8BPS\x00[\x01\x02]",
        ico=rb"\x00\x00\x01\x00[^\x00]\x00",
        cur=rb"\x00\x00\x02\x00[^\x00]\x00",
        icns=rb"icns",
        dds=rb"DDS ",
        blp=rb"BLP[12]",
        ftex=rb"FTEX",
        qoi=rb"qoif",
        jxr=rb"II\xbc",
        exr=rb"\x76\x2f\x31\x01",
        hdr=rb"#\?(RADIANCE|RGBE)",
        fits=rb"SIMPLE  =",
        pnm=rb"P[1-7f][\s#]",
        sgi=rb"\x01\xda[\x00\x01][\x01\x02]",
        sun=rb"\x59\xa6\x6a\x95",
        pcx=rb"\x0a[\x00\x02-\x05][\x00\x01][\x01\x02\x04\x08]",
        dcx=rb"\xb1\x68\xde\x3a",
        flc=rb"....[\x11\x12]\xaf",
        xpm=rb"/\* XPM \*/",
        xbm=rb"\s*#define [^\n]*_width",
        gimp=rb"gimp xcf",
        eps=rb"(%!PS|\xc5\xd0\xd3\xc6)",
        wmf=rb"(\xd7\xcd\xc6\x9a|\x01\x00\x00\x00.{36} EMF)",
        svg=rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]",
        mp4=rb"....ftyp",  # after the image brands above
        webm=rb"\x1a\x45\xdf\xa3",
        avi=rb"RIFF....AVI ",
        flv=rb"FLV\x01",
        mpeg=rb"\x00\x00\x01[\xb3\xba]",
    ),
    *_kinds(
        Sort.FOREIGN,
        gzip=rb"\x1f\x8b",
        pdf=rb"%PDF-",
        zip=rb"PK(\x03\x04|\x05\x06|\x07\x08)",
        rar=rb"Rar!\x1a\x07",
        sevenzip=rb"7z\xbc\xaf\x27\x1c",
        exe=rb"MZ",
        elf=rb"\x7fELF",
        ogg=rb"OggS",
        mp3=rb"(ID3|\xff[\xfb\xf3\xf2])",
        wav=rb"RIFF....WAVE",
        flac=rb"fLaC",
        html=rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|script)[\s>]",
    ),
]

_AV1 = frozenset({b"avif", b"avis"})
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})


def sniff(start: bytes) -> Kind:
    """The kind of a file that begins with `start` (the first `SNIFFED` bytes suffice)."""
    start = start[:SNIFFED]
    if start[4:12] in {b"ftypmif1", b"ftypmsf1"}:
        return _by_compatible_brands(start)
    return next((kind for pattern, kind in _TABLE if pattern.match(start)), UNKNOWN)


def _by_compatible_brands(start: bytes) -> Kind:
    """`mif1` and `msf1` say only "an image": the brands after it say in which coding (ISO/IEC 23008-12)."""
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[i : i + 4] for i in range(16, end, 4)}
    if brands & _AV1:
        return Kind("avif", Sort.PICTURE)
    return Kind("heif", Sort.PICTURE) if brands & _HEVC else Kind("mif1", Sort.SHOWN)
