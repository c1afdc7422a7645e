"""`beholder policy`: show, apply and export what a guild has set."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.console import Stop, say, show_table, voice
from bot.commands.options import ConfigFile, Guild, tenant
from bot.model import Tenant
from policies.model import Policy

if TYPE_CHECKING:
    from bot.config import Config

app = typer.Typer(help="What a guild has set: thresholds, actions, exemptions.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Saved:
    """A guild's policy with its version; `at`, `by` and `why` are None where it never set one."""

    guild: Tenant
    policy: Policy
    version: int
    at: datetime | None = None
    by: str | None = None
    why: str | None = None

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        if self.at is None:
            return f"{self.guild} has set nothing, so this is what every guild starts with"
        return f"version {self.version} of {self.guild}, saved {self.at:%Y-%m-%d %H:%M} UTC by {self.by}: {self.why}"


@app.command()
def show(guild: Guild, config_file: ConfigFile = None) -> None:
    """Show a guild's policy in words."""
    from bot.commands.settings import settings

    config = settings(config_file)
    saved = asyncio.run(_current(config, tenant(guild)))
    policy, spoken = saved.policy, voice()
    from bot.texts import coverage as seen
    from bot.texts import names
    from bot.vendors import covers

    _ = spoken.texts.gettext
    say(saved.origin)
    say(f"preset {policy.preset}; {_(names.MODES[policy.mode])}")
    say(f"moderators' channel: {policy.mod_channel or 'not set; /setup sets it'}")
    rows = [
        (names.category(c, spoken.texts), *(names.threshold(x, spoken.texts) for x in (t.review, t.remove)))
        for c, t in sorted(policy.thresholds.items())
    ]
    show_table(("category", "moderators look from", "removed from"), rows)
    for line in seen.lines(covers(config, config.providers), spoken.texts):
        say(line)
    say(f"All of it: beholder policy export --guild {saved.guild}")


@app.command()
def export(guild: Guild, config_file: ConfigFile = None) -> None:
    """Print a guild's policy as YAML, to change it and apply it again."""
    from bot.commands.settings import settings
    from bot.yamls import written
    from policies.form import dump

    saved = asyncio.run(_current(settings(config_file), tenant(guild)))
    header = (
        saved.origin,
        f"Change it and give it back: beholder policy apply FILE --guild {saved.guild}",
        f"What equals the preset {saved.policy.preset} is left out.",
    )
    typer.echo(written(dump(saved.policy), header), nl=False)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A policy in YAML, as `export` prints it.")],
    guild: Guild,
    why: Annotated[str, typer.Option(help="Noted in the guild's history.")] = "",
    config_file: ConfigFile = None,
) -> None:
    """Make FILE the guild's policy. A file with a mistake changes nothing; a running bot follows within a second."""
    from bot.commands.settings import settings
    from bot.commands.yamls import read
    from policies.form import PolicyError, load

    owner = tenant(guild)
    try:
        policy = load(read(file))
    except PolicyError as error:
        raise Stop("\n  - ".join((f"{file} is not applied, nothing is changed:", *error.problems))) from None
    config = settings(config_file)
    before, version = asyncio.run(_save(config, owner, policy, why or f"beholder policy apply {file.name}"))
    say(f"saved as version {version} of {owner}")
    _tell(before, policy)


def _tell(before: Policy, policy: Policy) -> None:
    """What now holds, what was otherwise before, and what may surprise."""
    from bot.texts import names
    from bot.texts.changes import changes, warnings

    say(f"mode: {voice().texts.gettext(names.MODES[policy.mode])}")
    say(f"moderators' channel: {policy.mod_channel or 'not set'}")
    changed = changes(before, policy)
    say("changed against the version before:" if changed else "nothing is changed against the version before")
    for line in changed:
        say(f"  {line}")
    for warning in warnings(policy, voice().texts):
        say(f"warning: {warning}")


async def _current(config: Config, owner: Tenant) -> Saved:
    from bot.opening import open_store

    async with open_store(config) as store:
        policy, version = await store.settings.policy(owner)
        newest = await store.settings.versions(owner, limit=1)
    for number, at, by, why in newest:
        if number == version:
            return Saved(owner, policy, version, at, by, why)
    return Saved(owner, policy, version)


async def _save(config: Config, owner: Tenant, policy: Policy, why: str) -> tuple[Policy, int]:
    """The policy before, and the number of the new version."""
    from bot.opening import open_store

    async with open_store(config) as store:
        before, _ = await store.settings.policy(owner)
        return before, await store.settings.save(owner, policy, by=f"host:{_user()}", why=why)


def _user() -> str:
    """Whoever typed the command; containers often have a user without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
