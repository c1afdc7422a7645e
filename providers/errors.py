"""What can go wrong with a provider. Each error becomes exactly one `Unscreened`, never a pass.

ProviderError
├── Unavailable            outage: may work later
│   ├── Timeout
│   ├── RateLimited *      carries retry_after (seconds)
│   ├── Paused *           nobody was asked: it is known to be out
│   ├── Crowded            nobody was asked: what we need for it is in use
│   └── ServerFault
├── Refused                undecodable: this image will never be taken
│   ├── TooLarge
│   ├── UnsupportedFormat
│   └── BadRequest
├── Denied *               outage: the host must do something
│   ├── BadCredentials
│   └── QuotaSpent
└── Garbled                outage: an answer that is not one

* the image itself was not looked at: that was no try of it (`tried`).
"""

from __future__ import annotations

from policies.model import Unscreened, UnscreenedReason


class ProviderError(Exception):
    """A provider gave no verdict. `str(error)` is one sentence that names the cure; no secrets."""

    reason = UnscreenedReason.OUTAGE
    tried = True  # False: the image was turned away unseen, so that it may be shown as often again
    ill = True  # whether it says that the provider is ill, so that enough of them pause it


class Unavailable(ProviderError):
    """No answer now; the same call may succeed later."""


class Timeout(Unavailable):
    """No answer within the deadline."""


class RateLimited(Unavailable):
    """Too many calls; `retry_after` is how many seconds to wait."""

    tried = False
    ill = False

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Paused(Unavailable):
    """Nobody was asked: too many calls before this one failed."""

    tried = False


class Crowded(Unavailable):
    """Too much of ours is under way for one call more. It counts as a try, so that the next one comes later."""

    ill = False


class ServerFault(Unavailable):
    """The provider failed on its side."""


class Refused(ProviderError):
    """The provider will not take this image, however often it is asked."""

    reason = UnscreenedReason.UNDECODABLE
    ill = False


class TooLarge(Refused):
    """More bytes or pixels than the provider takes."""


class UnsupportedFormat(Refused):
    """A format the provider does not take."""


class BadRequest(Refused):
    """The provider found our request wrong."""


class Denied(ProviderError):
    """The provider refuses us, not the image: the host must act."""

    tried = False
    ill = False


class BadCredentials(Denied):
    """Key, token or clock is wrong."""


class QuotaSpent(Denied):
    """Nothing left to spend."""


class Garbled(ProviderError):
    """An answer that cannot be read as one: wrong type, missing field, not a number."""


def unscreened(provider: str, error: ProviderError) -> Unscreened:
    """The one screening that `error` stands for (ruling 1)."""
    return Unscreened(provider=provider, reason=error.reason, detail=str(error), tried=error.tried)
