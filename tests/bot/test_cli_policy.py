"""`policy` and `case`: what is given is what is kept; a mistake changes nothing."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Config
from bot.model import (
    Author,
    Entry,
    Event,
    EventKind,
    JobKind,
    Judged,
    Media,
    MediaKind,
    Origin,
    Ruling,
    Tenant,
)
from bot.opening import open_store
from bot.store.codec import event_payload
from bot.store.retention import Keep
from bot.texts.changes import changes
from policies.engine import decide
from policies.form import STRIKES_LIVE, load
from policies.model import Category, Context, Label, Mode, Place, Policy, Seen, Standing, Threshold, Verdict, Versions
from policies.presets import PRESETS, preset
from tests.bot.commandline import Host, json_lines

GUILD = "discord:123456789012345678"
ISSUE_EXAMPLE = """\
mode: enforce
preset: standard
mod_channel: "123"
thresholds: {sexual_explicit: {review: 0.4, remove: 0.8}}
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.at(tmp_path)


def stored(host: Host, guild: str = GUILD) -> tuple[Policy, int]:
    async def read() -> tuple[Policy, int]:
        config = Config(data_dir=Path(host.env["BEHOLDER_DATA_DIR"]))
        async with open_store(config) as store:
            return await store.settings.policy(Tenant.parse(guild))

    return asyncio.run(read())


def apply(host: Host, text: str, *options: str) -> str:
    file = host.folder / "policy.yaml"
    file.write_text(text)
    return host.ok("policy", "apply", file, "--guild", GUILD, *options)


# --- policy ----------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_is_applied_as_it_says(host: Host) -> None:
    assert "version 1" in apply(host, ISSUE_EXAMPLE)
    policy, version = stored(host)
    assert version == 1
    assert policy.mode is Mode.ENFORCE
    assert policy.mod_channel == "123"
    assert policy.thresholds[Category.SEXUAL_EXPLICIT] == Threshold(0.4, 0.8)
    assert policy.thresholds[Category.HATE] == preset("standard").thresholds[Category.HATE]


def test_another_guild_keeps_its_own(host: Host) -> None:
    apply(host, ISSUE_EXAMPLE)
    assert stored(host, "discord:2")[1] == 0


def test_show_speaks_plainly(host: Host) -> None:
    assert "has set nothing" in host.ok("policy", "show", "--guild", GUILD)
    apply(host, ISSUE_EXAMPLE, "--why", "spring cleaning")
    shown = host.ok("policy", "show", "--guild", GUILD)
    assert "version 1" in shown
    assert "spring cleaning" in shown
    line = next(x for x in shown.splitlines() if "explicit sexual content" in x)
    assert line.split()[-2:] == ["0.4", "0.8"]
    assert next(x for x in shown.splitlines() if "advertising" in x).split()[-1] == "never"


def test_apply_says_what_now_holds_and_what_was_otherwise(host: Host) -> None:
    told = apply(host, ISSUE_EXAMPLE).splitlines()
    assert told == [
        f"saved as version 1 of {GUILD}",
        "mode: enforce (I act on what I find)",
        "moderators' channel: 123",
        "changed against the version before:",
        "  mode: observe -> enforce",
        "  mod_channel: none -> 123",
        "  thresholds.sexual_explicit.review: 0.5 -> 0.4",
        "  thresholds.sexual_explicit.remove: 0.85 -> 0.8",
    ]
    assert apply(host, ISSUE_EXAMPLE).splitlines()[3:] == ["nothing is changed against the version before"]


def test_a_file_that_unprotects_says_so(host: Host) -> None:
    apply(host, ISSUE_EXAMPLE)
    told = apply(host, "preset: standard\n")
    assert "  mode: enforce -> observe" in told
    assert "  mod_channel: 123 -> none" in told
    assert "warning: the mode is observe: nothing is removed" in told
    assert "warning: there is no moderators' channel: what needs a look is seen by nobody but" in told
    assert "warning: the mode is paused" in apply(host, "mode: paused\nmod_channel: 5\n")
    assert "warning: the mode" not in apply(host, "mode: enforce\n")


def test_every_kind_of_setting_is_told_when_it_changes() -> None:
    before = load(
        {
            "channels": {"5": {"exempt": True}},
            "drawn": {"hate": "never"},
            "ladder": {"rungs": [{"strikes": 2, "act": "timeout", "minutes": 10}, {"strikes": 3, "act": "ban"}]},
            "exempt": {"roles": ["7", "8"]},
        }
    )
    after = load({"actions": {"review": []}, "ladder": {"rungs": []}, "trust_vendor": False})
    assert changes(before, after) == [
        "actions.review: escalate -> none",
        "exempt.roles: 7, 8 -> none",
        "trust_vendor: true -> false",
        "ladder.rungs: 2 timeout 10, 3 ban -> none",
        "drawn.hate.review: never -> -",
        "drawn.hate.remove: never -> -",
        "channels.5.context: none -> -",
        "channels.5.exempt: true -> -",
    ]


def test_show_says_what_nobody_looks_for(host: Host) -> None:
    shown = host.ok("policy", "show", "--guild", GUILD)
    assert "What I can find here: explicit sexual content; suggestive sexual content; advertising or scam." in shown
    assert "Nobody here looks for: graphic violence; violence; extremism; hate; " in shown


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_exported_can_be_applied(host: Host, name: str) -> None:
    apply(host, f"preset: {name}\nmode: enforce\ncap: 50\n")
    before, _ = stored(host)
    exported = host.ok("policy", "export", "--guild", GUILD)
    assert exported.startswith(f"# version 1 of {GUILD}, saved ")
    assert yaml.safe_load(exported)["cap"] == 50
    assert "version 2" in apply(host, exported)
    assert stored(host) == (before, 2)


def test_nobody_breaks_out_of_the_comment(host: Host) -> None:
    apply(host, ISSUE_EXAMPLE, "--why", "x\nmode: paused\u2028mode: paused")
    assert yaml.safe_load(host.ok("policy", "export", "--guild", GUILD))["mode"] == "enforce"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("thresholds: {sexual_explict: {review: 0.4}}", "did you mean sexual_explicit?"),
        ("thresholds: {hate: {review: 0.9, remove: 0.2}}", "review (0.9) must not be above remove (0.2)"),
        ("thresholds: {hate: {review: 1.4}}", "from 0 to 1"),
        ("mod_channel: general", "mod_channel: must be an id in digits"),
        ("actions: {block: [warn]}", "actions: block: warn says in public that an image was removed"),
        ("preset: lenient", "preset"),
        ("mode: of", "mode"),
        ("frobnicate: 1", "no setting 'frobnicate'"),
        ("mode: enforce\nmode: observe", "line 2: 'mode' stands here twice"),
        ("mode: enforce\nthresholds:\n\thate: never", "line 3: a tab"),
        ("mode: [enforce", "line 1"),
        ("mode: *nobody", "line 1"),
        ("when: 2020-13-45", "cannot be read: it is not YAML"),
        ("[" * 5000, "cannot be read: it is not YAML"),
        ("x: !!python/object/apply:os.system [true]", "line 1"),
        ("just words", "it must hold lines such as"),
        ("", "it must hold lines such as"),
        ("- a\n- b", "it must hold lines such as"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(host: Host, text: str, cure: str) -> None:
    apply(host, ISSUE_EXAMPLE)
    before = stored(host)
    bad = host.folder / "bad.yaml"
    bad.write_text(text)
    assert cure in host.refused("policy", "apply", bad, "--guild", GUILD)
    assert stored(host) == before


def test_all_mistakes_come_at_once(host: Host) -> None:
    bad = host.folder / "bad.yaml"
    bad.write_text("frob: 1\nthresholds: {hat: never}\ncap: many\n")
    said = host.refused("policy", "apply", bad, "--guild", GUILD)
    assert said.count("\n  - ") == 3
    assert not host.database.exists()


def test_a_file_that_cannot_be_read(host: Host) -> None:
    assert "check the path" in host.refused("policy", "apply", host.folder / "none.yaml", "--guild", GUILD)
    binary = host.folder / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in host.refused("policy", "apply", binary, "--guild", GUILD)
    huge = host.folder / "huge.yaml"
    huge.write_text("#" * (2 << 20))
    assert "larger than 1 MB" in host.refused("policy", "apply", huge, "--guild", GUILD)


def test_the_form_and_retention_agree_on_how_long_strikes_live() -> None:
    assert Keep().cases == STRIKES_LIVE


# --- case ------------------------------------------------------------------------------------------------


def open_a_case(host: Host, guild: str = GUILD) -> None:
    """As the pipeline would: journalled, judged, concluded."""
    place = Place(Context.GROUP_MESSAGE, channel="42")
    media = Media(MediaKind.ATTACHMENT, "attachment:7")
    event = Event(
        tenant=Tenant.parse(guild),
        kind=EventKind.MESSAGE,
        place=place,
        message="1000",
        version="1",
        author=Author("77"),
        media=(media,),
        at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    verdict = Verdict(
        provider="local",
        labels=(Label(Category.SEXUAL_EXPLICIT, "porn", 0.91),),
        assessed=frozenset({Category.SEXUAL_EXPLICIT}),
        versions=Versions("m", "1", "1"),
    )
    standing = Standing(author="77")
    decision = decide(preset("standard"), place, Seen((verdict,)), standing)

    async def write() -> None:
        async with open_store(Config(data_dir=Path(host.env["BEHOLDER_DATA_DIR"]))) as store:
            entry = Entry(event.tenant, event.key, JobKind.EVENT, event_payload(event), event.subject)
            (job,) = await store.journal.put([entry], lease=True)
            ruling = Ruling(
                event=event,
                standing=standing,
                images=(Judged(media, "ab" * 32, (verdict,), decision),),
                decision=decision,
                policy_version=0,
                observed=True,
                plans=(),
                origin=Origin.OBSERVED,
            )
            await store.ledger.conclude(job, ruling)

    asyncio.run(write())


def test_a_guild_without_cases(host: Host) -> None:
    assert "has no cases" in host.ok("case", "list", "--guild", GUILD)
    assert host.ok("case", "list", "--guild", GUILD, "--json") == ""
    assert "has no case 7" in host.refused("case", "show", "7", "--guild", GUILD)


def test_a_case_is_listed_and_shown_to_its_guild_alone(host: Host) -> None:
    open_a_case(host)
    listed = host.ok("case", "list", "--guild", GUILD)
    assert "open (observed)" in listed
    assert "explicit sexual content: 0.91" in listed
    shown = host.ok("case", "show", "1", "--guild", GUILD)
    assert f"case 1 of {GUILD}" in shown
    assert "message in a channel, channel 42" in shown
    assert "has no cases" in host.ok("case", "list", "--guild", "discord:2")
    assert "has no case 1" in host.refused("case", "show", "1", "--guild", "discord:2")


def test_a_case_as_json(host: Host) -> None:
    open_a_case(host)
    (listed,) = json_lines(host.ok("case", "list", "--guild", GUILD, "--json"))
    (shown,) = json_lines(host.ok("case", "show", "1", "--guild", GUILD, "--json"))
    assert listed == shown
    expected: dict[str, Any] = {
        "guild": GUILD,
        "number": 1,
        "state": "open",
        "origin": "observed",
        "author": {"id": "77", "kind": "member"},
        "place": {"context": "group_message", "channel": "42"},
        "message": "1000",
        "decided_by": None,
    }
    assert {k: shown[k] for k in expected} == expected
    assert shown["decision"]["suggestion"] == "block"
    assert shown["images"][0]["screenings"][0]["labels"][0]["confidence"] == 0.91
    assert datetime.fromisoformat(shown["opened_at"]).tzinfo is not None


def test_cases_by_state(host: Host) -> None:
    open_a_case(host)
    assert "has no cases that are upheld" in host.ok("case", "list", "--guild", GUILD, "--state", "upheld")
    assert len(json_lines(host.ok("case", "list", "--guild", GUILD, "--state", "open", "--json"))) == 1
