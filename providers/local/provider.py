"""The provider `local`: works with no account and no network, and reports scores only."""

from __future__ import annotations

from policies.model import Category, Screening, Verdict, Versions
from providers.base import Ask, Image, Ticket
from providers.errors import BadRequest
from providers.local.models import NSFWJS_MID, OPEN_NSFW, Models
from providers.local.vote import labels, medium
from providers.testcard import is_card

COVERS = frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE, Category.ADVERTISING})
VERSIONS = Versions(
    model=f"open_nsfw:{OPEN_NSFW.sha256[:8]}+nsfwjs-mid:{NSFWJS_MID.sha256[:8]}",
    mapping="vote-1",
    preprocessing="views-256-1",
)


class LocalProvider:
    """open_nsfw and nsfwjs MobileNetV2-Mid voting over an image's views; QR codes are advertising.

    It covers pornography and suggestive pictures, photographed or drawn. `advertising` is assessed by
    QR codes alone: no text is read. Violence, extremism and hate are *not* covered, and its verdicts say so.
    """

    name = "local"
    covers = COVERS
    version = "/".join((VERSIONS.model, VERSIONS.mapping, VERSIONS.preprocessing))

    def __init__(self, models: Models | None = None) -> None:
        self._models = models or Models()

    def cache_key(self, ask: Ask) -> str:
        """Always the same: what it sees does not depend on what is asked."""
        return ""

    async def warm(self) -> None:
        """Load the models now. Raises Denied, with the cure, if their weights are missing or damaged."""
        await self._models.warm()

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge every view; the worst one counts. Raises ProviderError."""
        if not image.views:
            raise BadRequest("The image has no views to judge: it was not opened by the sandbox.")
        scores = await self._models.scores(image.views)
        return Verdict(
            provider=self.name,
            labels=labels(scores, advert=not all(map(is_card, image.codes))),
            assessed=self.covers,
            versions=VERSIONS,
            medium=medium(scores),
            frames=image.frames,
        )

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Ends the threads and frees the models."""
        await self._models.aclose()
