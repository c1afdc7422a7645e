"""What takes posts and reactions away: one by one while it is quiet, in bulk when a flood comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import discord

from bot.model import Delete, Outcome, Tenant, Unreact
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.outcomes import DONE, NOT_THERE, Refusal, reason_of, reason_of_all
from bot.platforms.discord.walls import Walls, Wanted
from bot.platforms.gathering import Gathering, Wish, end
from bot.ports import Clock

_Wish = Wish[Delete]

MOST: Final = 100  # ids in one bulk deletion: Discord's limit
BULK_AGE: Final = timedelta(days=14) - timedelta(hours=1)  # Discord refuses the whole bulk for one older than 14 days
NO_RIGHT: Final = frozenset({50001, 50013})  # missing access, missing permissions: true of every post of a channel
WHY_ONE, WHY_MANY = "image removed", "images removed"
DELETE: Final = "delete"

Require = Callable[..., None]
"""(tenant, channel, *rights): raises Refusal naming the rights that we lack there."""


class Deletions:
    """Deletions for one connected client. What Discord answers passes through.

    A lone deletion is sent at once. Those of the same channel that come while one is on its way wait for it and
    then go together, as commits of a journal do: thirty posts of a raid cost two or three requests, which a
    limit of a few deletions a second would otherwise hold up. Each still ends for itself.
    """

    def __init__(self, client: BeholderClient, *, clock: Clock, walls: Walls, require: Require) -> None:
        self._client = client
        self._clock = clock
        self._walls = walls
        self._require = require
        self._gathering: Gathering[str, Delete] = Gathering(self._together, lambda queue: min(len(queue), MOST))

    async def delete(self, action: Delete) -> Outcome:
        """Delete a post, alone or with others."""
        self._must_be_there(action.tenant)
        self._require(action.tenant, action.channel, "view_channel", "manage_messages")
        await self._gathering.add(action.channel, action, partial(self._single, action))
        return DONE

    async def unreact(self, action: Unreact) -> Outcome:
        """Take an emoji off a post. Of a custom emoji Discord reads the id only, whatever name stands before it.

        https://github.com/discord/discord-api-docs/issues/2653
        """
        self._must_be_there(action.tenant)
        self._require(action.tenant, action.channel, "view_channel", "manage_messages")
        with self._walls.watch(_wanted(action.tenant, action.channel)):
            emoji = f"emoji:{int(action.emoji)}"
            await self._client.http.clear_single_reaction(int(action.channel), int(action.message), emoji)
        return DONE

    def _must_be_there(self, tenant: Tenant) -> None:
        """Raises Refusal for a guild that we were thrown out of: that its channels are not to be found would read as if
        the post were gone."""
        if self._client.is_ready() and not self._client.is_closed() and self._client.get_guild(int(tenant.id)) is None:
            raise Refusal(NOT_THERE)

    # --- together -------------------------------------------------------------------------------

    async def _together(self, channel: str, wishes: Sequence[_Wish]) -> None:
        """The same post wanted twice is one deletion; what is too old for a bulk goes alone."""
        by_id: dict[str, list[_Wish]] = {}
        for wish in wishes:
            by_id.setdefault(wish.what.message, []).append(wish)
        young = [m for m in by_id if self._is_young(m)]
        together = young if len(young) > 1 else []
        if together and not await self._bulk([w for m in together for w in by_id[m]], together):
            together = []
        for message in by_id.keys() - set(together):
            await self._one(by_id[message])

    def _is_young(self, message: str) -> bool:
        return self._clock.now() - discord.utils.snowflake_time(int(message)) < BULK_AGE

    async def _bulk(self, wishes: Sequence[_Wish], messages: Sequence[str]) -> bool:
        """Whether it has ended for all of them. False: Discord took offence at one, so each goes alone."""
        first = wishes[0].what
        reason = reason_of_all((w.what.case for w in wishes), WHY_MANY)
        try:
            with self._walls.watch(_wanted(first.tenant, first.channel)):
                await self._client.http.delete_messages(int(first.channel), [int(m) for m in messages], reason=reason)
        except discord.HTTPException as error:
            if error.status == 400 or (error.status == 403 and error.code not in NO_RIGHT):
                return False
            end(wishes, error)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            end(wishes, error)
        else:
            end(wishes)
        return True

    async def _one(self, wishes: Sequence[_Wish]) -> None:
        try:
            await self._single(wishes[0].what)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            end(wishes, error)
        else:
            end(wishes)

    async def _single(self, action: Delete) -> None:
        reason = reason_of(action.case, WHY_ONE)
        with self._walls.watch(_wanted(action.tenant, action.channel)):
            await self._client.http.delete_message(int(action.channel), int(action.message), reason=reason)


def _wanted(tenant: Tenant, channel: str) -> Wanted:
    return Wanted(tenant.id, DELETE, channel)
