"""Cases, read: one whole, or many in a line each. No picture is shown in either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.desk.gate import Gate
from bot.desk.objections import Objection, one_of
from bot.desk.rights import may_decide
from bot.model import Answer, Case, CaseState, Presser, Tenant
from bot.ports import Clock, Ledger
from bot.texts import decisions
from bot.texts import records as words
from bot.texts.cards import card
from bot.texts.markup import Voice
from policies.model import Policy

ON_A_PAGE: Final = 10
OLDER, NEWER = "older", "newer"
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which cases are listed: of one state, of one author, and where the page begins."""

    state: CaseState | None = None
    author: str | None = None
    before: int | None = None
    after: int | None = None

    def control(self, direction: str, number: int) -> str:
        """What its buttons carry, so that they work after a restart."""
        return f"{direction}.{number}.{self.state or ANY}.{self.author or ANY}"

    @classmethod
    def of(cls, control: str) -> Stretch | None:
        """The page that a button leads to; None for what no button of ours carries."""
        direction, number, state, author, *rest = [*control.split("."), "", "", ""][:5]
        known = state == ANY or state in {s.value for s in CaseState}
        if rest != [""] or direction not in (OLDER, NEWER) or not number.isdecimal() or not known:
            return None
        where = {"before" if direction == OLDER else "after": int(number)}
        return cls(None if state == ANY else CaseState(state), None if author == ANY else author, **where)


class Records:
    """`/case view` and `/case list`."""

    def __init__(self, gate: Gate, ledger: Ledger, clock: Clock) -> None:
        self._gate = gate
        self._ledger = ledger
        self._clock = clock

    async def view(self, tenant: Tenant, presser: Presser, number: int) -> Answer:
        """See `bot.ports.desk.Records`."""

        async def show(policy: Policy, voice: Voice) -> Answer:
            case = await self._ledger.case(tenant, number)
            if case is None:
                raise Objection(decisions.no_such_case(number, voice.texts))
            since = self._clock.now() - timedelta(days=policy.ladder.days)
            history = await self._ledger.history(tenant, case.author.id, since)
            shown = card(case, history, policy, picture=None, lost_picture=False, texts=voice.texts)
            lines = tuple(line for line in (*shown.lines, words.leads(case, voice)) if line[1])
            if not may_decide(presser, policy):
                shown = replace(shown, buttons=(), sanctions=())
            shown = replace(shown, lines=lines)
            return Answer(words.spoken(shown, voice.texts), card=shown)

        return await self._gate.seeing(tenant, presser, show)

    async def listing(
        self, tenant: Tenant, presser: Presser, *, state: str | None = None, author: str | None = None
    ) -> Answer:
        """See `bot.ports.desk.Records`."""

        async def show(_policy: Policy, voice: Voice) -> Answer:
            which = None
            if state is not None:
                which = CaseState(one_of(state, CaseState, voice, what=voice.texts.gettext("a state of cases")))
            return await self._page(tenant, Stretch(which, author), voice)

        return await self._gate.seeing(tenant, presser, show)

    async def turn(self, tenant: Tenant, presser: Presser, control: str) -> Answer:
        """See `bot.ports.desk.Records`."""

        async def show(_policy: Policy, voice: Voice) -> Answer:
            return await self._page(tenant, Stretch.of(control) or Stretch(), voice)

        return await self._gate.seeing(tenant, presser, show)

    async def _page(self, tenant: Tenant, at: Stretch, voice: Voice) -> Answer:
        found = await self._found(tenant, at)
        if at.after is not None and len(found) <= ON_A_PAGE:  # the newest page is always a full one
            at = replace(at, after=None)
            found = await self._found(tenant, at)
        more = len(found) > ON_A_PAGE
        shown = found[-ON_A_PAGE:] if at.after is not None else found[:ON_A_PAGE]
        controls = _controls(at, shown, newer=at.before is not None or at.after is not None, more=more)
        page = words.page(shown, controls, at.state, at.author, voice)
        return Answer(page.text, page=page)

    async def _found(self, tenant: Tenant, at: Stretch) -> list[Case]:
        """One more than is shown, to know whether there are more."""
        return await self._ledger.cases(
            tenant, at.state, ON_A_PAGE + 1, author=at.author, before=at.before, after=at.after
        )


def _controls(at: Stretch, shown: list[Case], *, newer: bool, more: bool) -> list[tuple[str, str]]:
    """(direction, control) of the buttons below a page. `more`: there are further ones in its direction."""
    if not shown:
        return [(NEWER, at.control(NEWER, 0))] if newer else []
    has_older = more or at.after is not None
    found = [(NEWER, at.control(NEWER, shown[0].number))] if newer else []
    return [*found, (OLDER, at.control(OLDER, shown[-1].number))] if has_older else found
