"""What a host has set for Huawei Cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from providers.addresses import is_private_to

CATEGORIES = ("porn", "terrorism", "image_text")
LANGUAGES = ("zh", "en", "ar")
DELIVERIES = ("base64", "url")
REGION = "ap-southeast-3"  # Singapore: the one region of the international site that has V3

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
    0 counts nothing. `language`: of text in images where the guild's is none of Huawei's.
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
    delivery: str = "base64"
    categories: tuple[str, ...] = CATEGORIES
    language: str = "en"
    price: float = 0.0

    def __post_init__(self) -> None:
        mistakes = [*self._of_account(), *self._of_place(), *self._of_request()]
        if mistakes:
            raise ValueError(" ".join(mistakes))

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
        return mistakes

    def _of_request(self) -> list[str]:
        mistakes = []
        unknown = [c for c in self.categories if c not in CATEGORIES]
        if unknown or not self.categories:
            said = f"{', '.join(map(repr, unknown))} not known" if unknown else "none given"
            mistakes.append(f"Huawei's categories are {', '.join(CATEGORIES)}; {said}.")
        if self.delivery not in DELIVERIES:
            mistakes.append(f"Huawei is given images by {' or '.join(DELIVERIES)}, not {self.delivery!r}.")
        if self.biz_type and not _NAME.fullmatch(self.biz_type):
            mistakes.append(f"{self.biz_type!r} is no policy of the console: letters, digits, - and _.")
        if self.language not in LANGUAGES:
            mistakes.append(f"Huawei reads {', '.join(LANGUAGES)}, not {self.language!r}.")
        if not self.price >= 0:
            mistakes.append(f"a price is 0 or more US dollars, not {self.price!r}.")
        return mistakes
