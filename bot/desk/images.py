"""A guild's lists of exact images: what is never, and what is always, let through here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from bot.desk.gate import Gate
from bot.desk.objections import Objection
from bot.desk.rights import may_decide_own, may_see, wrote
from bot.model import Answer, Case, ListEntry, Presser, Tenant
from bot.ports import Gone, Ledger, Lists, Screener, Unfetchable
from bot.texts import checks, decisions
from bot.texts import images as words
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import Listed, Policy, Suggestion

ON_A_PAGE: Final = 10
SUGGESTED: Final = 25
AT_ONCE: Final = 10  # images that one command lists
LONGEST_WHY: Final = 200
HEXADECIMAL: Final = frozenset("0123456789abcdef")


class Images:
    """`/images`. Only the SHA-256 of the bytes is listed: what nearly looks like a blocked image comes before the
    moderators, and what nearly looks like an allowed one is nothing to anybody (ruling 9)."""

    def __init__(self, gate: Gate, lists: Lists, ledger: Ledger, screener: Screener) -> None:
        self._gate = gate
        self._lists = lists
        self._ledger = ledger
        self._screener = screener

    async def enlist(
        self,
        tenant: Tenant,
        presser: Presser,
        listed: Listed,
        *,
        pictures: Sequence[AsyncIterator[bytes]] = (),
        case: int | None = None,
        why: str = "",
    ) -> Answer:
        """See `bot.ports.desk.Images`."""

        async def put(policy: Policy, voice: Voice) -> Answer:
            found = await self._of_case(tenant, presser, case, voice.texts) if case is not None else {}
            for picture in pictures[:AT_ONCE]:
                found |= {await self._identified(picture, voice): ""}
            if not found:
                raise Objection(words.nothing_named(voice.texts))
            before = {sha256: await self._entry(tenant, sha256) for sha256 in found}
            for sha256, from_case in found.items():
                old, reason = before[sha256], why.strip()[:LONGEST_WHY] or from_case
                if old is None or old.listed is not listed:  # who said it first keeps the word
                    await self._lists.put(tenant, sha256, listed, presser.id, reason)
            return Answer(words.enlisted(listed, before, policy, voice), done=True)

        return await self._gate.deciding(tenant, presser, put)

    async def remove(self, tenant: Tenant, presser: Presser, ident: str) -> Answer:
        """See `bot.ports.desk.Images`."""

        async def take_off(_policy: Policy, voice: Voice) -> Answer:
            entry = await self._meant(tenant, ident, voice)
            await self._lists.put(tenant, entry.sha256, None, presser.id, "")
            return Answer(words.taken_off(entry, voice), done=True)

        return await self._gate.deciding(tenant, presser, take_off)

    async def listing(self, tenant: Tenant, presser: Presser, *, control: str = "") -> Answer:
        """See `bot.ports.desk.Images`."""

        async def show(_policy: Policy, voice: Voice) -> Answer:
            first = int(control) if control.isdecimal() else 0
            found = await self._lists.entries(tenant, limit=ON_A_PAGE + 1, offset=first)
            newer = str(max(0, first - ON_A_PAGE)) if first else None
            older = str(first + ON_A_PAGE) if len(found) > ON_A_PAGE else None
            page = words.page(found[:ON_A_PAGE], newer, older, voice)
            return Answer(page.text, page=page)

        return await self._gate.seeing(tenant, presser, show)

    async def suggest(self, tenant: Tenant, presser: Presser, typed: str) -> list[tuple[str, str]]:
        """See `bot.ports.desk.Images`."""
        policy, voice = await self._gate.guild(tenant)
        if not may_see(presser, policy):
            return []
        begins = typed.strip().lower()
        if begins and set(begins) <= HEXADECIMAL:
            found = await self._lists.entries(tenant, prefix=begins, limit=SUGGESTED)
        else:
            found = await self._lists.entries(tenant, limit=SUGGESTED)
        return [(entry.sha256, words.suggestion(entry, voice.texts)) for entry in found]

    async def _of_case(self, tenant: Tenant, presser: Presser, number: int, texts: Texts) -> dict[str, str]:
        """The images for which there is a case, each with its reason."""
        found = await self._ledger.case(tenant, number)
        if found is None:
            raise Objection(decisions.no_such_case(number, texts))
        if wrote(presser, found) and not may_decide_own(presser):
            raise Objection(decisions.own_post(found, texts))
        images = _flagged(found)
        if not images:
            raise Objection(words.never_came(number, texts))
        return dict.fromkeys(images, texts.gettext("case {number}", number=number))

    async def _identified(self, picture: AsyncIterator[bytes], voice: Voice) -> str:
        """The SHA-256 of the bytes as they came, for which what nearly looks like them is known from now on."""
        try:
            sha256 = await self._screener.identify(picture)
        except Gone:
            raise Objection(checks.gone(voice.texts)) from None
        except Unfetchable as error:
            raise Objection(checks.unfetchable(error.reason, error.detail, voice)) from None
        if sha256 is None:
            raise Objection(words.no_image(voice.texts))
        return sha256

    async def _entry(self, tenant: Tenant, sha256: str) -> ListEntry | None:
        found = await self._lists.entries(tenant, prefix=sha256, limit=1)
        return found[0] if found else None

    async def _meant(self, tenant: Tenant, ident: str, voice: Voice) -> ListEntry:
        """The one entry that begins so."""
        begins = ident.strip().strip("`").lower()
        if len(begins) < words.SHORTEST or not set(begins) <= HEXADECIMAL:
            raise Objection(words.no_ident(ident, voice))
        found = await self._lists.entries(tenant, prefix=begins, limit=2)
        if not found:
            raise Objection(words.no_such_entry(ident, voice))
        if len(found) > 1:
            raise Objection(words.several_begin_so(begins, voice.texts))
        return found[0]


def _flagged(case: Case) -> list[str]:
    """Of a post with several images, those in which something was found."""
    flagged = [i for i in case.images if i.decision.suggestion is not Suggestion.PASS] or list(case.images)
    return [sha256 for sha256 in dict.fromkeys(i.sha256 for i in flagged) if sha256]
