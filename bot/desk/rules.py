"""One rule after the other: what follows, for whom, on which surfaces; each change is a version with who and why."""

from __future__ import annotations

from dataclasses import replace

from bot.desk.acting import WHEN, acts_of, mind, said, with_actions
from bot.desk.changing import Changing
from bot.desk.gate import Gate
from bot.desk.objections import Objection, one_of
from bot.desk.places import category_of, context_of
from bot.desk.rights import may_manage
from bot.model import Answer, Presser, Tenant
from bot.texts import refusals
from bot.texts import rules as words
from bot.texts.markup import Voice
from policies.model import Exemptions, Policy, Surface, WhenSpent


class Rules:
    """The small changes that hold everywhere; `bot.desk.places` has what differs somewhere."""

    def __init__(self, gate: Gate, changing: Changing) -> None:
        self._gate = gate
        self._changing = changing

    # --- what follows -----------------------------------------------------------------------------

    async def actions(self, tenant: Tenant, presser: Presser, when: str, acts: str, context: str | None) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            _ = voice.texts.gettext
            which = one_of(when, WHEN, voice, what=_("a kind of finding"))
            where = None if context is None else context_of(context, voice)
            wanted = acts_of(acts, voice, usual=where is not None)
            return await self._changing.amend(
                tenant,
                presser,
                f"what follows {which}",
                lambda old: with_actions(old, which, where, wanted, voice),
                voice,
                words.what_follows(which, where, voice.texts),
                lambda p: said(p, which, where, voice.texts),
                lambda now: mind(now, which, where, voice.texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def quarantine(self, tenant: Tenant, presser: Presser, role: str | None) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            if not may_manage(presser):  # whoever chooses the role chooses what those in quarantine may do
                raise Objection(refusals.only_a_manager(voice.texts.gettext("the quarantine role"), voice.texts))
            return await self._changing.amend(
                tenant,
                presser,
                "quarantine role",
                lambda old: replace(old, quarantine_role=role),
                voice,
                voice.texts.gettext("Quarantine role"),
                lambda p: words.role(p.quarantine_role, voice),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def surfaces(self, tenant: Tenant, presser: Presser, surface: str, *, on: bool) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            which = Surface(one_of(surface, Surface, voice, what=texts.gettext("a surface")))
            return await self._changing.amend(
                tenant,
                presser,
                f"surface {which}",
                lambda old: replace(old, surfaces=old.surfaces | {which} if on else old.surfaces - {which}),
                voice,
                texts.gettext("Looked at, beside attachments and previews"),
                lambda p: words.surfaces(p.surfaces, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    # --- for whom, and what for ---------------------------------------------------------------------

    async def exempt(
        self, tenant: Tenant, presser: Presser, what: str, *, role: str | None = None, member: str | None = None
    ) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            _ = texts.gettext
            does = one_of(what, ("add", "remove", "list"), voice, what=_("one of what can be done"))
            roles, authors = (frozenset({x}) if x is not None else frozenset[str]() for x in (role, member))
            if does == "list":
                return Answer(_("Exempt, so never acted on: {who}.", who=words.exempt(policy.exempt, voice)))
            if not roles and not authors:
                raise Objection(_("Name a role or a member."))
            if does == "add" and role == tenant.id:  # Discord's @everyone has the id of its server
                raise Objection(words.everyone_is_exempt(texts))

            def amended(old: Policy) -> Policy:
                held = old.exempt
                if does == "add":
                    return replace(old, exempt=Exemptions(held.roles | roles, held.authors | authors))
                return replace(old, exempt=Exemptions(held.roles - roles, held.authors - authors))

            return await self._changing.amend(
                tenant,
                presser,
                f"exempt {does}",
                amended,
                voice,
                _("Exempt, so never acted on"),
                lambda p: words.exempt(p.exempt, voice),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def budget(self, tenant: Tenant, presser: Presser, rule: str) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            which = WhenSpent(one_of(rule, WhenSpent, voice, what=texts.gettext("a rule for a spent budget")))
            return await self._changing.amend(
                tenant,
                presser,
                f"budget {which}",
                lambda old: replace(old, when_spent=which),
                voice,
                texts.gettext("When the money for paid providers is used up"),
                lambda p: words.when_spent(p.when_spent, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def require(self, tenant: Tenant, presser: Presser, category: str, *, on: bool) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            which = category_of(category, voice)
            return await self._changing.amend(
                tenant,
                presser,
                f"require {which}",
                lambda old: replace(old, required=old.required | {which} if on else old.required - {which}),
                voice,
                texts.gettext("Required, so an image that nobody assessed for it is shown to moderators"),
                lambda p: words.categories(p.required, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def near(self, tenant: Tenant, presser: Presser, *, on: bool) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            return await self._changing.amend(
                tenant,
                presser,
                f"near {'on' if on else 'off'}",
                lambda old: replace(old, suspect_near=on),
                voice,
                texts.gettext("What nearly looks like an image that was removed or blocked here"),
                lambda p: words.near(p.suspect_near, texts),
            )

        return await self._gate.tuning(tenant, presser, change)
