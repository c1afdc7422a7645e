"""One person in front of the setup wizard, as its tests need them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import (
    Answer,
    Button,
    Finding,
    JobKind,
    Page,
    Presser,
)
from policies.model import Policy
from tests.bot.cases import GUILD
from tests.bot.desk.world import MANAGER, World

OTHER = Presser("67", "Bea", rights=frozenset({"manage"}))
TUNER = Presser("68", "Tom", roles=frozenset({"901"}))
LACKING = Finding("Manage Messages", ok=False, cure="Without it: posts stay up.")
DAY = 24 * 3600


class Sitting:
    """One person in front of the wizard; what they were last shown."""

    def __init__(self, world: World, presser: Presser = MANAGER, findings: Sequence[Finding] = ()) -> None:
        self.world = world
        self.presser = presser
        self.findings = findings
        self.surveyed: list[Policy] = []
        self.answer = Answer("")

    async def survey(self, policy: Policy) -> Sequence[Finding]:
        self.surveyed.append(policy)
        return self.findings

    @property
    def page(self) -> Page:
        assert self.answer.page is not None, self.answer.text
        return self.answer.page

    @property
    def buttons(self) -> list[str]:
        return [c.verb for c in self.page.controls if isinstance(c, Button)]

    async def open(self, **given: str) -> Page:
        self.answer = await self.world.desk.wizard.open(GUILD, self.presser, survey=self.survey, **given)
        return self.page

    async def press(self, control: str, *values: str, page: str = "") -> Answer:
        wizard = self.world.desk.wizard
        name = page or self.page.name
        self.answer = await wizard.turn(GUILD, self.presser, name, control, values, survey=self.survey)
        return self.answer

    async def walk(self, to: str) -> Page:
        """Press *next* until there."""
        while self.page.name != to:
            at = self.page.name
            await self.press("next")
            assert self.page.name != at, f"stuck on {at}"
        return self.page


async def begun(world: World, presser: Presser = MANAGER, findings: Sequence[Finding] = ()) -> Sitting:
    sitting = Sitting(world, presser, findings)
    await sitting.open()
    return sitting


async def versions(world: World) -> int:
    return len(await world.store.settings.versions(GUILD))


async def reminders(world: World) -> list[object]:
    await world.clock.advance(72 * 3600)
    return [job.payload for job in await world.store.journal.take(10) if job.kind is JobKind.REMIND]


def fields(policy: Policy) -> dict[str, object]:
    """What a preset sets, as changes."""
    return {"preset": policy.preset, "thresholds": policy.thresholds, "newcomers": policy.newcomers}
