"""What the host sets for HitPaw."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from providers.addresses import is_private_to
from providers.hitpaw.wire import CREDITS
from providers.links import is_place


class Delivery(StrEnum):
    """How HitPaw gets a picture: it takes nothing but a link."""

    UPLOAD = "upload"  # put into the vendor's own storage, where it lies for up to 7 days
    RELAY = "relay"  # fetched from us, under a link that ends with the job
    DIRECT = "direct"  # fetched from the platform, under the platform's own signed link


@dataclass(frozen=True, slots=True)
class HitPawSettings:
    """`soft_deadline`: seconds after which a job is left pending and looked after in the background.

    `fall_back`: whether a picture whose link HitPaw could not use is uploaded once. `direct_from`: the only
    places a link for `direct` may lead to. `polls_per_second`: of all jobs of this key together.
    """

    api_key: str = field(repr=False)
    url: str = "https://api-base.hitpaw.com"
    delivery: Delivery = Delivery.UPLOAD
    soft_deadline: float = 8.0
    fall_back: bool = True
    direct_from: tuple[str, ...] = ("https://cdn.discordapp.com/", "https://media.discordapp.net/")
    credit_price: float = 0.001  # US dollars
    polls_per_second: float = 10.0

    def __post_init__(self) -> None:
        """Raises ValueError with the cure; never repeats the key. `delivery` may be given as its word."""
        object.__setattr__(self, "delivery", Delivery(self.delivery))
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            raise ValueError("HitPaw's API key is empty or has a space or foreign character in it; copy it again")
        if not is_private_to(self.url):
            raise ValueError("HitPaw's URL must begin with https://: over http anybody on the way reads the key")
        for place in self.direct_from:
            if not is_place(place):
                raise ValueError("a place for direct links is an https URL that ends in /, and never Telegram's")
        if not (self.soft_deadline > 0 and self.credit_price >= 0):
            raise ValueError("soft_deadline must be above 0 seconds, and credit_price not below 0 dollars")

    @property
    def task_cost(self) -> float:
        """US dollars a task costs by the price list."""
        return CREDITS * self.credit_price
