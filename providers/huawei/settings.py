"""What a host has set for Huawei Cloud."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policies.model import Category, nothing
from providers.addresses import is_private_to
from providers.links import is_place

CATEGORIES = ("porn", "terrorism", "image_text")
LANGUAGES = ("zh", "en", "ar")
REGION = "ap-southeast-3"  # Singapore: the one region of the international site that has V3

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Delivery(StrEnum):
    """How Huawei gets a picture."""

    BASE64 = "base64"  # the bytes go along
    RELAY = "relay"  # fetched from us, under a link that ends with the call
    DIRECT = "direct"  # fetched from the platform, under the platform's own link


@dataclass(frozen=True, slots=True)
class ImageTextConfig:
    """Word lists of the console: texts on a black one are found, those on a white one are let be."""

    black: tuple[str, ...] = ()
    white: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HuaweiSettings:
    """Account, place, and what is looked for. Raises ValueError that names every mistake with its cure.

    Requests are signed with `ak` and `sk`; where neither is set, `username` (an IAM user), `password` and
    `domain` (the account's name) log in for a token. `project_id` may stay empty: it is looked up by `region`.
    `biz_type` names a moderation policy of the console; it overrides context and categories, so `categories`
    must then say what that policy looks for. `price` is what one category of one image costs, in US dollars;
    0 counts nothing. `language`: of text in images where the guild's is none of Huawei's. `direct_from`: the only
    places a link for `direct` may lead to. `labels`: the host's own table, which goes before ours: Huawei's label, or
    its category and label as in `porn/intimacy`, and the category that we call it.
    """

    ak: str = ""
    sk: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)  # of temporary keys
    project_id: str = ""
    region: str = REGION
    url: str = ""
    iam_url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    domain: str = ""
    enterprise_project_id: str = ""
    biz_type: str = ""
    image_text_config: ImageTextConfig = ImageTextConfig()
    delivery: Delivery = Delivery.BASE64
    direct_from: tuple[str, ...] = ("https://cdn.discordapp.com/", "https://media.discordapp.net/")
    categories: tuple[str, ...] = CATEGORIES
    language: str = "en"
    price: float = 0.0
    labels: Mapping[str, Category] = field(default_factory=nothing, hash=False)

    def __post_init__(self) -> None:
        mistakes = [*self._of_account(), *self._of_place(), *self._of_request()]
        if mistakes:
            raise ValueError(" ".join(mistakes))
        object.__setattr__(self, "delivery", Delivery(self.delivery))  # may be given as its word

    @property
    def by_token(self) -> bool:
        """Whether it logs in for a token instead of signing."""
        return not self.ak

    @property
    def endpoint(self) -> str:
        """Where images are judged, without a slash at the end."""
        return (self.url or f"https://moderation.{self.region}.myhuaweicloud.com").rstrip("/")

    @property
    def iam_endpoint(self) -> str:
        """Where tokens and projects come from."""
        return (self.iam_url or f"https://iam.{self.region}.myhuaweicloud.com").rstrip("/")

    def _of_account(self) -> list[str]:
        if bool(self.ak) != bool(self.sk):
            missing = "secret access key (SK)" if self.ak else "access key ID (AK)"
            return [f"Huawei's {missing} is missing: both come in the file that the console gives for an access key."]
        if not self.ak and not (self.username and self.password and self.domain):
            return ["Huawei needs an access key (AK and SK), or an IAM user with its password and account name."]
        return []

    def _of_place(self) -> list[str]:
        mistakes = []
        if not _REGION.fullmatch(self.region):
            mistakes.append(f"{self.region!r} is no region of Huawei Cloud: it looks like {REGION}.")
        if self.project_id and not _NAME.fullmatch(self.project_id):
            mistakes.append("Huawei's project ID is letters, digits, - and _: copy it from My Credentials.")
        unsafe = [url for url in (self.url, self.iam_url) if url and not is_private_to(url)]
        mistakes += [
            f"{url!r} cannot be Huawei's address: pictures and tokens go over https:// only." for url in unsafe
        ]
        if not all(is_place(place) for place in self.direct_from):
            mistakes.append("a place for direct links is an https URL that ends in /, and never Telegram's.")
        return mistakes

    def _of_request(self) -> list[str]:
        mistakes = []
        unknown = [c for c in self.categories if c not in CATEGORIES]
        if unknown or not self.categories:
            said = f"{', '.join(map(repr, unknown))} not known" if unknown else "none given"
            mistakes.append(f"Huawei's categories are {', '.join(CATEGORIES)}; {said}.")
        if self.delivery not in tuple(Delivery):
            mistakes.append(f"Huawei is given images by {' or '.join(Delivery)}, not {self.delivery!r}.")
        lists = (*self.image_text_config.black, *self.image_text_config.white)
        unfit = [name for name in lists if not _is_list(name)]
        mistakes += [f"{name!r} is no word list of the console: letters, digits, - and _." for name in unfit]
        if self.biz_type and not _NAME.fullmatch(self.biz_type):
            mistakes.append(f"{self.biz_type!r} is no policy of the console: letters, digits, - and _.")
        if self.language not in LANGUAGES:
            mistakes.append(f"Huawei reads {', '.join(LANGUAGES)}, not {self.language!r}.")
        if not self.price >= 0:
            mistakes.append(f"a price is 0 or more US dollars, not {self.price!r}.")
        return mistakes


def _is_list(name: str) -> bool:
    """The console takes letters of any script."""
    return 0 < len(name) <= 64 and all(c.isalnum() or c in "-_" for c in name)
