"""Interactions: what a member pressed or asked, and everything the bot answered to it."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.entities import Channel, Json, Message, User
from bot.sandbox.errors import ACKNOWLEDGED, WEBHOOK_TOKEN, unknown
from bot.sandbox.world import World

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 1, 2, 3, 4, 5
PONG, REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ANSWER_WITHIN = timedelta(seconds=3)
TOKEN_LASTS = timedelta(minutes=15)


@dataclass(slots=True, eq=False)
class Answered:
    """What the bot answered to one interaction; it keeps growing while the bot says more.

    `callbacks` are the raw bodies of the callback, `messages` all messages shown in answer, in
    order (the first may be the original response), `took` seconds until the first callback.
    """

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    at: datetime
    sent: float
    message: Message | None = None  # the one whose button was pressed
    name: str = ""
    callbacks: list[Json] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    original: Message | None = None
    deferred_flags: int = 0
    took: float | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kind(self) -> int | None:
        """Type of the callback: 4 reply, 5 deferred, 6 deferred update, 7 update, 8 choices, 9 modal."""
        return self.callbacks[0]["type"] if self.callbacks else None

    @property
    def last(self) -> Message:
        """The newest message of the answer. LookupError if there is none."""
        if not self.messages:
            raise LookupError(f"the bot answered {self.name or 'this'} without a message: {self.callbacks}")
        return self.messages[-1]

    @property
    def text(self) -> str:
        """Its text: content, then embeds and text displays."""
        return words(self.last)

    @property
    def ephemeral(self) -> bool:
        """Whether all of the answer is for the presser alone."""
        return bool(self.messages) and all(m.ephemeral for m in self.messages)

    @property
    def modal(self) -> Json | None:
        """The form that was opened."""
        return self.callbacks[0].get("data") if self.kind == MODAL else None

    @property
    def choices(self) -> list[Json]:
        """What was suggested to an autocomplete."""
        found: list[Json] = self.callbacks[0]["data"]["choices"] if self.kind == CHOICES else []
        return found

    @property
    def answered(self) -> bool:
        """Whether the presser sees an answer; a mere *thinking…* is none."""
        return self.kind in (REPLY, UPDATE, CHOICES, MODAL) or bool(self.messages)

    @property
    def acknowledged(self) -> bool:
        """Whether there was a callback at all."""
        return bool(self.callbacks)

    async def wait(self, *, messages: int = 0, acknowledged: bool = False, timeout: float = 5.0) -> Answered:  # noqa: ASYNC109
        """Until answered; with `messages`, until there are that many. TimeoutError tells what came."""
        try:
            async with asyncio.timeout(timeout):
                while not self._suffices(messages, acknowledged):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            seen = [c["type"] for c in self.callbacks], [words(m) for m in self.messages]
            raise TimeoutError(
                f"no answer to {self.name!r} within {timeout} s; callbacks and messages: {seen}"
            ) from None
        return self

    def _suffices(self, messages: int, acknowledged: bool) -> bool:
        if acknowledged:
            return self.acknowledged
        return len(self.messages) >= messages if messages else self.answered

    def shows(self, message: Message) -> None:
        """Another message of the answer."""
        self.messages.append(message)
        self.changed.set()


def words(message: Message) -> str:
    """All that a message says: content, embeds' texts, text displays."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts += [f"{f['name']}: {f['value']}" for f in embed.get("fields", ())]
        parts.append((embed.get("footer") or {}).get("text", ""))
    parts += _displays(message.components)
    return "\n".join(part for part in parts if part)


def _displays(components: list[Json]) -> list[str]:
    found: list[str] = []
    for component in components:
        if component["type"] == 10:
            found.append(component["content"])
        found += _displays(component.get("components") or [])
    return found


class Interactions:
    """All interactions, by their tokens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_token: dict[str, Answered] = {}
        self.late = 0

    def begin(self, kind: int, user: User, channel: Channel, name: str, message: Message | None = None) -> Answered:
        """A member did something; the bot is not told yet."""
        now = self._world.clock.now()
        begun = Answered(
            self._world.ids.next(),
            secrets.token_urlsafe(48),
            kind,
            user,
            channel,
            now,
            time.perf_counter(),
            message=message,
            name=name,
        )
        self._by_token[begun.token] = begun
        return begun

    def answerable(self, ident: int, token: str) -> Answered:
        """For a callback: known, not answered yet, not older than 3 s."""
        begun = self._by_token.get(token)
        if begun is None or begun.id != ident:
            raise unknown("interaction")
        if self._world.clock.now() - begun.at > ANSWER_WITHIN and not begun.callbacks:
            self.late += 1
            raise unknown("interaction")
        if begun.callbacks:
            raise ACKNOWLEDGED
        return begun

    def continued(self, app: int, token: str) -> Answered:
        """For a follow-up: acknowledged and not older than 15 min."""
        begun = self._by_token.get(token)
        if begun is None or app != self._world.app_id:
            raise unknown("Webhook")
        if self._world.clock.now() - begun.at > TOKEN_LASTS:
            raise WEBHOOK_TOKEN
        if not begun.callbacks:
            raise unknown("Webhook")
        return begun
