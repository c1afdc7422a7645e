from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Author, Button, Choose, Event, Judged, Media, Option, Outcome, Page, Pick, Tenant
from bot.store import codec
from bot.store.codec import Codec, event_from, event_payload
from bot.store.errors import Unreadable
from policies.model import (
    Category,
    Decision,
    Detail,
    DetailKind,
    Frames,
    Label,
    Place,
    Reason,
    Standing,
    Step,
    Unscreened,
    Verdict,
    Versions,
    kept,
)
from providers.base import Ask, Ticket
from tests.bot.store.samples import event, verdict

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
moments = st.builds(datetime.fromtimestamp, st.integers(0, 2**32), tz=zones) | st.datetimes(timezones=zones).filter(
    lambda t: 1900 < t.year < 2200
)
shares = st.floats(0, 1)
labels = st.builds(Label, st.sampled_from(Category), words, shares)
details = st.builds(Detail, st.sampled_from(DetailKind), words, st.none() | st.just((1, 2, 3, 4)), words)
verdicts = st.builds(
    Verdict,
    provider=words,
    labels=st.lists(labels, max_size=3).map(tuple),
    assessed=st.frozensets(st.sampled_from(Category)),
    versions=st.builds(Versions, words, words, words),
    frames=st.builds(Frames, st.integers(0, 8), st.integers(1, 2000)),
    request_id=st.none() | words,
    cost=st.floats(0, 1),
    details=st.lists(details, max_size=2).map(tuple),
)
unscreened = st.builds(Unscreened, provider=words, detail=words, ticket=st.none() | words)
reasons = st.builds(Reason, score=st.none() | shares, threshold=st.none() | shares, detail=words)
decisions = st.builds(
    Decision,
    steps=st.lists(st.builds(Step), max_size=3).map(tuple),
    reasons=st.lists(reasons, max_size=3).map(tuple),
)
media = st.builds(
    Media, key=words, size=st.none() | st.integers(0, 2**53), unsupported=st.none() | words, ref=words | st.just("")
)
authors = st.builds(Author, id=words, roles=st.frozensets(words, max_size=3), joined_at=st.none() | moments)
events = st.builds(
    Event,
    tenant=st.builds(Tenant, st.sampled_from(["discord", "telegram"]), words.filter(bool)),
    place=st.builds(Place, channel=st.none() | words, parent=st.none() | words),
    message=words,
    version=words,
    author=authors,
    media=st.lists(media, max_size=3).map(tuple),
    at=moments,
    album=st.just("") | words,
)
standings = st.builds(
    Standing, author=words, roles=st.frozensets(words, max_size=3), hours=st.none() | st.floats(0, 1e6)
)
images = st.lists(
    st.builds(
        Judged,
        media=media,
        sha256=words,
        screenings=st.lists(verdicts | unscreened, max_size=3).map(tuple),
        decision=decisions,
    ),
    max_size=3,
).map(tuple)
outcomes = st.builds(Outcome, detail=words, ref=st.none() | words)
controls = (
    st.builds(Button, words, words)
    | st.builds(Choose, words, words, st.lists(st.builds(Option, words, words), max_size=2).map(tuple))
    | st.builds(Pick, name=words, prompt=words, chosen=st.lists(words, max_size=2).map(tuple))
)
pages = st.builds(Page, words, words, words, st.lists(controls, max_size=3).map(tuple))
spans = st.dictionaries(words, st.floats(0, 1e9))
asks = st.builds(
    Ask,
    categories=st.frozensets(st.sampled_from(Category)),
    language=words,
    options=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    account=words,
)
tickets = st.builds(
    Ticket, provider=words, job=words, ask=asks, sha256=words, frames=st.builds(Frames, st.integers(0, 8))
)

KINDS: list[tuple[Codec[Any], st.SearchStrategy[Any]]] = [
    (codec.EVENT, events),
    (codec.MEDIA, st.lists(media, max_size=3).map(tuple)),
    (codec.STANDING, standings),
    (codec.IMAGES, images),
    (codec.DECISION, decisions),
    (codec.OUTCOME, outcomes),
    (codec.PAGE, pages),
    (codec.VERDICT, verdicts),
    (codec.SPANS, spans),
    (codec.TICKET, tickets),
]


def stripped(value: Any) -> Any:
    """What of a value is kept: of a verdict neither what was read from the image nor what it cost (ruling 21)."""
    if isinstance(value, Verdict):
        return kept(value)
    if isinstance(value, Judged):
        return replace(value, screenings=stripped(value.screenings))
    return tuple(map(stripped, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("kind", "values"), KINDS)
@given(drawn=st.data())
def test_what_is_written_down_is_read_back_the_same(
    kind: Codec[Any], values: st.SearchStrategy[Any], drawn: st.DataObject
) -> None:
    value = drawn.draw(values)
    assert kind.load(kind.dump(value)) == stripped(value)
    assert kind.unpack(json.loads(json.dumps(kind.pack(value)))) == stripped(value)


def test_every_codec_is_under_the_law_of_the_round_trip() -> None:
    every = {name for name, value in vars(codec).items() if isinstance(value, Codec)}
    assert len(every) == len(KINDS)


def test_every_codec_is_ready_before_the_first_event() -> None:
    codec.prepare()
    for kind, _ in KINDS:
        assert "_adapter" in vars(kind)


@given(events)
def test_an_event_survives_the_journal(happened: Event) -> None:
    again = event_from(json.loads(json.dumps(event_payload(happened))))
    assert again == happened
    assert again.key == happened.key
    assert [m.ref for m in again.media] == [m.ref for m in happened.media]  # which no comparison sees
    assert hash(again) == hash(happened)


def test_a_verdict_and_its_absence_are_never_taken_for_each_other() -> None:
    missing = Unscreened("local", codec.IMAGES.load(_one_image(unscreened="outage"))[0].screenings[0].reason)  # type: ignore[union-attr]
    assert isinstance(missing, Unscreened)
    (image,) = codec.IMAGES.load(_one_image())
    assert image.screenings == (verdict(),)


def _one_image(unscreened: str | None = None) -> str:
    said = json.loads(codec.VERDICT.dump(verdict()))
    if unscreened:
        said = {"provider": "local", "reason": unscreened}
    decision = {"suggestion": "pass"}
    image = {"media": {"kind": "attachment", "key": "k"}, "sha256": "", "screenings": [said], "decision": decision}
    return json.dumps([image])


def test_keys_of_a_later_version_are_left_aside() -> None:
    stored = json.loads(codec.VERDICT.dump(verdict()))
    stored["mood"] = "grim"
    stored["labels"][0]["box"] = [1, 2, 3, 4]
    assert codec.VERDICT.load(json.dumps(stored)) == verdict()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: v.pop("labels"),
        lambda v: v["assessed"].append("mildly_rude"),
        lambda v: v.update(suggestion="shrug"),
        lambda v: v["labels"][0].update(confidence=1.5),
        lambda v: v["labels"][0].update(confidence=None),
        lambda v: v.update(frames="all"),
    ],
)
def test_what_cannot_be_read_is_said_and_never_guessed(spoil: Any) -> None:
    stored = json.loads(codec.VERDICT.dump(verdict()))
    spoil(stored)
    with pytest.raises(Unreadable, match=r"a stored verdict cannot be read .*upgrade the bot") as told:
        codec.VERDICT.load(json.dumps(stored))
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


def test_an_error_does_not_repeat_what_was_stored() -> None:
    with pytest.raises(Unreadable) as told:
        codec.OUTCOME.load('{"state": "done", "detail": {"token": "hunter2"}}')
    assert "hunter2" not in str(told.value)


def test_half_a_document_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        codec.VERDICT.load(codec.VERDICT.dump(verdict())[:-10])


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_an_event_of_another_version_is_refused(version: object) -> None:
    with pytest.raises(Unreadable, match="upgrade the bot"):
        event_from(event_payload(event()) | {"v": version})


@given(st.floats(0, 1))
def test_raw_scores_lose_nothing(score: float) -> None:
    kept = codec.VERDICT.load(codec.VERDICT.dump(verdict(score))).labels[0].confidence
    assert math.copysign(1, kept) == math.copysign(1, score)
    assert kept == score
