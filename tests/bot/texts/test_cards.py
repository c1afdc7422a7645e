"""The card: what it says by origin and state, and that it always fits."""

from __future__ import annotations

import gettext
from dataclasses import replace
from itertools import product

import pytest

from bot.model import (
    Author,
    AuthorKind,
    Card,
    Case,
    CaseState,
    EffectKind,
    History,
    Judged,
    Origin,
    OutcomeState,
)
from bot.texts.cards import card
from bot.texts.catalogue import Texts
from bot.texts.markup import FSI, PDI
from policies.model import (
    Act,
    Category,
    Context,
    Decision,
    Label,
    Place,
    Reason,
    ReasonCode,
    Step,
    Suggestion,
    Unscreened,
    UnscreenedReason,
)
from policies.presets import preset
from tests.bot.cases import FOUND, REMOVAL, SEEN, case, effect, image

HISTORY = History(strikes=2, upheld=1, cases=3)
POLICY = preset("standard")


def shown(one: Case, *, lost: bool = False, texts: Texts | None = None) -> Card:
    return card(one, HISTORY, POLICY, picture=None, lost_picture=lost, texts=texts or Texts("en"))


def lines(one: Case) -> dict[str, str]:
    return {name: value.replace(FSI, "").replace(PDI, "") for name, value in shown(one).lines}


def test_an_open_removal_tells_the_whole_story() -> None:
    told = shown(case())
    assert told.title == "Case 12 · removed"
    assert told.colour == "red"
    assert lines(case()) == {
        "Why": "• explicit sexual content: 0.93 (local: porn), removed from 0.85",
        "Scores": (
            "local: explicit sexual content 0.93; suggestive sexual content 0.21 · photo · 8 of 120 frames seen\n"
            "Not assessed: graphic violence; violence; extremism; hate; self-harm; offensive text; other"
        ),
        "Where": "<#7> · message in a channel",
        "Author": "<@42> · 2 strikes (last 30 days), 1 upheld, 3 cases",
        "What was done": "The post was deleted.\nThe author was told in the channel.",
    }
    assert told.link is None
    assert told.footer == ""


@pytest.mark.parametrize(
    ("origin", "labels"),
    [
        (Origin.REVIEW, ["Remove", "It's fine"]),
        (Origin.REMOVED, ["Right", "Wrong, give back"]),
        (Origin.OBSERVED, ["Would be right", "Would be wrong", "Remove now"]),
    ],
)
def test_buttons_speak_by_state_and_go_when_it_is_decided(origin: Origin, labels: list[str]) -> None:
    assert [b.label for b in shown(case(origin)).buttons] == labels
    for state in (CaseState.UPHELD, CaseState.OVERTURNED, CaseState.EXPIRED):
        assert shown(case(origin, state)).buttons == ()


def test_what_cannot_be_undone_asks_again() -> None:
    asking = {b.verb for o in Origin for b in shown(case(o)).buttons if b.confirm}
    assert asking == {"remove", "remove_now"}


def test_every_state_has_its_own_title() -> None:
    titles = {(o, s): shown(case(o, s)).title for o, s in product(Origin, CaseState)}
    assert titles == {
        (Origin.REMOVED, CaseState.OPEN): "Case 12 · removed",
        (Origin.REMOVED, CaseState.UPHELD): "Case 12 · removed, rightly",
        (Origin.REMOVED, CaseState.OVERTURNED): "Case 12 · removed by mistake",
        (Origin.REMOVED, CaseState.EXPIRED): "Case 12 · closed, nobody decided in time",
        (Origin.REVIEW, CaseState.OPEN): "Case 12 · please look",
        (Origin.REVIEW, CaseState.UPHELD): "Case 12 · I could not remove it",
        (Origin.REVIEW, CaseState.OVERTURNED): "Case 12 · it's fine",
        (Origin.REVIEW, CaseState.EXPIRED): "Case 12 · closed, nobody decided in time",
        (Origin.OBSERVED, CaseState.OPEN): "Case 12 · would be removed",
        (Origin.OBSERVED, CaseState.UPHELD): "Case 12 · would have been right",
        (Origin.OBSERVED, CaseState.OVERTURNED): "Case 12 · would have been wrong",
        (Origin.OBSERVED, CaseState.EXPIRED): "Case 12 · closed, nobody decided in time",
    }


def test_a_moderators_removal_is_told_as_theirs() -> None:
    for origin in (Origin.REVIEW, Origin.OBSERVED):
        done = case(origin, CaseState.UPHELD, effects=(effect(EffectKind.DELETE),))
        assert shown(done).title == "Case 12 · removed by a moderator"


@pytest.mark.parametrize("state", [OutcomeState.REFUSED, OutcomeState.FAILED])
def test_a_title_never_claims_a_removal_that_did_not_happen(state: OutcomeState) -> None:
    refused = case(effects=(effect(EffectKind.DELETE, state, "Give me the right Manage Messages in this channel."),))
    assert shown(refused).title == "Case 12 · I could not remove it"
    assert shown(refused).link == ("7", "900"), "the post stands, so the card leads to it"
    assert "Give me the right Manage Messages" in lines(refused)["What was done"]


@pytest.mark.parametrize("state", [OutcomeState.UNKNOWN, None])
def test_a_deletion_in_doubt_links_to_nothing(state: OutcomeState | None) -> None:
    assert shown(case(effects=(effect(EffectKind.DELETE, state),))).link is None


def test_what_still_stands_is_linked() -> None:
    assert shown(case(Origin.REVIEW)).link == ("7", "900")
    assert shown(case(Origin.OBSERVED)).link == ("7", "900")
    assert shown(case(Origin.REVIEW, place=Place(Context.HEAD_IMAGE))).link is None


def test_observe_says_what_would_have_been_done() -> None:
    assert lines(case(Origin.OBSERVED))["What was done"] == "The post would have been deleted."
    look = case(Origin.OBSERVED, decision=replace(REMOVAL, steps=()), effects=())
    assert shown(look).title == "Case 12 · would need a look"


def test_a_closed_card_says_who_decided_when_and_why() -> None:
    closed = lines(case(Origin.REMOVED, CaseState.OVERTURNED, note="a *statue*"))
    assert closed["Decided"].startswith("by <@55>, <t:")
    assert closed["Decided"].endswith(r"a \*statue\*")


HELD = Decision(Suggestion.REVIEW, (Step(Act.DELETE), Step(Act.ESCALATE)), (Reason(ReasonCode.UNSCREENED),))


def unopened(reason: UnscreenedReason, provider: str = "media") -> Judged:
    return image(decision=HELD, screenings=(Unscreened(provider, reason),))


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("reason", [UnscreenedReason.UNDECODABLE, UnscreenedReason.UNSUPPORTED])
def test_what_is_held_unopened_says_that_there_is_no_picture(reason: UnscreenedReason, lost: bool) -> None:
    told = shown(case(decision=HELD, images=(image(), unopened(reason))), lost=lost)
    assert told.footer == "It could not be opened, so it cannot be shown here, and if it is removed, not given back."


def test_what_is_held_because_a_provider_is_out_has_its_picture() -> None:
    out = unopened(UnscreenedReason.OUTAGE, "local")
    assert shown(case(decision=HELD, images=(out,))).footer == ""


def test_what_stands_unopened_can_be_looked_at_where_it_is() -> None:
    asks = replace(HELD, steps=(Step(Act.ESCALATE),))
    rubbish = replace(unopened(UnscreenedReason.UNDECODABLE), decision=asks)
    assert shown(case(Origin.REVIEW, decision=asks, images=(rubbish,))).footer == ""


def test_the_footer_speaks_of_test_cards_and_lost_pictures() -> None:
    tested = replace(REMOVAL, reasons=(FOUND, Reason(ReasonCode.TEST_CARD, provider="testcard")))
    told = shown(case(decision=tested), lost=True)
    assert "test card" in told.footer
    assert told.footer.endswith("The picture was lost in a restart.")


def test_the_picture_is_handed_through() -> None:
    assert card(case(), HISTORY, POLICY, picture=b"jpeg", lost_picture=False, texts=Texts()).picture == b"jpeg"


def test_kicks_and_bans_are_proposed_apart_from_the_reasons() -> None:
    proposed = Reason(ReasonCode.PROPOSED, score=6.0, threshold=6.0, detail="ban")
    told = lines(case(decision=replace(REMOVAL, reasons=(FOUND, proposed))))
    assert told["For you to decide"] == "• strike 6 would be enough to ban the author"
    assert "ban the author" not in told["Why"]


@pytest.mark.parametrize("kind", [AuthorKind.WEBHOOK, AuthorKind.BOT])
def test_who_cannot_be_punished_has_no_strikes(kind: AuthorKind) -> None:
    assert lines(case(author=Author("42", kind)))["Author"] == f"<@42> · {kind.value}"


def test_unscreened_is_told_apart_from_clean() -> None:
    broken = image(
        decision=Decision(Suggestion.UNSCREENED),
        screenings=(Unscreened("local", UnscreenedReason.UNDECODABLE, "truncated"),),
    )
    told = lines(case(images=(broken,), decision=Decision(Suggestion.UNSCREENED), effects=()))
    assert told["Scores"] == "local: not judged, it cannot be opened as an image (truncated)"
    assert "without having been judged" in told["What was done"]


def test_several_images_are_numbered_as_posted_and_the_worst_comes_first() -> None:
    clean = image(1, Decision(Suggestion.PASS), screenings=(replace(SEEN, labels=()),))
    told = lines(case(images=(clean, image(2))))["Scores"].split("\n")
    assert told[0] == "Image 2 of 2:"
    assert told[3] == "Image 1 of 2:"
    assert told[4].startswith("local: nothing seen")


def test_a_silent_test_card_provider_is_not_mentioned() -> None:
    silent = replace(SEEN, provider="testcard", labels=(), assessed=frozenset())
    assert "testcard" not in lines(case(images=(image(screenings=(SEEN, silent)),)))["Scores"]


def monster() -> Case:
    """As long as it can be, and every word of it hostile."""
    word = "@everyone\u202e[x](https://e.example)" * 9
    labels = tuple(Label(c, word, 0.5) for c in Category)
    verdicts = tuple(replace(SEEN, provider=f"{n}{word}", labels=labels, assessed=frozenset()) for n in range(6))
    silent = tuple(Unscreened(word, r, word) for r in UnscreenedReason)
    images = tuple(image(n, screenings=verdicts + silent) for n in range(10))
    reasons = tuple(Reason(code, c, word, word, 0.9, 0.5, word) for code in ReasonCode for c in Category)
    effects = tuple(
        effect(kind, OutcomeState.REFUSED, word, until="2026-11-02T00:00:00+00:00")
        for kind in EffectKind
        for _ in range(9)
    )
    return case(
        state=CaseState.UPHELD,
        images=images,
        decision=Decision(Suggestion.BLOCK, REMOVAL.steps, reasons),
        effects=effects,
        decided_by=word,
        note=word,
        author=Author(word),
    )


def test_the_longest_card_fits_and_does_no_harm() -> None:
    told = shown(monster(), lost=True)
    assert all(value and len(value.encode("utf-16-le")) // 2 <= 1000 for _, value in told.lines)
    assert sum(len(f"{n}{v}".encode("utf-16-le")) // 2 for n, v in told.lines) <= 5500
    for _, value in told.lines:
        assert value.count(FSI) == value.count(PDI)
        assert "@everyone" not in value
        assert "https://" not in value
        assert "\u202e" not in value


class Marked(gettext.NullTranslations):
    """A language in which every word shows that it went through the catalogue."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"«{one if n == 1 else many}»"


def test_every_word_on_a_card_can_be_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts("en")
    monkeypatch.setattr(texts, "_translations", Marked())
    for origin, state in product(Origin, CaseState):
        told = shown(case(origin, state), lost=True, texts=texts)
        words = [told.title, told.footer, *(b.label for b in told.buttons)]
        words += [part for line in told.lines for part in line]
        for said in words:
            outside = said
            while (inner := outside.rfind("«")) >= 0:
                outside = outside[:inner] + outside[outside.index("»", inner) + 1 :]
            for mark in ("<#7>", "<@42>", "<@55>", "local", "porn"):
                outside = outside.replace(mark, "")
            assert not any(c.isalpha() for c in outside), f"{said!r} says {outside!r} in English only"
