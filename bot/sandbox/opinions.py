"""What vendors change: scenes in which the local models cannot tell, and somebody is asked who can, or is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from bot.sandbox import marks, pictures
from bot.sandbox.entities import Channel, Message
from bot.sandbox.fates import LEFT, REMOVED, REVIEWED, Course, Deed, Expect, Fate, Scene
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.scenes import files
from bot.sandbox.stage import ANSWER_SECONDS, Stage
from bot.sandbox.vendors import LOCAL, SOFT_DEADLINE, Vendors
from policies.model import Category

SLOW = Script(seconds=SOFT_DEADLINE + 1.5)  # a job that is not done when the bot stops waiting
STEP = 16  # pictures of one round, so that no round shows those of another


def opinions(stage: Stage, vendors: Vendors, serial: int = 0) -> Iterator[Scene]:
    """For each vendor that the bot was told of what it changes; at last one is unplugged. Each scene is made when
    its turn comes; `serial` makes other bytes of the same pictures."""
    acts = {"hitpaw": _hitpaw, "huawei": _huawei, "rekognition": _rekognition, "openai": _openai, "custom": _custom}
    act = _Act(stage, vendors, STEP * serial)
    for name, scenes in acts.items():
        if name in vendors.names:
            yield from scenes(act)
    if vendors.paid and (vendors.local or len(vendors.paid) > 1):
        yield from _unplugged(act)


def chosen(stage: Stage, providers: Sequence[str], **more: object) -> bytes:
    """The policy file of a community that wants these providers asked. `more`: further keys of it."""
    policy = {
        "preset": "standard",
        "mode": "enforce",
        "mod_channel": str(stage.mods.id),
        "providers": list(providers),
        "suspect_near": False,  # what is doubtful here is one drawing over and over
        **more,
    }
    return json.dumps(policy, indent=1).encode()  # JSON is YAML


@dataclass(slots=True)
class _Act:
    """Who is on, and which picture is the next."""

    stage: Stage
    vendors: Vendors
    serial: int

    def settled(self, title: str, *names: str, alone: bool = False, **more: object) -> Scene:
        """The owner takes over a policy that names the providers. `title`: what of it matters; `alone`: without the
        local models, after whose answer those that cost nothing would not be asked."""
        providers = (LOCAL, *names) if self.vendors.local and not alone else names
        file = chosen(self.stage, providers, **more)
        return Scene(
            f"/policy import, {title}", self.stage.mods, lambda: take_over(self.stage, file), Fate(expects=(IN_FORCE,))
        )

    def shown(self, title: str, picture: Image.Image, fate: Fate, script: Script | None = None) -> Scene:
        """Somebody posts `picture`. `script`: how HitPaw's next job goes."""
        channel = self.stage.pictures
        return Scene(title, channel, lambda: self._posted(channel, picture, script), fate)

    def doubtful(self, confidence: float | None = None) -> Image.Image:
        """What the local models are in doubt about. `confidence`: of its mark as explicit; None: it has none."""
        self.serial += 1
        picture = marks.doubtful(self.serial)
        return picture if confidence is None else marks.marked(picture, Category.SEXUAL_EXPLICIT, confidence)

    def view(self, category: Category | None = None, confidence: float = 0.0) -> Image.Image:
        """What the local models see nothing in."""
        self.serial += 1
        picture = pictures.landscape(500 + self.serial)
        return picture if category is None else marks.marked(picture, category, confidence)

    def _posted(self, channel: Channel, picture: Image.Image, script: Script | None) -> Message:
        if script is not None:
            self.vendors.hitpaw.script(script)
        author = self.stage.members[self.serial % len(self.stage.members)]
        return self.stage.discord.post(channel, author, files=files(pictures.jpeg(picture)))


def _hitpaw(act: _Act) -> Iterator[Scene]:
    yield act.settled("with HitPaw", "hitpaw")
    yield act.shown("doubtful; HitPaw: high", act.doubtful(0.95), _by("hitpaw", REMOVED))
    yield act.shown("doubtful; HitPaw: mid", act.doubtful(0.6), _by("hitpaw", REVIEWED))
    yield act.shown("doubtful; HitPaw: low", act.doubtful(), _by("hitpaw", LEFT))
    # Below the limit nothing is done about a doubt alone: so the late verdict finds the post as it was.
    yield act.settled("reviews from 0.7 only", "hitpaw", thresholds={Category.SEXUAL_EXPLICIT: {"review": 0.7}})
    late = Fate("block", (AWAITED, *REMOVED.expects))
    yield act.shown("doubtful; HitPaw is slow", act.doubtful(0.95), _by("hitpaw", late), SLOW)


def _huawei(act: _Act) -> Iterator[Scene]:
    yield act.settled("Huawei for extremism", "huawei", required=[Category.EXTREMISM])
    yield act.shown("an extremist's flag", act.view(Category.EXTREMISM, 0.97), _by("huawei", REMOVED))
    yield act.shown("a knife; Huawei: review", act.view(Category.VIOLENCE, 0.9), _by("huawei", REVIEWED))
    yield act.shown("text that advertises", act.view(Category.ADVERTISING, 0.93), _by("huawei", REVIEWED))
    yield act.shown("an ordinary picture", act.view(), _by("huawei", LEFT))


def _rekognition(act: _Act) -> Iterator[Scene]:
    yield act.settled("AWS Rekognition for self-harm", "rekognition", required=[Category.SELF_HARM])
    yield act.shown("self-harm, as AWS sees", act.view(Category.SELF_HARM, 0.96), _by("rekognition", REMOVED))
    yield act.shown("an ordinary picture", act.view(), _by("rekognition", LEFT))


def _openai(act: _Act) -> Iterator[Scene]:
    yield act.settled("OpenAI alone", "openai", alone=True)
    yield act.shown("self-harm, as OpenAI sees", act.view(Category.SELF_HARM, 0.96), _by("openai", REMOVED))
    yield act.shown("an ordinary picture", act.view(), _by("openai", LEFT))


def _custom(act: _Act) -> Iterator[Scene]:
    yield act.settled("our own model", "custom", alone=True)
    yield act.shown("hate, as the host's model sees", act.view(Category.HATE, 0.95), _by("custom", REMOVED))
    yield act.shown("an ordinary picture", act.view(), _by("custom", LEFT))


def _unplugged(act: _Act) -> Iterator[Scene]:
    """The first is not to be had: the next is asked, or else the local models' doubt is shown to moderators."""
    first, *others = act.vendors.paid
    yield act.settled(" or ".join((first, *others)), first, *others)
    act.vendors.plug(first, into=False)
    if others:
        title, fate = f"{first} is unplugged: {others[0]} is asked", _by(others[0], REMOVED)
    else:
        title, fate = f"{first} is unplugged", _by(LOCAL, REVIEWED)
    yield act.shown(title, act.doubtful(0.95), fate)
    act.vendors.plug(first, into=True)
    yield act.shown(f"{first} is back", act.doubtful(0.95), _by(first, REMOVED))


async def take_over(stage: Stage, file: bytes) -> Deed:
    """The owner gives the policy file, and saves it where it changes anything."""
    answered = await stage.discord.command(
        "policy import",
        stage.owner,
        stage.mods,
        attachments={"file": ("policy.yaml", file, "text/plain")},
        timeout=ANSWER_SECONDS,
    )
    if UNCHANGED in answered.text:
        return Deed.asked(answered)
    return Deed.asked(await stage.discord.press(answered.last, "Save it", stage.owner, timeout=ANSWER_SECONDS))


# --- what has to be seen ------------------------------------------------------------------------------------------

UNCHANGED = "that is how it is already"


async def _in_force(course: Course) -> None:
    answered = course.deed.answered
    if answered is None or not ("Saved as version" in answered.text or UNCHANGED in answered.text):
        raise TimeoutError


async def _awaited(course: Course) -> None:
    message = str(course.message.id)
    if not any(x.get("event") == "awaited" and x.get("message") == message for x in course.bot.lines):
        raise TimeoutError


def _by(name: str, fate: Fate) -> Fate:
    """`fate`, and the provider `name` answered."""

    async def answered(course: Course) -> None:
        said = course.line["screenings"] if course.line is not None else []
        if not any(s["provider"] == name and "unscreened" not in s for s in said):
            raise TimeoutError

    return Fate(fate.suggestion, (Expect(f"{name} did not say so", answered), *fate.expects), fate.stays)


IN_FORCE = Expect("was not saved", _in_force)
AWAITED = Expect("was not pending meanwhile", _awaited)
