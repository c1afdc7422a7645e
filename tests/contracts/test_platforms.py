"""What holds on every platform, on the smallest as well: the desk offers what it can do, and nothing else."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.desk.desk import Desk
from bot.desk.steps import CHANNEL, FINISH, PROTECT
from bot.desk.verbs import Verb
from bot.effects import Effects
from bot.model import (
    Author,
    Button,
    Capabilities,
    CaseState,
    Finding,
    Origin,
    Page,
    Pick,
    PickKind,
    Presser,
    Tenant,
)
from bot.platforms.discord.platform import CAPABILITIES as DISCORD
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.telegram.platform import CAPABILITIES as TELEGRAM
from bot.platforms.telegram.platform import TelegramPlatform
from bot.ports import Platform
from bot.store.database import NAME, Database
from bot.store.migrate import migrate
from bot.store.store import Store
from bot.texts.catalogue import Texts
from bot.texts.firstdays import welcome
from policies.model import Context, Mode, Place, Policy
from policies.presets import preset
from tests.bot.cases import START
from tests.bot.desk.world import COVERAGE, World
from tests.clock import FakeClock
from tests.contracts.pinboard import CAPABILITIES as PINBOARD
from tests.contracts.pinboard import Pinboard

ABILITIES = {"discord": DISCORD, "telegram": TELEGRAM, "pinboard": PINBOARD}
MANAGER = Presser("66", "Ada", rights=frozenset({"manage", "moderate", "punish", "kick", "ban", "roles"}))
CHAT, MODS = "-100", "-200"

every_platform = pytest.mark.parametrize("name", sorted(ABILITIES))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    await migrate(None, data_dir=folder, clock=FakeClock())
    return folder / NAME


@dataclass
class Office:
    """A real desk and performer over one platform: the pinboard, which lends its body to the others' abilities."""

    world: World
    desk: Desk
    board: Pinboard
    tenant: Tenant
    able: Capabilities

    async def open(self) -> Page:
        return self._page((await self.desk.wizard.open(self.tenant, MANAGER, survey=nothing_missing)).page)

    async def press(self, page: Page, control: str, *values: str) -> Page:
        told = await self.desk.wizard.turn(self.tenant, MANAGER, page.name, control, values, survey=nothing_missing)
        return self._page(told.page)

    def _page(self, page: Page | None) -> Page:
        assert page is not None
        return page


async def nothing_missing(policy: Policy) -> Sequence[Finding]:
    return ()


@pytest_asyncio.fixture
async def office(name: str, tmp_path: Path, template: Path) -> AsyncIterator[Office]:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(template, folder / NAME)
    clock, board, able = FakeClock(START), Pinboard(), ABILITIES[name]
    async with await Database.open(None, data_dir=folder, clock=clock, ballast=64 * 1024) as database:
        store = Store(database, clock)
        world = World(store, clock)
        effects = Effects(
            platforms={name: board},
            ledger=store.ledger,
            settings=store.settings,
            journal=store.journal,
            clock=clock,
        )
        desk = Desk(
            ledger=store.ledger,
            settings=store.settings,
            lists=store.lists,
            likenesses=store.likenesses,
            screener=world.eyes,
            performer=effects,
            journal=store.journal,
            clock=clock,
            drafts=store.drafts,
            coverage=COVERAGE,
            capabilities=lambda _: able,
        )
        yield Office(world, desk, board, Tenant(name, CHAT), able)


# --- the port ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", [DiscordPlatform, TelegramPlatform, Pinboard])
def test_every_platform_has_what_the_port_asks_for(platform: type) -> None:
    asked = {n: m for n, m in inspect.getmembers(Platform, inspect.isfunction) if not n.startswith("_")}
    assert {"run", "fetch", "perform", "find"} <= asked.keys()
    for name, method in asked.items():
        made = inspect.signature(getattr(platform, name)).parameters
        assert list(inspect.signature(method).parameters) == list(made), f"{platform.__name__}.{name}"
    assert all(isinstance(inspect.getattr_static(platform, name), property) for name in ("name", "capabilities"))


def test_the_smallest_platform_is_one() -> None:
    platform: Platform = Pinboard()
    assert platform.name == "pinboard"


# --- the first hour ---------------------------------------------------------------------------------


@every_platform
@pytest.mark.asyncio
async def test_the_wizard_offers_what_the_platform_can_do_and_comes_to_its_end(office: Office) -> None:
    page, seen = await office.open(), list[Page]()
    while page.name != FINISH:
        seen.append(page)
        if page.name == CHANNEL:
            page = await office.press(page, "channel", MODS)
        page = await office.press(page, "next")
        assert len(seen) < 10
    picks = [c for p in seen for c in p.controls if isinstance(c, Pick)]
    assert any(p.kind is PickKind.ROLES for p in picks) == office.able.roles
    verbs = {c.verb for p in seen for c in p.controls if isinstance(c, Button)}
    assert ("make" in verbs) == office.able.rooms
    assert all(f"({n} of {len(seen) + 1})" in p.title for n, p in enumerate(seen, 1)), "no step is left out"
    assert (await office.press(page, PROTECT)).text
    policy, _ = await office.world.store.settings.policy(office.tenant)
    assert (policy.mode, policy.mod_channel) == (Mode.ENFORCE, MODS)


@every_platform
@pytest.mark.asyncio
async def test_a_press_on_what_is_not_offered_makes_nothing(office: Office) -> None:
    page = await office.press(await office.open(), "next")
    await office.press(page, "make")
    made = [e for e in await office.world.store.ledger.unsettled() if e.kind == "make_channel"]
    assert made == []
    if not office.able.rooms:
        assert office.board.notes == {}
    for unknown in ("setup_staff", "setup_exempt"):
        told = await office.press(Page(unknown, "", ""), "next")
        assert not (
            not office.able.roles and any(isinstance(c, Pick) and c.kind is PickKind.ROLES for c in told.controls)
        )


@every_platform
def test_the_greeting_speaks_of_servers_and_roles_only_where_there_are_any(name: str) -> None:
    page = welcome(preset("standard"), 0, COVERAGE, Texts(), able=ABILITIES[name])
    assert ("role" in page.text) == ABILITIES[name].roles
    assert ("server" in page.text) == ABILITIES[name].roles


# --- cases ------------------------------------------------------------------------------------------


@every_platform
@pytest.mark.asyncio
async def test_a_case_is_decided_once_and_its_post_is_gone(office: Office) -> None:
    place = Place(Context.GROUP_MESSAGE, CHAT)
    number = await office.world.open(Origin.REVIEW, place=place, tenant=office.tenant)
    case = await office.world.store.ledger.case(office.tenant, number)
    assert case is not None
    office.board.notes[CHAT, case.message] = "a picture"
    asked = await office.desk.press(office.tenant, number, Verb.REMOVE, MANAGER)
    assert asked.confirm is not None
    assert (await office.desk.press(office.tenant, number, Verb.REMOVE, MANAGER, confirmed=True)).done
    assert (CHAT, case.message) not in office.board.notes
    again = await office.desk.press(office.tenant, number, Verb.FINE, MANAGER)
    assert not again.done
    after = await office.world.store.ledger.case(office.tenant, number)
    assert after is not None
    assert after.state is CaseState.UPHELD
    assert not (await office.desk.press(Tenant(office.tenant.platform, "-300"), number, Verb.FINE, MANAGER)).done


@every_platform
@pytest.mark.asyncio
async def test_nothing_is_done_to_an_author_that_the_platform_cannot_do(office: Office) -> None:
    place = Place(Context.GROUP_MESSAGE, CHAT)
    number = await office.world.open(Origin.REVIEW, place=place, author=Author("42"), tenant=office.tenant)
    for value, act in (("timeout:60", "timeout"), ("mute_images:1440", "mute_images"), ("kick", "kick")):
        await office.desk.sanction(office.tenant, number, value, MANAGER, confirmed=True)
        case = await office.world.store.ledger.case(office.tenant, number)
        assert case is not None
        tried = {e.kind.value for e in case.effects}
        assert (act in tried) <= (act in {a.value for a in office.able.acts})
