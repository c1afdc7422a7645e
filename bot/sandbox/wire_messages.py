"""How messages and their attachments look as JSON of Discord's API v10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox import wire
from bot.sandbox.entities import Attachment, Json, Message

Signed = Callable[[str], tuple[str, str]]
"""A CDN path -> (url, proxy_url), freshly signed."""


def attachment(of: Attachment, signed: Signed) -> Json:
    """MessageAttachmentResponse with freshly signed URLs."""
    url, proxy_url = signed(of.path)
    body: Json = {
        "id": str(of.id),
        "filename": of.filename,
        "size": len(of.content),
        "url": url,
        "proxy_url": proxy_url,
    }
    if of.content_type:
        body["content_type"] = of.content_type
    if of.width:
        body |= {"width": of.width, "height": of.height, "placeholder": "", "placeholder_version": 1}
    if of.description:
        body["description"] = of.description
    if of.flags:
        body["flags"] = of.flags
    if of.ephemeral:
        body["ephemeral"] = True
    return body


def content(of: Message, signed: Signed) -> Json:
    """MinimalContentMessageResponse: what a forward's snapshot carries too.

    An attachment that an embed or component shows is not listed among `attachments`
    (discord-api-docs issue 8277).
    """
    shown = _shown_paths(of.embeds) | _shown_paths(of.components)
    body: Json = {
        "type": of.type,
        "content": of.content,
        "timestamp": wire.stamp(of.at),
        "edited_timestamp": wire.stamp(of.edited_at),
        "flags": of.flags,
        "attachments": [attachment(a, signed) for a in of.attachments if a.path not in shown],
        "embeds": _sign(of.embeds, signed) if shown else of.embeds,
        "components": _sign(of.components, signed) if shown else of.components,
        "mentions": [wire.user(u) for u in of.mentions],
        "mention_roles": [],
    }
    if of.stickers:
        body["sticker_items"] = of.stickers
    return body


def message(of: Message, signed: Signed) -> Json:
    """MessageResponse."""
    body: Json = {
        "id": str(of.id),
        "channel_id": str(of.channel.id),
        "author": wire.user(of.author),
        "pinned": of.pinned,
        "mention_everyone": False,
        "tts": False,
        **content(of, signed),
    }
    if of.nonce is not None:
        body["nonce"] = of.nonce
    if of.application_id:
        body["application_id"] = str(of.application_id)
    if of.webhook_id:
        body["webhook_id"] = str(of.webhook_id)
    if of.interaction:
        body["interaction_metadata"] = of.interaction
    if of.reference:
        body |= _reference(of, signed)
    return body


def _reference(of: Message, signed: Signed) -> Json:
    body: Json = {"message_reference": of.reference}
    if of.snapshots:
        body["message_snapshots"] = [{"message": content(s, signed)} for s in of.snapshots]
    elif of.type == 19:
        body["referenced_message"] = message(of.replied, signed) if of.replied and not of.replied.deleted_at else None
    return body


OWN = "cdn:"
"""Marks the path of an own attachment inside stored embeds and components; signed when shown."""


def _shown_paths(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(_shown_paths, tree)) if tree else set()
    if not isinstance(tree, dict):
        return set()
    url = tree.get("url")
    own = {url[len(OWN) :]} if isinstance(url, str) and url.startswith(OWN) else set()
    return own.union(*(_shown_paths(v) for v in tree.values() if isinstance(v, list | dict)))


def _sign(tree: Any, signed: Signed) -> Any:
    if isinstance(tree, list):
        return [_sign(branch, signed) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    copy = {key: _sign(value, signed) for key, value in tree.items()}
    if isinstance(url := copy.get("url"), str) and url.startswith(OWN):
        copy["url"], copy["proxy_url"] = signed(url[len(OWN) :])
    return copy


def censored(body: Json) -> Json:
    """`body` as an app without the message content intent sees it."""
    empty: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    if "message_snapshots" in body:
        empty["message_snapshots"] = [{"message": s["message"] | empty} for s in body["message_snapshots"]]
    if isinstance(replied := body.get("referenced_message"), dict):
        empty["referenced_message"] = censored(replied)
    return {**body, **empty}
