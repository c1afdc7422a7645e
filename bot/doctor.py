"""The host's self-check: each finding is well, or says its cure."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.clock import SystemClock
from bot.config import PREFIX, Config, TelegramMode, exposed
from bot.media.sandbox import Confinement
from bot.model import Finding, Look, Probe
from policies.model import Category, Context, Place, Unscreened, UnscreenedReason, Verdict
from policies.presets import DEFAULT, preset
from providers.base import Limited
from providers.errors import ProviderError

if TYPE_CHECKING:
    from bot.store.store import Store

UNTOLD = "not told by the vendor"
OURS = ("local", "testcard")  # run in this process: what is wrong with them is wrong with the installation
TIMEOUT = aiohttp.ClientTimeout(total=10)
# GATEWAY_MESSAGE_CONTENT and its _LIMITED form (discord.com/developers/docs/resources/application)
MESSAGE_CONTENT = 1 << 18 | 1 << 19
MEMBERS = 1 << 14 | 1 << 15  # GATEWAY_GUILD_MEMBERS likewise


async def examine(config: Config, file: Path | None = None) -> list[Finding]:
    """Look at everything the bot needs. Makes the database if there is none; asks the platforms, and sends nothing."""
    return [
        *files(config, file),
        *await database(config),
        *await screening(config),
        *await _platforms(config),
    ]


# --- files ------------------------------------------------------------------------------------------


def files(config: Config, file: Path | None) -> list[Finding]:
    """The data folder can be written; nothing with a secret or a record in it can be read by others."""
    from bot.store.copies import earlier

    ours = [*(Path(f"{config.database}{end}") for end in ("", "-wal", "-shm")), *earlier(config.database)]
    open_ones = [f for f in (config.data_dir, *ours) if f.exists() and f.stat().st_mode & 0o007]
    loose = [*exposed(config, file), *(f"every user of this machine can get at {f}; {_tighten(f)}" for f in open_ones)]
    return [_folder(config.data_dir), Finding("file permissions", ok=not loose, cure="; ".join(loose))]


def _tighten(path: Path) -> str:
    return f"run: chmod {700 if path.is_dir() else 600} {path}"


def _folder(folder: Path) -> Finding:
    existing = next(f for f in (folder.absolute(), *folder.absolute().parents) if f.exists())
    ok = os.access(existing, os.W_OK | os.X_OK)
    return Finding("data folder", ok=ok, cure="" if ok else f"{existing} cannot be written; give the bot's user access")


async def database(config: Config) -> list[Finding]:
    """It opens, is whole, and has this version's form; and what lies in it of the last day's images."""
    from bot.opening import open_store
    from bot.store.errors import StoreError

    try:
        async with open_store(config) as store:
            return [Finding("database", ok=True), await _lately(store)]
    except StoreError as error:
        return [Finding("database", ok=False, cure=str(error))]


async def _lately(store: Store) -> Finding:
    """What came of the images of all guilds together: what nobody could judge is seen here."""
    from bot.texts.catalogue import Texts
    from bot.texts.doctor import lately

    since, total = SystemClock().now() - timedelta(hours=24), Counter[str]()
    for tenant in await store.db.tenants.every():
        total.update(await store.ledger.counts(tenant, since))
    return Finding(lately(total, Texts("en")), ok=True)


# --- screening --------------------------------------------------------------------------------------


async def screening(config: Config) -> list[Finding]:
    """A test card goes the way of every image: through the sandbox, then to each provider, the paid ones too."""
    from providers.testcard import draw

    card = await asyncio.to_thread(draw, Category.OTHER, 0.5)
    try:
        probed = {name: await _look(config, name, card) for name in config.providers}
    except Exception as error:  # noqa: BLE001 - whatever is broken is what was asked for
        return [
            Finding("screening", ok=False, cure=f"it does not start ({error}); install the locked requirements again")
        ]
    first, _ = next(iter(probed.values()))
    unread = next((s for s in first.screenings if isinstance(s, Unscreened) and s.provider == "media"), None)
    if not first.sha256 or unread is not None:
        why = unread.detail if unread is not None else "no answer"
        return [Finding("sandbox", ok=False, cure=f"it could not decode a plain PNG ({why}); give it 512 MB of memory")]
    providers = [await _provider(config, name, *seen) for name, seen in (*probed.items(), ("testcard", (first, "")))]
    return [Finding("sandbox", ok=True), await _walls(), *providers]


async def _look(config: Config, name: str, card: bytes) -> tuple[Look, str]:
    """What this provider alone says to the card, and then of its quota; no vendor needs the bot to run, so that
    nothing is relayed."""
    from bot.opening import open_screening
    from bot.vendors import given

    async with open_screening(given(config), names=(name,)) as opened:
        look = await opened.screener.look(_once(card), preset(DEFAULT), Place(Context.GROUP_MESSAGE))
        provider = opened.providers[name]
        return look, provider.quota() if isinstance(provider, Limited) else ""


async def _walls() -> Finding:
    from bot.media.intake import Intake

    async with Intake(workers=1) as intake:
        return walls(intake.confinement)


def walls(confinement: Confinement | None) -> Finding:
    """Those around the decoders of hostile bytes that depend on the kernel and the container."""
    cures = []
    if confinement is None or not confinement.no_network:
        cures.append(
            "the kernel or the container keeps the decoders from leaving the network, so a hostile image that takes "
            "one over could reach it; allow unprivileged user namespaces (the call unshare), in Docker by a seccomp "
            "profile that permits it, or let the container reach nothing but what it must"
        )
    if confinement is None or not confinement.no_new_privileges:
        cures.append("the kernel does not take PR_SET_NO_NEW_PRIVS; use Linux 3.5 or later")
    return Finding("sandbox: no network, no new privileges", ok=not cures, cure="; ".join(cures))


async def _provider(config: Config, name: str, look: Look, quota: str) -> Finding:
    """Whether it answers; of a vendor also how fast, at what cost, for how much, and what may still be asked."""
    said = next((s for s in look.screenings if s.provider == name), None)
    if isinstance(said, Verdict):
        if name in OURS:
            return Finding(f"provider {name}", ok=True)
        probe = await _probe(config, name, said, look, quota)
        return Finding(f"provider {name}: {_told(probe)}", ok=True, probe=probe)
    if said is not None and said.reason is UnscreenedReason.PENDING:
        return Finding(f"provider {name}: takes pictures; its answer was not waited for", ok=True)
    why = said.detail if said is not None and said.detail else "it gave no verdict"
    return Finding(
        f"provider {name}", ok=False, cure=f"{why}; install the locked requirements again" if name in OURS else why
    )


async def _probe(config: Config, name: str, said: Verdict, look: Look, quota: str) -> Probe:
    seconds = look.ms.get("inference", 0.0) / 1000
    known = await _credits(config) if name == "hitpaw" else quota
    return Probe(seconds, said.cost, len(said.assessed), known or UNTOLD, _price(config, name))


def _told(probe: Probe) -> str:
    cost = f"cost {probe.cost:.4f} US dollars{f' ({probe.price})' if probe.price else ''}"
    finds = f"looks for {probe.finds} of {len(Category)} categories"
    return f"answered in {probe.seconds:.1f} s, {cost}, {finds}; quota: {probe.quota}"


def _price(config: Config, name: str) -> str:
    """What the host has set, from which the cost is reckoned: no vendor says it with an answer."""
    prices = {
        "huawei": f"{PREFIX}HUAWEI_PRICE={config.huawei_price:g} for each category",
        "hitpaw": f"{PREFIX}HITPAW_CREDIT_PRICE={config.hitpaw_credit_price:g} for each credit",
    }
    return prices.get(name, "")


async def _credits(config: Config) -> str:
    """HitPaw has no call that tells what is left: what this bot's own jobs of the month took, checks aside."""
    from bot.opening import open_store
    from bot.store.errors import StoreError

    month = SystemClock().now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        async with open_store(config) as store:
            spent = await store.tickets.spent(month, provider="hitpaw")
    except (StoreError, ProviderError):
        return UNTOLD
    doubt = f" and perhaps {spent.doubtful:.4f} more" if spent.doubtful else ""
    return f"{UNTOLD}; this month's jobs took {spent.sure:.4f} US dollars of credits{doubt}"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


# --- platforms -------------------------------------------------------------------------------------


async def _platforms(config: Config) -> list[Finding]:
    """Those whose token is set."""
    if config.telegram_token is None:
        return await _discord(config)
    found = await _telegram(config, config.telegram_token.get_secret_value())
    return found if config.discord_token is None else [*await _discord(config), *found]


async def _telegram(config: Config, token: str) -> list[Finding]:
    from bot.opening import open_store
    from bot.platforms.telegram.config import WEBHOOK
    from bot.platforms.telegram.selfcheck import telegram
    from bot.store.errors import StoreError

    try:
        async with open_store(config) as store:
            known = list((await store.guilds.every()).values())
    except StoreError:
        known = []  # the finding on the database says so
    chats = [m.tenant for m in known if m.present and m.tenant.platform == "telegram"]
    pushed = config.telegram_mode is TelegramMode.WEBHOOK
    return await telegram(
        config.telegram_api_url, token, webhook_url=f"{config.public_url}{WEBHOOK}" if pushed else None, chats=chats
    )


# --- Discord ------------------------------------------------------------------------------------------


async def _discord(config: Config) -> list[Finding]:
    if config.discord_token is None:
        return [Finding("Discord token", ok=False, cure="none is set; run `beholder init`")]
    return await discord(config.discord_api_url, config.discord_token.get_secret_value())


async def discord(api_url: str, token: str) -> list[Finding]:
    """The token is taken, and the application has the intent without which posts arrive empty."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {token}"}, timeout=TIMEOUT) as session:
        try:
            await _get(session, f"{api_url}/users/@me")
            application = await _get(session, f"{api_url}/oauth2/applications/@me")
        except Unanswered as error:
            return [Finding("Discord token", ok=False, cure=str(error))]
    return [Finding("Discord token", ok=True), *intents(application)]


class Unanswered(Exception):
    """Discord did not say what was asked. The text is the cure."""


async def _get(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    try:
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status == 401:
                raise Unanswered(
                    "Discord refuses it; make a new one with Reset Token on the page Bot, then `beholder init`"
                )
            if answer.status != 200:
                raise Unanswered(f"Discord answers {answer.status} at the moment; try again in a minute")
            found = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unanswered(
            f"{url.partition('/api/')[0]} gives no answer ({type(error).__name__});"
            " check the network, the clock and BEHOLDER_DISCORD_API_URL"
        ) from None
    if not isinstance(found, dict):
        raise Unanswered(f"{url.partition('/api/')[0]} is not Discord; check BEHOLDER_DISCORD_API_URL")
    return found


def intents(application: dict[str, Any]) -> list[Finding]:
    """Without the first one most pictures are not seen; the second one only adds faces of those who never write."""
    flags = application.get("flags")
    held = flags if isinstance(flags, int) else 0
    ok = bool(held & MESSAGE_CONTENT)
    cure = (
        "switch on Message Content Intent on the page Bot of your application, then restart the bot; until then "
        "pictures are seen only where the bot is mentioned, in direct messages and by /check"
    )
    content = Finding("Message Content intent", ok=ok, cure="" if ok else cure)
    if held & MEMBERS:
        return [content, Finding("Server Members intent", ok=True)]
    without = "Server Members intent (off: avatars are seen of those who write, not of those who only join)"
    return [content, Finding(without, ok=True)]
