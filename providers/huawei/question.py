"""What Huawei is asked, pure: from an `Ask` to the JSON of a request."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from policies.model import Category, Context
from providers.base import Ask
from providers.huawei.settings import CATEGORIES, LANGUAGES, HuaweiSettings, ImageTextConfig

NARROWED = "huawei.categories"
"""The option of an `Ask` that narrows what is looked for: names of Huawei's, separated by commas."""

# What each of Huawei's categories looks for, in our words.
COVERS: dict[str, frozenset[Category]] = {
    "porn": frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE}),
    "terrorism": frozenset({Category.EXTREMISM, Category.VIOLENCE, Category.VIOLENCE_GRAPHIC}),
    "image_text": frozenset({Category.ADVERTISING, Category.OFFENSIVE_TEXT}),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about an image, beside the image. `key` is all that the answer depends on."""

    event_type: Context
    categories: tuple[str, ...]
    language: str = ""
    biz_type: str = ""
    config: ImageTextConfig = ImageTextConfig()

    @property
    def assesses(self) -> frozenset[Category]:
        """What is looked for, in our words."""
        return frozenset[Category]().union(*(COVERS[c] for c in self.categories))

    @property
    def key(self) -> str:
        """A stable text of all of it."""
        return json.dumps(self.fields(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def fields(self) -> dict[str, Any]:
        """The request's fields beside `image` and `url`; what is empty is not sent."""
        lists = {"black_glossary_names": list(self.config.black), "white_glossary_names": list(self.config.white)}
        fields = {
            "event_type": self.event_type.value,
            "categories": list(self.categories),
            "language": self.language,
            "biz_type": self.biz_type,
            "image_text_config": {name: names for name, names in lists.items() if names},
        }
        return {name: value for name, value in fields.items() if value}

    def body(self, *, still: bytes = b"", url: str = "") -> bytes:
        """The request as it is sent, with the image's bytes or the URL where it is."""
        fields = json.dumps(self.fields() | ({"url": url} if url else {}), ensure_ascii=False, separators=(",", ":"))
        if url:
            return fields.encode()
        # A picture's base64 needs no escaping: millions of letters are copied, not looked at one by one.
        return b'%b,"image":"%b"}' % (fields[:-1].encode(), b64encode(still))


def question(ask: Ask, settings: HuaweiSettings) -> Question:
    """What Huawei is asked for `ask`: no category that nobody wants, since each one costs.

    Where a policy of the console (`biz_type`) decides what is looked for, nothing can be narrowed.
    """
    wanted = settings.categories if settings.biz_type else _wanted(ask, settings)
    categories = tuple(c for c in CATEGORIES if c in wanted)
    reads = "image_text" in categories
    return Question(
        event_type=ask.context,
        categories=categories,
        language=_language(ask.language, settings.language) if reads else "",
        biz_type=settings.biz_type,
        config=settings.image_text_config if reads else ImageTextConfig(),
    )


def _wanted(ask: Ask, settings: HuaweiSettings) -> set[str]:
    narrowed = dict(ask.options).get(NARROWED)
    allowed = set(settings.categories) if narrowed is None else set(settings.categories) & set(narrowed.split(","))
    return {c for c in allowed if COVERS[c] & ask.categories}


def _language(wanted: str, usual: str) -> str:
    """`zh-TW` is read as `zh`; a language that Huawei does not read as the usual one (ruling 16)."""
    spoken = wanted.lower().partition("-")[0].partition("_")[0]
    return spoken if spoken in LANGUAGES else usual
