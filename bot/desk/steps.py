"""The wizard's pages: which there are, in which order, and what can be pressed on each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from bot.desk.draft import Draft
from bot.model import Button, Capabilities, Choose, Control, Finding, Option, Page, Pick, PickKind, Recipient
from bot.texts import names, privacy
from bot.texts import wizard as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.lines import fit
from bot.texts.markup import Voice
from policies.cautious import differing, unbridled
from policies.model import Duty, Policy
from policies.presets import PRESETS

PRESET: Final = "setup_preset"
CHANNEL: Final = "setup_channel"
STAFF: Final = "setup_staff"
EXEMPT: Final = "setup_exempt"
PROVIDERS: Final = "setup_providers"
CHECK: Final = "setup_check"
FINISH: Final = "setup_finish"
DONE: Final = "setup_done"
ORDER: Final = (PRESET, STAFF, CHANNEL, EXEMPT, PROVIDERS, CHECK, FINISH)
"""Staff before the channel: a private one lets in whom the guild entrusts with something."""
OF_ROLES: Final = frozenset({STAFF, EXEMPT})
"""Pages that have nothing to offer where there are no roles."""
SURVEYED: Final = frozenset({CHECK, FINISH})

NEXT: Final = "next"
BACK: Final = "back"
MAKE: Final = "make"
SUGGESTED: Final = "suggested"
AGAIN: Final = "again"
PROTECT: Final = "protect"
WATCH: Final = "watch"
OWN: Final = "own"

TEXT: Final = 3000  # characters of one page, beside its title and prompts
MOST_ROLES: Final = 25


def order(able: Capabilities) -> tuple[str, ...]:
    """The pages that a platform has a use for."""
    return tuple(which for which in ORDER if able.roles or which not in OF_ROLES)


def moved(draft: Draft, control: str, pages: Sequence[str] = ORDER) -> Draft:
    """One page on or back in `pages`; other controls stay."""
    at = pages.index(draft.page) if draft.page in pages else 0
    step = {NEXT: 1, BACK: -1}.get(control, 0)
    return replace(draft, page=pages[min(max(at + step, 0), len(pages) - 1)])


def moderators(policy: Policy) -> frozenset[str]:
    """Roles that are entrusted with deciding or punishing."""
    return frozenset[str]().union(*(policy.staff.get(duty, frozenset()) for duty in (Duty.DECIDE, Duty.PUNISH)))


def page(
    which: str,
    policy: Policy,
    findings: Sequence[Finding],
    coverage: Coverage,
    voice: Voice,
    note: str = "",
    *,
    able: Capabilities,
    recipients: Sequence[Recipient] = (),
) -> Page:
    """One page of the wizard. `policy` is what would hold; `note` is said first; `able`: what the platform can do."""
    texts, pages = voice.texts, order(able)
    lines = _lines(which, policy, findings, coverage, voice, able)
    if which == PROVIDERS and (shown := privacy.lines(recipients, texts)):
        lines = [*lines, "", *shown]
    title = words.title(which, pages.index(which) + 1, len(pages), texts)
    told = [*([note, ""] if note else []), *lines, "", *words.so_far(policy, voice)]
    controls = (*_controls(which, policy, coverage, texts, able), *_way(which, texts))
    return Page(which, title, fit(told, TEXT, texts), controls)


def done(policy: Policy, text: str, voice: Voice) -> Page:
    """The last page; where acting began more carefully than the preset would, the way to the preset's own limits."""
    careful = differing(policy, unbridled(policy))
    own = Button(OWN, words.own_limits_button(policy, voice.texts))
    return Page(DONE, words.title(DONE, 0, 0, voice.texts), text, (own,) if careful else ())


def _lines(
    which: str,
    policy: Policy,
    findings: Sequence[Finding],
    coverage: Coverage,
    voice: Voice,
    able: Capabilities,
) -> Sequence[str]:
    texts = voice.texts
    said: dict[str, Callable[[], Sequence[str]]] = {
        PRESET: lambda: words.preset(policy, coverage, texts),
        STAFF: lambda: words.staff(texts),
        CHANNEL: lambda: words.channel(policy, voice, rooms=able.rooms),
        EXEMPT: lambda: words.exempt(policy, moderators(policy), voice),
        PROVIDERS: lambda: words.providers(coverage, texts),
        CHECK: lambda: words.check(findings, texts),
        FINISH: lambda: words.finish(policy, findings, texts),
    }
    return said[which]()


def _controls(which: str, policy: Policy, coverage: Coverage, texts: Texts, able: Capabilities) -> tuple[Control, ...]:
    offered: dict[str, Callable[[], tuple[Control, ...]]] = {
        PRESET: lambda: (_presets(policy, texts),),
        STAFF: lambda: tuple(_entrusted(duty, policy, texts) for duty in Duty),
        CHANNEL: lambda: _channel(policy, texts, rooms=able.rooms),
        EXEMPT: lambda: _exemptions(policy, texts),
        PROVIDERS: lambda: _providers(policy, coverage, texts),
        CHECK: lambda: (Button(AGAIN, texts.gettext("Check again")),),
        FINISH: tuple,
    }
    return offered[which]()


def _presets(policy: Policy, texts: Texts) -> Choose:
    _ = texts.gettext
    options = tuple(Option(name, name, _(names.PRESETS[name]), name == policy.preset) for name in PRESETS)
    return Choose("preset", _("How strict?"), options)


def _channel(policy: Policy, texts: Texts, *, rooms: bool) -> tuple[Control, ...]:
    _ = texts.gettext
    chosen = () if policy.mod_channel is None else (policy.mod_channel,)
    pick = Pick("channel", _("The moderators' channel"), PickKind.CHANNEL, chosen, least=1)
    return (pick, Button(MAKE, _("Make a private one"))) if rooms else (pick,)


def _exemptions(policy: Policy, texts: Texts) -> tuple[Control, ...]:
    _ = texts.gettext
    roles = tuple(sorted(policy.exempt.roles))
    pick = Pick("roles", _("Roles that are never acted on"), PickKind.ROLES, roles, most=MOST_ROLES)
    suggest = bool(moderators(policy) - policy.exempt.roles)
    return (pick, Button(SUGGESTED, _("Exempt the moderators' roles"))) if suggest else (pick,)


def _entrusted(duty: Duty, policy: Policy, texts: Texts) -> Pick:
    roles = tuple(sorted(policy.staff.get(duty, frozenset())))
    prompt = texts.gettext("Who may also {what}", what=texts.gettext(names.DUTIES[duty]))
    return Pick(duty.value, prompt, PickKind.ROLES, roles, most=MOST_ROLES)


def _providers(policy: Policy, coverage: Coverage, texts: Texts) -> tuple[Control, ...]:
    """A choice only where there is one."""
    if len(coverage) < 2:
        return ()
    options = tuple(
        Option(name, name, words.costs(name, texts), not policy.providers or name in policy.providers)
        for name in sorted(coverage)
    )
    return (Choose("providers", texts.gettext("Who looks at images?"), options, most=len(options)),)


def _way(which: str, texts: Texts) -> tuple[Button, ...]:
    _ = texts.gettext
    back = () if which == ORDER[0] else (Button(BACK, _("Back")),)
    if which == FINISH:
        return (Button(PROTECT, _("Protect now"), "green"), Button(WATCH, _("Watch first"), "blue"), *back)
    return (*back, Button(NEXT, _("Next"), "blue"))
