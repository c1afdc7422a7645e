"""What holds of every draft and of every page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.desk import steps
from bot.desk.draft import Draft
from bot.model import (
    ABLE,
    Button,
    Choose,
    Finding,
    Pick,
)
from bot.texts.catalogue import Texts
from bot.texts.lines import length
from bot.texts.markup import Voice
from policies.model import Duty, Policy, frozen
from policies.presets import PRESETS, preset
from tests.bot.cases import GUILD
from tests.bot.desk.world import COVERAGE

ids = st.text("0123456789", min_size=17, max_size=19)
roles = st.frozensets(ids, max_size=25)
drafts = st.builds(
    Draft,
    page=st.sampled_from(["", *steps.ORDER]),
    preset=st.none() | st.sampled_from(sorted(PRESETS)),
    mod_channel=st.none() | ids,
    staff=st.dictionaries(st.sampled_from(sorted(Duty)), roles).map(frozen),
    exempt=st.none() | roles,
    providers=st.none() | st.just(("local",)),
)


@given(drafts)
def test_a_draft_survives_the_disk(draft: Draft) -> None:
    assert Draft.of(draft.body()) == draft


@given(drafts, st.sampled_from(sorted(PRESETS)).map(preset))
def test_a_draft_onto_what_it_made_changes_nothing(draft: Draft, policy: Policy) -> None:
    once = draft.onto(policy)
    assert draft.onto(once) == once
    assert Draft().onto(policy) == policy
    assert once.mode is policy.mode


@given(drafts, st.sampled_from(steps.ORDER), st.integers(0, 60))
def test_every_page_fits_and_its_controls_are_its_own(draft: Draft, which: str, missing: int) -> None:
    voice = Voice.to(GUILD, Texts())
    findings = [Finding(f"Right {n}", ok=False, cure="x" * 200) for n in range(missing)]
    page = steps.page(which, draft.onto(preset("standard")), findings, COVERAGE, voice, "note", able=ABLE)
    assert length(page.title) <= 200
    assert length(page.text) <= steps.TEXT
    names = [c.verb if isinstance(c, Button) else c.name for c in page.controls]
    assert len(set(names)) == len(names)
    for control in page.controls:
        if isinstance(control, Pick):
            assert len(control.chosen) <= control.most <= 25
        if isinstance(control, Choose):
            assert len([o for o in control.options if o.chosen]) <= control.most
