"""What people of the sandbox do: found guilds, join them, post, edit, change their avatars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.sandbox import acts, permissions, wire
from bot.sandbox.entities import (
    FORUM,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Overwrite,
    Role,
    User,
)
from bot.sandbox.faces import Faces
from bot.sandbox.forms import Upload
from bot.sandbox.permissions import Permission
from bot.sandbox.world import World

BOT_RIGHTS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MANAGE_MESSAGES
    | Permission.MODERATE_MEMBERS
)
"""What the bot is invited with unless a test says otherwise."""

File = tuple[str, bytes, str | None] | tuple[str, bytes] | Upload
"""(name, bytes, content type); without the type Discord knows none."""
FORWARD = 1


def uploads(files: Iterable[File]) -> list[Upload]:
    """Files in either spelling."""
    return [file if isinstance(file, Upload) else Upload(*file) for file in files]


class Members(Faces):
    """The people's half of the facade; every method takes effect at once and is told to the bot."""

    world: World

    # --- making places and people ---------------------------------------------------------------------

    def guild(self, name: str = "Sandbox", *, bot_permissions: int = int(BOT_RIGHTS), bot_position: int = 50) -> Guild:
        """A guild with an owner and the bot, whose role has `bot_permissions` and stands at `bot_position`."""
        world = self.world
        owner = world.add_user(f"owner of {name}")
        ident = world.ids.next()
        guild = Guild(ident, name, owner.id)
        guild.roles[ident] = Role(ident, "@everyone", permissions.EVERYONE, 0)
        mine = Role(world.ids.next(), world.bot.name, int(bot_permissions), bot_position)
        guild.roles[mine.id] = mine
        now = world.clock.now()
        guild.members[owner.id] = Member(owner, now)
        guild.members[world.bot.id] = Member(world.bot, now, [mine.id])
        acts.add_guild(world, guild)
        return guild

    def owner(self, guild: Guild) -> User:
        """Who owns it."""
        return self.world.users[guild.owner_id]

    def bot_role(self, guild: Guild) -> Role:
        """The bot's own role, to take rights from it or move it (then call `role_changed`)."""
        return guild.roles[guild.members[self.world.bot.id].roles[0]]

    def role_changed(self, guild: Guild, role: Role) -> None:
        """Tell the bot of a role that was altered."""
        body = {"guild_id": str(guild.id), "role": wire.role(role)}
        self.world.emit("GUILD_ROLE_UPDATE", body, guild=guild)

    def role(self, guild: Guild, name: str, permissions: int = 0, *, position: int = 10) -> Role:
        """A role."""
        role = Role(self.world.ids.next(), name, int(permissions), position)
        guild.roles[role.id] = role
        self.world.emit("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": wire.role(role)}, guild=guild)
        return role

    def member(
        self,
        guild: Guild,
        name: str,
        *,
        roles: Sequence[Role] = (),
        user: User | None = None,
        joined: timedelta = timedelta(days=365),
        bot: bool = False,
    ) -> User:
        """Somebody joins (`joined` ago); `user` to let one who exists join another guild."""
        user = user or self.world.add_user(name, bot=bot)
        at = self.world.clock.now() - joined
        acts.join(self.world, guild, user, roles=[r.id for r in roles], joined_at=at)
        return user

    def leave(self, guild: Guild, user: User) -> None:
        """Somebody leaves."""
        acts.leave(self.world, guild, user)

    def outage(self, guild: Guild) -> None:
        """Discord loses sight of a guild; `back` ends it."""
        self.world.emit("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild=guild)

    def back(self, guild: Guild) -> None:
        """The guild is there again."""
        self.world.emit("GUILD_CREATE", wire.guild_create(guild, self.world.bot.id), guild=guild)

    def kick_bot(self, guild: Guild) -> None:
        """The bot is thrown out."""
        acts.remove_guild(self.world, guild)

    def invite_bot(self, guild: Guild) -> None:
        """Somebody adds the bot to a guild again that it was in before; it has its role again."""
        mine = [role.id for role in guild.roles.values() if role.name == self.world.bot.name]
        guild.members[self.world.bot.id] = Member(self.world.bot, self.world.clock.now(), mine)
        acts.add_guild(self.world, guild)

    def channel(
        self,
        guild: Guild,
        name: str = "general",
        *,
        nsfw: bool = False,
        forum: bool = False,
        parent: Channel | None = None,
    ) -> Channel:
        """A text channel or forum."""
        kind, position = FORUM if forum else TEXT, len(guild.channels)
        under = parent.id if parent else None
        made = Channel(self.world.ids.next(), name, kind, guild, under, nsfw, position=position)
        return acts.open_channel(self.world, made)

    def thread(self, parent: Channel, name: str, user: User, *, under: Message | None = None) -> Channel:
        """A thread in `parent`, under a message if given; in a forum, follow up with `post(..., starter=True)`."""
        ident = under.id if under else self.world.ids.next()
        made = Channel(ident, name, PUBLIC_THREAD, parent.guild, parent.id, owner_id=user.id)
        return acts.open_channel(self.world, made)

    def overwrite(self, channel: Channel, target: Role | User | Guild, *, allow: int = 0, deny: int = 0) -> None:
        """Permissions of a role, a member or (the guild) everyone in `channel`."""
        channel.overwrites[target.id] = Overwrite(target.id, isinstance(target, User), int(allow), int(deny))
        acts.change_channel(self.world, channel)

    def direct(self, user: User) -> Channel:
        """The direct messages between `user` and the bot."""
        return acts.direct(self.world, user)

    # --- posting ----------------------------------------------------------------------------------------

    def post(
        self,
        channel: Channel,
        author: User,
        text: str = "",
        *,
        files: Iterable[File] = (),
        embeds: Sequence[Json] = (),
        stickers: Sequence[Json] = (),
        components: Sequence[Json] = (),
        forward_of: Message | None = None,
        reply_to: Message | None = None,
        webhook: bool = False,
        starter: bool = False,
        at: datetime | None = None,
    ) -> Message:
        """Somebody posts. `webhook`: `author` is a webhook's face; `starter`: first post of a forum
        thread; `at`: when, for old posts."""
        message = acts.draft(
            self.world, channel, author, content=text, files=uploads(files), embeds=embeds, components=components, at=at
        )
        message.stickers = [_sticker_item(s) for s in stickers]
        if components and any(c["type"] not in (1,) for c in components):
            message.flags |= 1 << 15
        if starter:
            message.id = channel.id
        if webhook:
            message.webhook_id = author.id
        if forward_of:
            self._forward(message, forward_of)
        if reply_to:
            message.type, message.replied = 19, reply_to
            message.reference = _reference(reply_to, 0)
        return acts.publish(self.world, message)

    def _forward(self, message: Message, original: Message) -> None:
        copies = [
            Upload(a.filename, a.content, a.content_type, a.description, bool(a.flags & 1 << 3))
            for a in original.attachments
        ]
        snapshot = acts.draft(
            self.world,
            message.channel,
            original.author,
            content=original.content,
            files=copies,
            embeds=original.embeds,
            components=original.components,
            at=original.at,
        )
        snapshot.stickers = original.stickers
        message.reference, message.snapshots = _reference(original, FORWARD), [snapshot]
        message.flags |= 1 << 14

    def edit(
        self,
        message: Message,
        *,
        text: str | None = None,
        add: Iterable[File] = (),
        remove: Iterable[str] = (),
        embeds: Sequence[Json] | None = None,
    ) -> Message:
        """The author edits: other words, files added, files removed by name."""
        gone = set(remove)
        for attachment in message.attachments:
            attachment.alive = attachment.alive and attachment.filename not in gone
        message.attachments = [a for a in message.attachments if a.filename not in gone]
        message.attachments += [acts.upload(self.world, message.channel.id, f) for f in uploads(add)]
        if text is not None:
            message.content, message.mentions = text, acts.mentioned(self.world, text)
        acts.unfold(self.world, message, embeds, None)
        acts.updated(self.world, message)
        return message

    def embed_arrives_late(self, message: Message, *embeds: Json) -> Message:
        """Discord has looked at the links of a post: its embeds come in an update that is no edit."""
        acts.unfold(self.world, message, [*message.embeds, *embeds], None)
        acts.updated(self.world, message, edited=False)
        return message

    def hide_embeds(self, message: Message) -> list[Json]:
        """The author hides the embeds of a post, which Discord calls no edit; `embed_arrives_late` shows them again."""
        hidden, message.embeds = message.embeds, []
        acts.updated(self.world, message, edited=False)
        return hidden

    def delete(self, *messages: Message) -> None:
        """Somebody deletes a message; several of one channel go in bulk."""
        if len(messages) == 1:
            acts.delete(self.world, messages[0])
        else:
            acts.bulk_delete(self.world, messages[0].channel, messages)

    def react(self, message: Message, user: User, emoji: str) -> None:
        """Somebody reacts: with a character, or with a custom emoji as `emoji()` gave it."""
        _, name, ident = emoji.strip("<>").split(":") if emoji.startswith("<") else ("", emoji, None)
        message.reacted.setdefault(ident or name, set()).add(user.id)
        body: Json = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": ident, "name": name, "animated": emoji.startswith("<a:")},
            "burst": False,
            "type": 0,
        }
        guild = message.channel.guild
        if guild:
            body |= {"guild_id": str(guild.id), "member": wire.member(guild.members[user.id])}
        self.world.emit("MESSAGE_REACTION_ADD", body, guild=guild, channel=message.channel)

    def webhook(self, name: str = "Webhook") -> User:
        """The face of a webhook, to be given to `post(..., webhook=True)`."""
        return self.world.add_user(name, bot=True)


def _sticker_item(sticker: Json) -> Json:
    return {key: sticker[key] for key in ("id", "name", "format_type")}


def _reference(to: Message, kind: int) -> Json:
    body: Json = {"type": kind, "channel_id": str(to.channel.id), "message_id": str(to.id)}
    return body | ({"guild_id": str(to.channel.guild.id)} if to.channel.guild else {})
