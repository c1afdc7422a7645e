"""What a host has set for AWS Rekognition."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from providers.addresses import is_private_to

REGION = "us-east-1"

_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)  # IAM API reference, AccessKey
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
_TEMPORARY = "ASIA"  # IAM user guide, "Understanding unique ID prefixes"


@dataclass(frozen=True, slots=True)
class RekognitionSettings:
    """Raises ValueError that names every mistake with its cure; never repeats a secret.

    `session_token` belongs to temporary keys. `url`: another address than the region's, for proxies and tests.
    `price`: what one picture costs, in US dollars.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    region: str = REGION
    url: str = ""
    price: float = 0.001

    def __post_init__(self) -> None:
        mistakes = [*self._of_key(), *self._of_place()]
        if not self.price >= 0:
            mistakes.append(f"a price is 0 or more US dollars, not {self.price!r}.")
        if mistakes:
            raise ValueError(" ".join(mistakes))

    @property
    def endpoint(self) -> str:
        """Where pictures are judged. With a slash at the end: every call goes to the root."""
        return (self.url or f"https://rekognition.{self.region}.amazonaws.com").rstrip("/") + "/"

    def _of_key(self) -> list[str]:
        if not _KEY_ID.fullmatch(self.access_key_id) or not self.secret_access_key:
            return [
                "AWS' access key is an id of 16 or more letters and digits (AKIA...) and a secret: "
                "copy both again from IAM."
            ]
        if self.access_key_id.startswith(_TEMPORARY) and not self.session_token:
            return ["this access key is a temporary one (ASIA...): set BEHOLDER_REKOGNITION_SESSION_TOKEN as well."]
        return []

    def _of_place(self) -> list[str]:
        mistakes = []
        if not _REGION.fullmatch(self.region):
            mistakes.append(f"{self.region!r} is no region of AWS: it looks like {REGION}.")
        if self.url and not is_private_to(self.url):
            mistakes.append(f"{self.url!r} cannot be Rekognition's address: pictures go over https:// only.")
        return mistakes
