"""A third platform, as small as one can be: a board on which notes are pinned, without roles, rooms or evidence.

Whoever adds a platform can begin here: this is all that the pipeline and the desk need of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bot.model import (
    Action,
    Capabilities,
    Delete,
    EditCard,
    Event,
    Media,
    Outcome,
    OutcomeState,
    PostCard,
    PostPage,
    Retract,
    Say,
    Tenant,
    Warn,
)
from bot.ports import Gone, Submit
from policies.model import Act
from policies.wording import Worded

CAPABILITIES = Capabilities(
    acts=frozenset({Act.DELETE, Act.ESCALATE}),
    private_notice=False,
    history=False,
    evidence=False,
    roles=False,
    rooms=False,
    covers=False,
    ban_deletes=False,
)
DONE = Outcome(OutcomeState.DONE)


@dataclass
class Pinboard:
    """`bot.ports.Platform`. `notes`: what is pinned, by (channel, number)."""

    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "pinboard"

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def run(self, submit: Submit) -> None:
        """Nothing happens by itself here."""

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        note = self.notes.get((event.place.channel or "", event.message))
        if note is None:
            raise Gone("it was taken down")
        yield note.encode()

    async def perform(self, action: Action) -> Outcome:
        match action:
            case Delete() | Retract():
                self.notes.pop((action.channel, action.message), None)
                return DONE
            case EditCard():
                self.notes[action.channel, action.message] = action.card.title
                return DONE
            case PostCard():
                return self._pin(action.channel, action.card.title, action.nonce)
            case PostPage():
                return self._pin(action.channel, action.page.title, action.nonce)
            case Say():
                return self._pin(action.channel, action.text, action.nonce)
            case Warn():
                return self._pin(action.channel, "An image was removed.", action.nonce)
        return Outcome(OutcomeState.REFUSED, Worded("a pinboard cannot do that"))

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        ref = self.nonces.get(nonce)
        return Outcome(OutcomeState.FAILED) if ref is None else Outcome(OutcomeState.DONE, ref=ref)

    def _pin(self, channel: str, text: str, nonce: str) -> Outcome:
        ref = str(len(self.notes) + 1000)
        self.notes[channel, ref] = text
        self.nonces[nonce] = ref
        return Outcome(OutcomeState.DONE, ref=ref)
