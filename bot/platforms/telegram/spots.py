"""Where on Telegram something stands, as the text that the rest of the house hands around.

A channel of ours is `-1001234` or, in a forum's topic, `-1001234/77`; a post is `10` or, as an album, `10+11+12`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """A chat, or one topic of a forum (`topic`: its `message_thread_id`)."""

    chat: int
    topic: int | None = None

    def __str__(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}/{self.topic}"

    @classmethod
    def parse(cls, text: str) -> Spot:
        """Of `Place.channel` and the like. Raises ValueError for what is no place on Telegram."""
        chat, slash, topic = text.partition("/")
        try:
            return cls(int(chat), int(topic) if slash else None)
        except ValueError:
            raise ValueError(f"{text!r} is no chat on Telegram; write its number, for example -1001234567890") from None


def ids_of(message: str) -> tuple[int, ...]:
    """The `message_id` of every part of a post, in order. Raises ValueError for what is no post on Telegram."""
    try:
        return tuple(int(part) for part in message.split("+"))
    except ValueError:
        raise ValueError(f"{message!r} is no message on Telegram") from None


def post_of(ids: Iterable[int]) -> str:
    """A post by its parts: each once, the first one first."""
    return "+".join(str(ident) for ident in sorted(set(ids)))
