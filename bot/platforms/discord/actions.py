"""Do what was decided, and say how it ended. Rights are checked from the cache before Discord is asked:
what it forbids counts towards its ban for invalid requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import discord

from bot.desk.verbs import Verb
from bot.model import (
    Action,
    Delete,
    EditCard,
    MakeChannel,
    Outcome,
    OutcomeState,
    PostCard,
    PostPage,
    Quarantine,
    RemoveMember,
    Restore,
    Retract,
    Say,
    Tenant,
    TimeoutMember,
    Unban,
    Unreact,
    Warn,
)
from bot.platforms.discord import layout
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.deletions import Deletions
from bot.platforms.discord.direct import DIRECT
from bot.platforms.discord.limits import CONTENT, clipped
from bot.platforms.discord.outcomes import (
    DONE,
    TRANSPORT_ERRORS,
    Impossible,
    NotYet,
    Refusal,
    outcome_of,
)
from bot.platforms.discord.pages import laid
from bot.platforms.discord.rights import AnyChannel, lacking
from bot.platforms.discord.rooms import Rooms
from bot.platforms.discord.sanctions import Sanctions
from bot.platforms.discord.views import Whose
from bot.platforms.discord.walls import Walls, Wanted
from bot.ports import Clock, Gone, Settings, Unfetchable
from bot.texts import buttons, notices, sanctions
from bot.texts.catalogue import Texts
from policies.wording import Worded

PATIENCE = 60.0  # seconds one action may take, waiting out rate limits included
LOOK_BACK = 300  # messages of a channel's history that are searched for one of ours
LONG_AGO = timedelta(hours=24)
CLOSING = Worded("the connection was being closed")
MENTION_NOBODY = discord.AllowedMentions.none()
SPEAK = ("view_channel", "send_messages")
SPEAK_IN_THREAD = ("view_channel", "send_messages_in_threads")

IN_DIRECT = (PostCard, EditCard, Say, Retract)
"""What can be done where there is no guild: show and say."""

Stream = Callable[[str], AsyncIterator[bytes]]


class Actions:
    """`perform` and `find` for one connected client. `walls` outlives it."""

    def __init__(
        self, client: BeholderClient, *, settings: Settings, clock: Clock, stream: Stream, walls: Walls
    ) -> None:
        self.client = self._client = client
        self._settings = settings
        self._clock = clock
        self._stream = stream
        self._walls = walls
        self._sanctions = Sanctions(client, clock=clock)
        self._deletions = Deletions(client, clock=clock, walls=walls, require=self._require)
        self._rooms = Rooms(client, settings)

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for what Discord or the network answers."""
        try:
            async with asyncio.timeout(PATIENCE):
                _require_a_guild(action)
                with self._watched(action):
                    return await self._do(action)
        except (*TRANSPORT_ERRORS, Refusal, Impossible, NotYet) as error:
            outcome = outcome_of(error, action)
        except RuntimeError:
            if not self._client.is_closed():  # aiohttp's word for a session that was closed under it
                raise
            return Outcome(OutcomeState.FAILED, CLOSING, retry=True)
        if outcome.state is OutcomeState.UNKNOWN:
            return await self._second_look(action, outcome)
        return outcome

    async def _second_look(self, action: Action, doubt: Outcome) -> Outcome:
        """A post whose answer was lost either stands there, or is worth another try: should the lost
        request still arrive, Discord drops the later of the two by their nonce."""
        if not isinstance(action, Warn | PostCard | PostPage | MakeChannel | Say | Restore):
            return doubt
        channel = "" if isinstance(action, MakeChannel) else action.channel
        found = await self.find(action.tenant, channel, action.nonce)
        match found.state:
            case OutcomeState.DONE:
                return found
            case OutcomeState.FAILED:
                return Outcome(OutcomeState.FAILED, doubt.detail, retry=True)
        return doubt

    async def _do(self, action: Action) -> Outcome:
        match action:
            case Delete():
                return await self._deletions.delete(action)
            case Unreact():
                return await self._deletions.unreact(action)
            case Warn():
                return await self._warn(action)
            case TimeoutMember() | Quarantine() | RemoveMember() | Unban():
                return await self._sanction(action)
            case PostCard():
                return await self._post_card(action)
            case EditCard():
                return await self._edit_card(action)
            case Say():
                return await self._say(action)
            case Retract():
                await self._channel(action.channel).get_partial_message(int(action.message)).delete()
                return DONE
            case Restore():
                return await self._restore(action)
        return await self._set_up(action)

    async def _set_up(self, action: Action) -> Outcome:
        match action:
            case PostPage():
                return await self._post_page(action)
            case MakeChannel():
                return await self._rooms.make(action)
        raise Impossible(f"{type(action).__name__} is not known here")

    async def _sanction(self, action: TimeoutMember | Quarantine | RemoveMember | Unban) -> Outcome:
        match action:
            case TimeoutMember():
                return await self._sanctions.time_out(action)
            case Quarantine():
                return await self._sanctions.quarantine(action)
            case RemoveMember():
                return await self._sanctions.remove(action)
        return await self._sanctions.unban(action)

    def _watched(self, action: Action) -> contextlib.AbstractContextManager[None]:
        """Not into a wall. Deletions see to that themselves, since one request may serve many of them."""
        if isinstance(action, Delete | Unreact):
            return contextlib.nullcontext()
        kind = type(action).__name__
        if isinstance(action, RemoveMember):
            kind = "ban" if action.ban else "kick"
        channel = getattr(action, "channel", "")
        guild = (
            f"{DIRECT.id}/{channel}" if action.tenant == DIRECT else action.tenant.id
        )  # of one who wants no messages
        return self._walls.watch(Wanted(guild, kind, channel))

    # --- posts ----------------------------------------------------------------------------------

    async def _warn(self, action: Warn) -> Outcome:
        await self._may_speak(action.tenant, action.channel)
        texts = await self._texts(action.tenant)
        label = buttons.button(Verb.DETAILS, texts).label
        return await self._send(
            action.channel,
            action.nonce,
            content=f"<@{int(action.author)}> {notices.removed(texts)}",
            view=layout.details_of(Whose(action.tenant.id, action.case), action.nonce, label),
            allowed_mentions=_mention(action.author),
        )

    async def _say(self, action: Say) -> Outcome:
        await self._may_speak(action.tenant, action.channel)
        addressed = action.text if action.author is None else f"<@{int(action.author)}> {action.text}"
        small_print = f"\n-# {layout.mark(action.nonce)}"
        text = clipped(addressed, CONTENT - len(small_print)) + small_print
        mentioned = MENTION_NOBODY if action.author is None else _mention(action.author)
        return await self._send(action.channel, action.nonce, content=text, allowed_mentions=mentioned)

    async def _post_page(self, action: PostPage) -> Outcome:
        await self._may_speak(action.tenant, action.channel)
        view = laid(action.page, action.tenant.id, action.nonce)
        return await self._send(action.channel, action.nonce, view=view)

    async def _restore(self, action: Restore) -> Outcome:
        await self._may_speak(action.tenant, action.channel, "attach_files")
        await self._must_be_of(action.tenant, action.card_channel)
        card = await self._channel(action.card_channel).fetch_message(int(action.card_message))
        kept = next((a for a in card.attachments if a.filename.startswith(layout.EVIDENCE)), None)
        if kept is None or not self._client.is_own(card):
            raise Impossible(Worded("the picture is no longer on the card, so it cannot be given back"))
        suffix = layout.suffix_of(kept.filename)
        picture = discord.File(io.BytesIO(await self._picture(kept.url)), f"{layout.mark(action.nonce)}{suffix}")
        texts = await self._texts(action.tenant)
        credit = texts.gettext(
            "Posted by {author}, removed by mistake and given back by the moderators.",
            author=f"<@{int(action.author)}>",
        )
        return await self._send(action.channel, action.nonce, content=credit, file=picture)

    async def _picture(self, url: str) -> bytes:
        try:
            return b"".join([chunk async for chunk in self._stream(url)])
        except Gone:
            raise Impossible(Worded("the picture is no longer there, so it cannot be given back")) from None
        except Unfetchable as error:
            raise Impossible(Worded("the picture could not be fetched: {why}", why=error.detail)) from None

    async def _send(self, channel: str, nonce: str, **parts: Any) -> Outcome:
        """Post once: discord.py sets `enforce_nonce`, so that Discord drops a repetition within minutes."""
        spoken = {"allowed_mentions": MENTION_NOBODY} | {k: part for k, part in parts.items() if part is not None}
        sent = await self._channel(channel).send(nonce=layout.mark(nonce), **spoken)
        return Outcome(OutcomeState.DONE, ref=str(sent.id))

    # --- cards ----------------------------------------------------------------------------------

    async def _post_card(self, action: PostCard) -> Outcome:
        card = action.card
        needed = ("embed_links",) if card.picture is None else ("embed_links", "attach_files")
        await self._may_speak(action.tenant, action.channel, *needed)
        return await self._send(
            action.channel,
            action.nonce,
            embed=layout.embed_of(card, action.nonce if card.picture is None else None),
            view=await self._buttons(action),
            file=layout.evidence_of(card, action.nonce),
        )

    async def _edit_card(self, action: EditCard) -> Outcome:
        """Its new words; whoever edits a card knows its id, so it needs no mark any more.

        Where direct messages' cards once stood may be another channel than today's; their pictures go there too.
        """
        if action.tenant != DIRECT:
            await self._must_be_of(action.tenant, action.channel)
        message = self._channel(action.channel).get_partial_message(int(action.message))
        kept: dict[str, Any] = {"attachments": []} if action.drop_picture else {}
        await message.edit(
            embed=layout.embed_of(action.card, None),
            view=await self._buttons(action),
            allowed_mentions=MENTION_NOBODY,
            **kept,
        )
        return Outcome(OutcomeState.DONE, ref=action.message)

    async def _buttons(self, action: PostCard | EditCard) -> discord.ui.View:
        texts = await self._texts(action.tenant)
        words = {"open_label": texts.gettext("Open the post"), "prompt": sanctions.prompt(texts)}
        return layout.buttons_of(action.card, action.tenant.id, **words)

    # --- looking for our own ------------------------------------------------------------------------

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Whether our message with `nonce` stands in `channel`, or without a channel, whether we made one: done
        with its id, failed, or unknown."""
        try:
            async with asyncio.timeout(PATIENCE):
                if not channel:
                    return await self._rooms.find(tenant, nonce)
                self._require(tenant, channel, "view_channel", "read_message_history")
                return await self._find(channel, nonce)
        except Refusal as error:
            return Outcome(OutcomeState.UNKNOWN, error.said)
        except discord.NotFound:
            return Outcome(OutcomeState.FAILED, Worded("the channel is gone"))
        except TRANSPORT_ERRORS as error:
            why = Worded("the channel's history could not be read: {why}", why=type(error).__name__)
            return Outcome(OutcomeState.UNKNOWN, why, retry=not isinstance(error, discord.Forbidden))
        except RuntimeError:  # aiohttp's word for a session that is closed, before or while it was asked
            return Outcome(OutcomeState.UNKNOWN, CLOSING, retry=True)

    async def _find(self, channel: str, nonce: str) -> Outcome:
        since = self._clock.now() - LONG_AGO
        seen = 0
        async for message in self._channel(channel).history(limit=LOOK_BACK):
            seen += 1
            if self._client.is_own(message) and layout.bears(message, nonce):
                return Outcome(OutcomeState.DONE, ref=str(message.id))
            if message.created_at < since:
                seen = 0
                break
        if seen < LOOK_BACK:
            return Outcome(OutcomeState.FAILED, Worded("it was not posted"))
        return Outcome(OutcomeState.UNKNOWN, Worded("it is not among the last {count} messages", count=LOOK_BACK))

    # --- rights -------------------------------------------------------------------------------------

    def _channel(self, channel: str) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(channel))

    async def _may_speak(self, tenant: Tenant, channel: str, *more: str) -> None:
        """Raises Refusal where we may not post for `tenant`; a thread has a right of its own."""
        await self._must_be_of(tenant, channel)
        _, known = self._cached(tenant, channel)
        speak = SPEAK_IN_THREAD if isinstance(known, discord.Thread) else SPEAK
        self._require(tenant, channel, *speak, *more)

    async def _must_be_of(self, tenant: Tenant, channel: str) -> None:
        """Raises Refusal for a channel of another guild: its moderators must neither see this one's cases
        nor decide them. Of a channel that is not cached, such as an archived thread, Discord is asked."""
        if tenant == DIRECT:
            return await self._must_be_the_hosts(channel)
        if channel.isdecimal():
            _, known = self._cached(tenant, channel)
            if known is not None:
                return None
            found = await self._client.http.get_channel(int(channel))
            if str(found.get("guild_id")) == tenant.id:
                return None
        raise Refusal(
            Worded("{channel} is not a channel of this server: run /setup here and choose one that is", channel=channel)
        )

    async def _must_be_the_hosts(self, channel: str) -> None:
        """What comes of direct messages is said there, or in the one channel that the host named for it."""
        policy, _ = await self._settings.policy(DIRECT)
        if channel == policy.mod_channel:
            return
        found: dict[str, Any] = {}
        if channel.isdecimal():
            found = {**await self._client.http.get_channel(int(channel))}
        if found.get("type") != discord.ChannelType.private.value:
            where = {"channel": channel, "guild": DIRECT}
            said = Worded("{channel} is not the channel for direct messages: set mod_channel of {guild}", **where)
            raise Refusal(said)

    def _require(self, tenant: Tenant, channel: str, *names: str) -> None:
        """Raises Refusal naming the rights we lack in `channel`, where the cache knows it."""
        guild, known = self._cached(tenant, channel)
        if guild is None or known is None:
            return
        if missing := lacking(known, guild.me, dict.fromkeys(names)):
            lacks = {"rights": tuple(missing), "channel": known.mention}
            told = Worded("I lack “{rights}” in {channel}: give it to my role there", **lacks)
            raise Refusal(told)

    def _cached(self, tenant: Tenant, channel: str) -> tuple[discord.Guild | None, AnyChannel | None]:
        if tenant == DIRECT:
            known = self._client.get_channel(int(channel))
            return (known.guild, known) if isinstance(known, AnyChannel) else (None, None)
        guild = self._guild(tenant)
        return guild, guild.get_channel_or_thread(int(channel)) if guild is not None else None

    def _guild(self, tenant: Tenant) -> discord.Guild | None:
        return self._client.get_guild(int(tenant.id)) if tenant.id.isdecimal() else None

    async def _texts(self, tenant: Tenant) -> Texts:
        policy, _ = await self._settings.policy(tenant)
        return Texts(policy.language)


def _require_a_guild(action: Action) -> None:
    """Raises Refusal for what cannot be done in direct messages (ruling 13)."""
    if action.tenant == DIRECT and not isinstance(action, IN_DIRECT):
        raise Refusal(Worded("in direct messages nothing of others can be removed, and nobody is a member"))


def _mention(author: str) -> discord.AllowedMentions:
    """Exactly the one who is addressed hears of it."""
    return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[discord.Object(int(author))])
