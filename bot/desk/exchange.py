"""Whole policies: another preset, a file written, a file read; what replaces everything is shown first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from bot.desk.amending import Amending
from bot.desk.gate import Gate
from bot.desk.modes import RULES
from bot.desk.objections import Objection, one_of
from bot.desk.rights import may_manage
from bot.model import Answer, Presser, Tenant
from bot.ports import Drafts, Settings
from bot.texts import refusals
from bot.texts import rules as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from bot.yamls import Unreadable, parse, written
from policies import form
from policies.model import Policy
from policies.presets import PRESETS, preset

LARGEST: Final = 64 * 1024  # bytes of a file
IMPORT: Final = "import"
FILE: Final = "policy.yaml"
PROBLEMS: Final = "problems.txt"
PRESET_SETS: Final = (
    *("thresholds", "drawn", "age_restricted", "actions", "ladder", "newcomers"),
    *("unscreened", "evidence", "surfaces", "trust_vendor", "cap"),
)
"""What a preset is about. All the rest is the guild's own, and stays when it takes another preset."""


class Exchange:
    """Presets and files."""

    def __init__(self, gate: Gate, settings: Settings, amending: Amending, drafts: Drafts, coverage: Coverage) -> None:
        self._gate = gate
        self._settings = settings
        self._amending = amending
        self._drafts = drafts
        self._coverage = coverage

    # --- presets ------------------------------------------------------------------------------------

    async def preset(self, tenant: Tenant, presser: Presser, name: str, *, seen: int | None = None) -> Answer:
        """See `bot.ports.desk.Exchange`."""

        async def change(_policy: Policy, voice: Voice) -> Answer:
            wanted = one_of(name, PRESETS, voice, what=voice.texts.gettext("a preset"))
            if seen is not None:
                return await self._take_over(
                    tenant, presser, lambda old: switched(old, wanted), seen, f"{RULES}preset {wanted}", voice
                )
            before, version = await self._settings.policy(tenant)
            after = switched(before, wanted)
            if before == after:
                return Answer(words.already_so(voice.texts))
            page = words.switching(before, after, lost(before), version, self._coverage, voice)
            return Answer(page.text, page=page)

        return await self._gate.tuning(tenant, presser, change)

    # --- files --------------------------------------------------------------------------------------

    async def export(self, tenant: Tenant, presser: Presser) -> Answer:
        """See `bot.ports.desk.Exchange`."""

        async def write(_policy: Policy, voice: Voice) -> Answer:
            policy, version = await self._settings.policy(tenant)
            _ = voice.texts.gettext
            header = (
                _("The policy of {guild}, version {version}.", guild=tenant, version=version),
                _("To take it over again: /policy import."),
            )
            return Answer(words.exported(voice.texts), file=(FILE, written(form.dump(policy), header).encode()))

        return await self._gate.reading(tenant, presser, write)

    async def read_in(self, tenant: Tenant, presser: Presser, content: bytes) -> Answer:
        """See `bot.ports.desk.Exchange`."""

        async def show(_policy: Policy, voice: Voice) -> Answer:
            if len(content) > LARGEST:
                raise Objection(words.too_large(LARGEST, voice.texts))
            before, version = await self._settings.policy(tenant)
            try:
                given = parse(content)
                after = form.load(given)
            except Unreadable as fault:
                raise Objection(words.unreadable(fault.why, voice)) from None
            except form.PolicyError as error:
                return _refused(error.problems, voice)
            if before == after:
                return Answer(words.already_so(voice.texts))
            _guard(before, after, presser, voice.texts)
            await self._drafts.keep(tenant, presser.id, IMPORT, {"policy": form.dump(after, whole=True)})
            page = words.importing(before, after, version, self._coverage, voice)
            return Answer(page.text, page=page)

        return await self._gate.tuning(tenant, presser, show)

    async def save(self, tenant: Tenant, presser: Presser, *, seen: int) -> Answer:
        """See `bot.ports.desk.Exchange`."""

        async def change(before: Policy, voice: Voice) -> Answer:
            kept = await self._drafts.kept(tenant, presser.id, IMPORT)
            if kept is None:
                raise Objection(words.not_kept(voice.texts))
            after = _load(kept)
            _guard(before, after, presser, voice.texts)
            why = f"{RULES}{IMPORT}" if before.mode is after.mode else IMPORT
            answer = await self._take_over(tenant, presser, lambda _: after, seen, why, voice)
            await self._drafts.drop(tenant, presser.id, IMPORT)
            return answer

        return await self._gate.tuning(tenant, presser, change)

    async def turn(self, tenant: Tenant, presser: Presser, page: str, control: str) -> Answer:
        """The second press: what was shown is taken over, unless the rules have moved on since."""
        name, _, version = control.rpartition(".")
        if not version.isdecimal() or page not in (words.PRESET, words.IMPORT):
            _policy, voice = await self._gate.guild(tenant)
            return Answer(words.overtaken(voice.texts))
        if page == words.PRESET:
            return await self.preset(tenant, presser, name, seen=int(version))
        return await self.save(tenant, presser, seen=int(version))

    async def _take_over(
        self, tenant: Tenant, presser: Presser, change: Callable[[Policy], Policy], seen: int, why: str, voice: Voice
    ) -> Answer:
        """Only on top of what was shown: whoever changed the rules meanwhile does not lose their change."""
        shown, version = await self._settings.policy(tenant)

        def unless_overtaken(old: Policy) -> Policy:
            if version != seen or old != shown:
                raise Objection(words.overtaken(voice.texts))
            return change(old)

        done = await self._amending.amend(tenant, unless_overtaken, presser.id, why)
        if done.before == done.after:
            return Answer(words.already_so(voice.texts))
        text = words.taken_over(done.before, done.after, done.version, self._coverage, voice)
        return Answer(text, done=True)


def switched(old: Policy, name: str) -> Policy:
    """`old` with all that a preset sets as `name` sets it; what no preset sets stays."""
    base = preset(name)
    return replace(old, preset=name, **{field: getattr(base, field) for field in PRESET_SETS})


def lost(old: Policy) -> list[str]:
    """What the guild had changed of its preset, and another one replaces."""
    usual = preset(old.preset)
    return [field for field in PRESET_SETS if getattr(old, field) != getattr(usual, field)]


def _load(kept: Mapping[str, Any]) -> Policy:
    return form.load(kept["policy"])


def _refused(problems: tuple[str, ...], voice: Voice) -> Answer:
    """All problems are listed: in a file, where they do not fit into an answer."""
    problems = tuple(map(voice.texts.said, problems))
    whole = "\n".join(f"- {' '.join(p.split())}" for p in problems)
    text = words.refused(problems, voice)
    fits = text.count("•") == len(problems) and max(map(len, problems)) <= words.LONGEST_PROBLEM
    return Answer(text, file=None if fits else (PROBLEMS, whole.encode()))


def _guard(before: Policy, after: Policy, presser: Presser, texts: Texts) -> None:
    """Whoever was entrusted with the rules cannot entrust themselves with more, nor let others see the cards."""
    if may_manage(presser):
        return
    _ = texts.gettext
    guarded = (
        (before.staff != after.staff, _("who is entrusted with what")),
        (before.mod_channel != after.mod_channel, _("the moderators' channel")),
        (before.quarantine_role != after.quarantine_role, _("the quarantine role")),
    )
    for differs, what in guarded:
        if differs:
            raise Objection(refusals.only_a_manager(what, texts))
