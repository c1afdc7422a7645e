"""The moderators' card: a case in words, with the buttons its state offers."""

from __future__ import annotations

from typing import Final

from bot.desk.post import Matter, Post, link, matter, post, removable
from bot.desk.verbs import offered
from bot.model import ABLE, AuthorKind, Capabilities, Card, Case, CaseState, History, Judged, Origin
from bot.texts import names, outcomes, reasons, sanctions, scores
from bot.texts.buttons import button
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import FIELD, fit
from bot.texts.markup import Voice
from policies.model import Policy, ReasonCode, Suggestion, Unscreened, UnscreenedReason

_TITLES: Final = {
    (CaseState.OPEN, Origin.REMOVED): mark("Case {number} · removed"),
    (CaseState.OPEN, Origin.REVIEW): mark("Case {number} · please look"),
    (CaseState.UPHELD, Origin.REMOVED): mark("Case {number} · removed, rightly"),
    (CaseState.UPHELD, Origin.REVIEW): mark("Case {number} · removed by a moderator"),
    (CaseState.UPHELD, Origin.OBSERVED): mark("Case {number} · would have been right"),
    (CaseState.OVERTURNED, Origin.REMOVED): mark("Case {number} · removed by mistake"),
    (CaseState.OVERTURNED, Origin.REVIEW): mark("Case {number} · it's fine"),
    (CaseState.OVERTURNED, Origin.OBSERVED): mark("Case {number} · would have been wrong"),
}
_TITLES_OF_WHAT_STAYS: Final = {
    CaseState.OPEN: mark("Case {number} · please look"),
    CaseState.UPHELD: mark("Case {number} · not allowed"),
    CaseState.OVERTURNED: mark("Case {number} · it's fine"),
}
_COLOURS: Final = {Origin.REMOVED: "red", Origin.REVIEW: "amber", Origin.OBSERVED: "grey"}


def card(
    case: Case,
    history: History,
    policy: Policy,
    *,
    picture: bytes | None,
    lost_picture: bool,
    texts: Texts,
    can: Capabilities = ABLE,
) -> Card:
    """`case` as moderators see it now. `picture` is the evidence, already reduced to its level;
    `lost_picture`: there was one, and a restart came between deleting the post and showing it; `can`: what the
    platform can do."""
    voice = Voice.to(case.tenant, texts)
    return Card(
        case=case.number,
        title=_title(case, texts),
        lines=_lines(case, history, policy, voice),
        colour=_colour(case),
        buttons=tuple(button(verb, texts) for verb in offered(case)),
        picture=picture,
        link=link(case),
        footer=_footer(case, texts, lost_picture=lost_picture),
        sanctions=sanctions.options(case, policy, can, texts),
    )


def _title(case: Case, texts: Texts) -> str:
    return texts.gettext(_title_source(case), number=case.number)


def _title_source(case: Case) -> str:
    """A title never says `removed` of a post that still stands."""
    meant_to_go = case.origin is Origin.REMOVED or (case.state is CaseState.UPHELD and case.origin is Origin.REVIEW)
    if case.state is CaseState.EXPIRED:
        return mark("Case {number} · closed, nobody decided in time")
    if not removable(case) and case.origin is not Origin.OBSERVED:
        return _TITLES_OF_WHAT_STAYS[case.state]
    if meant_to_go and post(case) is Post.STANDS:
        return mark("Case {number} · I could not remove it")
    if case.origin is Origin.OBSERVED and case.state is CaseState.UPHELD and post(case) is Post.GONE:
        return mark("Case {number} · removed by a moderator")
    if case.origin is Origin.OBSERVED and case.state is CaseState.OPEN:
        return _observed_title(case)
    return _TITLES[case.state, case.origin]


def _observed_title(case: Case) -> str:
    if case.decision.removes:
        return mark("Case {number} · would be removed")
    return mark("Case {number} · would need a look")


def _colour(case: Case) -> str:
    if case.state is CaseState.OPEN:
        return _COLOURS[case.origin]
    return "green" if case.state is CaseState.OVERTURNED else "grey"


def _footer(case: Case, texts: Texts, *, lost_picture: bool) -> str:
    remarks = []
    if case.decision.is_test:
        remarks.append(texts.gettext("This is a test card: it earns no strike and is left out of statistics."))
    if held_unopened(case):
        remarks.append(
            texts.gettext("It could not be opened, so it cannot be shown here, and if it is removed, not given back.")
        )
    elif lost_picture:
        remarks.append(texts.gettext("The picture was lost in a restart."))
    return " ".join(remarks)


def held_unopened(case: Case) -> bool:
    """Whether something of this post is removed that nobody could open: of that there is no picture at all."""
    return case.decision.removes and any(_is_unopened(image) for image in case.images)


def _is_unopened(image: Judged) -> bool:
    """A provider that is out has a picture before it all the same; who cannot open it has none."""
    closed = (UnscreenedReason.UNDECODABLE, UnscreenedReason.UNSUPPORTED)
    return bool(image.screenings) and all(isinstance(s, Unscreened) and s.reason in closed for s in image.screenings)


# --- lines ------------------------------------------------------------------------------------


def _lines(case: Case, history: History, policy: Policy, voice: Voice) -> tuple[tuple[str, str], ...]:
    _ = voice.texts.gettext
    lines = (
        (_("Why"), _why(case, voice)),
        (_("Scores"), fit(scores.of_images(case.images, voice), FIELD, voice.texts)),
        (_("Where"), _where(case, voice)),
        (_("Author"), _author(case, history, policy, voice)),
        (_("What was done"), _done(case, voice)),
        (_("For you to decide"), _proposed(case, voice)),
        (_("Decided"), _decided(case, voice)),
    )
    return tuple((name, value) for name, value in lines if value)


def _why(case: Case, voice: Voice) -> str:
    spoke = [r for r in case.decision.reasons if r.code is not ReasonCode.PROPOSED]
    return fit(reasons.sentences(spoke, voice), FIELD, voice.texts)


def _proposed(case: Case, voice: Voice) -> str:
    proposed = [r for r in case.decision.reasons if r.code is ReasonCode.PROPOSED]
    return fit(reasons.sentences(proposed, voice), FIELD, voice.texts)


def _where(case: Case, voice: Voice) -> str:
    _ = voice.texts.gettext
    about = matter(case)
    parts = [_("reaction to a message") if about is Matter.REACTION else _(names.CONTEXTS[case.place.context])]
    if case.place.channel is not None and about is not Matter.DIRECT:
        parts.insert(0, voice.markup.channel(case.place.channel))
    if case.place.age_restricted:
        parts.append(_("age-restricted"))
    return " · ".join(parts)


def _author(case: Case, history: History, policy: Policy, voice: Voice) -> str:
    texts = voice.texts
    who = voice.markup.person(case.author.id)
    if case.author.kind is AuthorKind.GUILD:
        return texts.gettext(names.AUTHORS[AuthorKind.GUILD])
    if matter(case) is Matter.DIRECT:
        return f"{who} · {texts.ngettext('{count} case', '{count} cases', history.cases)}"
    if case.author.kind is not AuthorKind.MEMBER:
        kind = texts.gettext(names.AUTHORS[case.author.kind])
        return f"{who} · {kind}"
    lately = texts.ngettext("last day", "last {count} days", policy.ladder.days)
    known = (
        texts.ngettext("{count} strike ({lately})", "{count} strikes ({lately})", history.strikes, lately=lately),
        texts.gettext("{upheld} upheld", upheld=history.upheld),
        texts.ngettext("{count} case", "{count} cases", history.cases),
    )
    return f"{who} · {', '.join(known)}"


def _done(case: Case, voice: Voice) -> str:
    told = [outcomes.of_effect(e, voice) for e in case.effects if e.kind in outcomes.SPOKEN_OF]
    return fit(told or [_nothing_done(case, voice.texts)], FIELD, voice.texts)


def _nothing_done(case: Case, texts: Texts) -> str:
    if case.decision.suggestion is Suggestion.UNSCREENED:
        return texts.gettext("Nothing: it was left alone without having been judged.")
    return texts.gettext("Nothing yet.") if case.state is CaseState.OPEN else texts.gettext("Nothing.")


def _decided(case: Case, voice: Voice) -> str:
    if case.state is CaseState.OPEN:
        return ""
    note = voice.markup.quote(case.note, 200) if case.note else ""
    return " · ".join(part for part in (decided(case, voice), note) if part)


def decided(case: Case, voice: Voice) -> str:
    """Who closed a case, and when."""
    _ = voice.texts.gettext
    at = voice.markup.moment(case.decided_at) if case.decided_at else ""
    if case.decided_by is None:
        return at or _("by nobody")
    return _("by {person}, {at}", person=voice.markup.person(case.decided_by), at=at)
