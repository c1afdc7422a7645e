"""Endpoints by which the bot answers interactions: the callback, follow-ups, edits of its answers."""

from __future__ import annotations

import time

from bot.sandbox import acts, wire
from bot.sandbox.entities import Json, Message
from bot.sandbox.errors import invalid_form, unknown
from bot.sandbox.interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    PING,
    PONG,
    REPLY,
    UPDATE,
    Answered,
)
from bot.sandbox.posting import EPHEMERAL, apply_edit, compose
from bot.sandbox.rest import NO_CONTENT, Call, Reply, Routes

routes = Routes()
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_ORIGINAL = _WEBHOOK + "/messages/@original"
_ONE = _WEBHOOK + "/messages/{message_id}"
_ANSWERS = {
    PING: {PONG},
    COMMAND: {REPLY, DEFER, MODAL},
    COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {REPLY, DEFER, DEFER_UPDATE, UPDATE},
}


@routes.add("POST", "/interactions/{interaction_id}/{interaction_token}/callback", public=True)
def callback(call: Call) -> Reply:
    """The first answer, within 3 s and only once."""
    begun = call.interactions.answerable(call.id("interaction_id"), call.ids["interaction_token"])
    form = call.form or {}
    kind = form.get("type")
    if kind not in _ANSWERS[begun.type]:
        raise invalid_form("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(_ANSWERS[begun.type])}.")
    shown = _first_answer(call, begun, form)
    begun.callbacks.append(form)
    begun.took = time.perf_counter() - begun.sent
    begun.changed.set()
    if call.query.get("with_response") not in ("true", "1", "True"):
        return NO_CONTENT
    return Reply(body=_receipt(call, begun, kind, shown))


def _first_answer(call: Call, begun: Answered, form: Json) -> Message | None:
    said = form.get("data") or {}
    kind = form["type"]
    if kind == REPLY:
        begun.original = _say(call, begun, said)
        return begun.original
    if kind == DEFER:
        begun.deferred_flags = int(said.get("flags") or 0)
    if kind == UPDATE:
        message = _pressed(begun)
        apply_edit(call.world, message, said, call.files)
        acts.updated(call.world, message)
        begun.original = message
        begun.shows(message)
        return message
    if kind == DEFER_UPDATE:
        begun.original = _pressed(begun)
    if kind == MODAL and not said.get("custom_id"):
        raise invalid_form("data.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
    return None


def _pressed(begun: Answered) -> Message:
    if begun.message is None:
        raise invalid_form("type", "BASE_TYPE_CHOICES", "There is no message to update.")
    return begun.message


def _receipt(call: Call, begun: Answered, kind: int, shown: Message | None) -> Json:
    interaction: Json = {
        "id": str(begun.id),
        "type": begun.type,
        "response_message_loading": kind == DEFER,
        "response_message_ephemeral": bool((shown.flags if shown else begun.deferred_flags) & EPHEMERAL),
        "channel_id": str(begun.channel.id),
    }
    if begun.channel.guild:
        interaction["guild_id"] = str(begun.channel.guild.id)
    if shown is None:
        return {"interaction": interaction}
    interaction["response_message_id"] = str(shown.id)
    return {"interaction": interaction, "resource": {"type": kind, "message": call.world.render(shown)}}


def _say(call: Call, begun: Answered, form: Json, forced_flags: int = 0) -> Message:
    metadata: Json = {
        "id": str(begun.id),
        "type": begun.type,
        "user": wire.user(begun.user),
        "authorizing_integration_owners": {},
    }
    world = call.world
    if begun.type == COMPONENT and begun.message:
        metadata["interacted_message_id"] = str(begun.message.id)
    flags = int(form.get("flags") or 0) | forced_flags
    message = compose(
        world,
        begun.channel,
        world.bot,
        {**form, "flags": flags},
        call.files,
        application_id=world.app_id,
        webhook_id=world.app_id,
        interaction=metadata if begun.type in (COMMAND, COMPONENT) else None,
    )
    if not message.ephemeral:
        acts.publish(world, message)
    begun.shows(message)
    return message


def _continued(call: Call) -> Answered:
    return call.interactions.continued(call.id("webhook_id"), call.ids["webhook_token"])


@routes.add("POST", _WEBHOOK, public=True)
def follow_up(call: Call) -> Reply:
    """Say more; after *thinking…* the first of these is the original response."""
    begun = _continued(call)
    waiting = begun.kind == DEFER and begun.original is None
    message = _say(call, begun, call.form or {}, begun.deferred_flags & EPHEMERAL if waiting else 0)
    if waiting:
        begun.original = message
    return Reply(body=call.world.render(message))


@routes.add("GET", _ORIGINAL, public=True)
def get_original(call: Call) -> Reply:
    """The original response."""
    return Reply(body=call.world.render(_original(_continued(call))))


@routes.add("PATCH", _ORIGINAL, public=True)
def edit_original(call: Call) -> Reply:
    """Edit the original response; after *thinking…* this is what shows it."""
    begun = _continued(call)
    if begun.kind == DEFER and begun.original is None:
        begun.original = _say(call, begun, call.form or {}, begun.deferred_flags & EPHEMERAL)
        return Reply(body=call.world.render(begun.original))
    return _edit(call, begun, _original(begun))


@routes.add("DELETE", _ORIGINAL, public=True)
def delete_original(call: Call) -> Reply:
    """Delete the original response."""
    begun = _continued(call)
    acts.delete(call.world, _original(begun))
    return NO_CONTENT


def _original(begun: Answered) -> Message:
    if begun.original is None or begun.original.deleted_at:
        raise unknown("Message")
    return begun.original


@routes.add("PATCH", _ONE, public=True)
def edit_follow_up(call: Call) -> Reply:
    """Edit a follow-up."""
    begun = _continued(call)
    return _edit(call, begun, _of(call, begun))


@routes.add("GET", _ONE, public=True)
def get_follow_up(call: Call) -> Reply:
    """A follow-up."""
    return Reply(body=call.world.render(_of(call, _continued(call))))


@routes.add("DELETE", _ONE, public=True)
def delete_follow_up(call: Call) -> Reply:
    """Delete a follow-up."""
    acts.delete(call.world, _of(call, _continued(call)))
    return NO_CONTENT


def _of(call: Call, begun: Answered) -> Message:
    wanted = call.id("message_id")
    for message in begun.messages:
        if message.id == wanted and not message.deleted_at:
            return message
    raise unknown("Message")


def _edit(call: Call, begun: Answered, message: Message) -> Reply:
    apply_edit(call.world, message, call.form or {}, call.files)
    acts.updated(call.world, message)
    begun.changed.set()
    if message not in begun.messages:
        begun.shows(message)
    return Reply(body=call.world.render(message))
