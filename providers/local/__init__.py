"""The embedded default: two small models voting, and QR codes. Works with no account and no network."""

from providers.local import quiet  # noqa: F401 - first of all: see there
from providers.local.models import Models
from providers.local.provider import LocalProvider

__all__ = ["LocalProvider", "Models"]
