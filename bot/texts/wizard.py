"""What the setup wizard says, page by page: short, plain and kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.model import Finding
from bot.model.guilds import PAID
from bot.texts import coverage as seen
from bot.texts import doctor, names
from bot.texts.catalogue import Texts, mark
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies.cautious import SURE, cautious, differing
from policies.model import NEVER, Category, Policy, Threshold
from policies.presets import PRESETS

FREE: Final = frozenset({"local", "testcard"})

_TITLES: Final = {
    "setup_preset": mark("How strict should I be?"),
    "setup_channel": mark("Where do moderators see what I find?"),
    "setup_staff": mark("Who may do what?"),
    "setup_exempt": mark("Is anybody exempt?"),
    "setup_providers": mark("Who looks at the images?"),
    "setup_check": mark("Do I have what I need?"),
    "setup_finish": mark("Ready"),
    "setup_done": mark("Done"),
}


def no_note(voice: Voice) -> str:
    """Nothing to say beside the page."""
    return ""


def goes_on(voice: Voice) -> str:
    """The draft is still there."""
    return voice.texts.gettext("You were in the middle of this: it goes on where you were.")


def begun_anew(voice: Voice) -> str:
    """To a press on a page whose draft is gone."""
    return voice.texts.gettext(
        "That setup is over: it was finished, or begun more than a day ago. Here is a new one; it starts from what is "
        "set now."
    )


def no_channel(voice: Voice) -> str:
    """To who goes on without a channel."""
    return voice.texts.gettext("**Choose a channel first**: without it nobody sees what I find.")


def title(which: str, step: int, steps: int, texts: Texts) -> str:
    """Of one page, with how far one is."""
    name = texts.gettext(_TITLES[which])
    return texts.gettext("{title} ({step} of {steps})", title=name, step=step, steps=steps) if steps else name


def so_far(policy: Policy, voice: Voice) -> list[str]:
    """What was chosen, in one small line."""
    _, texts = voice.texts.gettext, voice.texts
    channel = voice.markup.channel(policy.mod_channel) if policy.mod_channel else _("no channel yet")
    entrusted = len(frozenset[str]().union(*policy.staff.values()))
    parts = [_("preset {preset}", preset=policy.preset), _("cards: {channel}", channel=channel)]
    if entrusted:
        parts.append(texts.ngettext("{count} role with duties", "{count} roles with duties", entrusted))
    if exempted := len(policy.exempt.roles):
        parts.append(texts.ngettext("{count} role exempt", "{count} roles exempt", exempted))
    said = _("So far: {choices}. Nothing is saved before the last page.", choices=" · ".join(parts))
    return [voice.markup.small(said)]


# --- presets --------------------------------------------------------------------------------------


def preset(policy: Policy, coverage: Coverage, texts: Texts) -> list[str]:
    """What the chosen preset removes and shows; and what nobody here looks for, whatever is chosen."""
    _ = texts.gettext
    if policy.preset not in PRESETS:
        intro = _(
            "You have rules of your own ({preset}). Choosing a preset replaces their limits.", preset=policy.preset
        )
    else:
        intro = _("**{preset}**: {meaning}", preset=policy.preset, meaning=_(names.PRESETS[policy.preset]))
    return [intro, "", *_effects(policy, coverage, texts), "", *seen.lines(coverage, texts)]


def _effects(policy: Policy, coverage: Coverage, texts: Texts) -> Iterator[str]:
    """Only what somebody here can find: the rest would be an empty promise."""
    _ = texts.gettext
    found = frozenset[Category]().union(*coverage.values())
    removed = [c for c in Category if c in found and policy.thresholds.get(c, NEVER).remove is not None]
    shown = [c for c in Category if c in found - set(removed) and policy.thresholds.get(c, NEVER).review is not None]
    if removed:
        yield _("Removed when sure, shown to moderators when in doubt: {what}.", what=_listed(removed, texts))
    if shown:
        yield _("Only shown to moderators, never removed by me: {what}.", what=_listed(shown, texts))


def _listed(categories: Sequence[Category], texts: Texts) -> str:
    return "; ".join(names.category(c, texts) for c in categories)


# --- the moderators' channel ------------------------------------------------------------------------


def channel(policy: Policy, voice: Voice, *, rooms: bool = True) -> list[str]:
    """What it is for. `rooms`: whether a private one can be made."""
    _ = voice.texts.gettext
    lines = [
        _(
            "I post a card there for everything that I find, with buttons to decide. Pictures on cards stay hidden "
            "until somebody clicks."
        ),
        _(
            "It should be private, since cards show what was removed. Pick a channel, or let me make one that only "
            "you, the roles that you chose before and I can see."
        )
        if rooms
        else _("It should be private, since cards show what was removed: one where only moderators and I are."),
    ]
    if policy.mod_channel:
        lines.append(_("Chosen: {channel}.", channel=voice.markup.channel(policy.mod_channel)))
    return lines


def channel_name(texts: Texts) -> str:
    """Of the channel that is made."""
    return texts.gettext("image-moderation")


def made(ident: str, voice: Voice) -> str:
    """The channel is there."""
    return voice.texts.gettext(
        "I made {channel}. Only you, the chosen roles and I can see it.", channel=voice.markup.channel(ident)
    )


def not_made(why: str, voice: Voice) -> str:
    """The channel is not there; `why` says the cure."""
    return voice.texts.gettext("I could not make a channel. {why}", why=voice.texts.said(why))


# --- people -----------------------------------------------------------------------------------------


def staff(texts: Texts) -> list[str]:
    """Who may do what without any choice here, and what a role adds."""
    _ = texts.gettext
    return [
        _("You need not choose anything here. As it is, the server's own permissions decide:"),
        _("• whoever may manage messages sees and decides cases"),
        _("• whoever may time out, kick or ban members may do just that from a card"),
        _("• whoever may manage the server changes the rules"),
        _("If others should help, choose their roles below. This setup is for those who may manage the server."),
    ]


def exempt(policy: Policy, moderators: frozenset[str], voice: Voice) -> list[str]:
    """Who is never acted on: nobody, unless it is chosen."""
    _ = voice.texts.gettext
    lines = [
        _("Unless you choose otherwise, nobody is exempt: a moderator's account can be stolen too."),
        _("Pictures of exempt roles are still looked at, but never removed, and nobody is punished for them."),
    ]
    if missing := moderators - policy.exempt.roles:
        roles = ", ".join(voice.markup.role(r) for r in sorted(missing))
        lines.append(_("Your moderators' roles are: {roles}. Many servers exempt them; you need not.", roles=roles))
    return lines


# --- providers ----------------------------------------------------------------------------------------


def providers(coverage: Coverage, texts: Texts) -> list[str]:
    """Those that the host offers, what each finds and what it costs."""
    _ = texts.gettext
    lines = [
        _(
            "• {name}: {categories}. {cost}",
            name=name,
            categories=_listed([c for c in Category if c in found], texts),
            cost=costs(name, texts),
        )
        for name, found in sorted(coverage.items())
    ]
    if not coverage:
        return [_("The host has set up nobody to look at images, so nothing can be found. Ask them to.")]
    if len(coverage) == 1:
        lines.append(_("There is nothing to choose here: whoever runs this bot offers just this."))
    return lines


def costs(name: str, texts: Texts) -> str:
    """What a provider costs the guild."""
    _ = texts.gettext
    if name in FREE:
        return _("It runs on the bot's own machine: it costs nothing, and no picture leaves it.")
    if name not in PAID:
        return _("It costs nothing here; pictures are sent to it.")
    return _("A paid service: pictures are sent to it. The host decides what may be spent.")


# --- the end --------------------------------------------------------------------------------------------


def check(findings: Sequence[Finding], texts: Texts) -> list[str]:
    """What is missing first, each with what fails without it."""
    bad = [f for f in findings if not f.ok]
    if not bad:
        return [texts.gettext("I have every right that I need here."), *(doctor.line(f) for f in findings)]
    head = texts.ngettext("{count} thing is missing.", "{count} things are missing.", len(bad))
    after = texts.gettext("You can mend this now and press *Check again*, or go on and do it later.")
    return [head, *(doctor.line(f) for f in bad), after]


def finish(policy: Policy, findings: Sequence[Finding], texts: Texts) -> list[str]:
    """The two ways to begin."""
    _ = texts.gettext
    lines = [
        _("**Protect now**: I remove what I am sure of, and show moderators the rest."),
        *careful(policy, texts),
        *trusting(policy, texts),
        _(
            "**Watch first**: I touch nothing. Cards show what I would do, and after three days I tell you what would "
            "have happened."
        ),
    ]
    if missing := sum(not f.ok for f in findings):
        lines.append(
            texts.ngettext(
                "{count} thing is still missing (see the page before): until then I cannot protect everything.",
                "{count} things are still missing (see the page before): until then I cannot protect everything.",
                missing,
            )
        )
    return lines


def careful(policy: Policy, texts: Texts) -> list[str]:
    """How acting begins more carefully than the preset would, if so."""
    if not differing(policy, cautious(policy)):
        return []
    return [
        texts.gettext(
            "To begin with I remove nothing below {sure}, also where {preset} would: moderators are shown it.",
            sure=names.score(SURE),
            preset=policy.preset,
        )
    ]


def trusting(policy: Policy, texts: Texts) -> list[str]:
    """The way to the preset's own limits, where acting begins more carefully."""
    way = texts.gettext(
        "When you trust me, one press on the next page gives all limits of {preset}.", preset=policy.preset
    )
    return [way] if careful(policy, texts) else []


def own_limits_button(policy: Policy, texts: Texts) -> str:
    """The way to the preset's own limits."""
    return texts.gettext("Use all limits of {preset}", preset=policy.preset)


def own_limits(before: Policy, after: Policy, texts: Texts) -> str:
    """The preset's own limits hold now."""
    _ = texts.gettext
    changed = differing(before, after)
    if not changed:
        return _("Nothing to change: the limits of {preset} hold already, or your own.", preset=after.preset)
    return _(
        "From now on I remove as {preset} does, from: {limits}.", preset=after.preset, limits=_limits(changed, texts)
    )


def nothing_to_do(texts: Texts) -> str:
    """To a press that no page offers any more."""
    return texts.gettext("There is nothing to do here any more. To change something, run /setup again.")


def careful_now(before: Policy, after: Policy, texts: Texts) -> list[str]:
    """Which limits were raised, if any were."""
    changed = differing(before, after)
    if not changed:
        return []
    said = texts.gettext(
        "I remove nothing below {sure} to begin with: {limits}.", sure=names.score(SURE), limits=_limits(changed, texts)
    )
    return [said]


def _limits(changed: Mapping[Category, Threshold], texts: Texts) -> str:
    return "; ".join(f"{names.category(c, texts)} {names.threshold(t.remove, texts)}" for c, t in changed.items())
