"""HitPaw Image Moderation (developer.hitpaw.com): a paid, slow vendor that looks for sexual content alone."""

from providers.hitpaw.delivery import Delivery
from providers.hitpaw.provider import HitPawProvider
from providers.hitpaw.settings import HitPawSettings

__all__ = ["Delivery", "HitPawProvider", "HitPawSettings"]
