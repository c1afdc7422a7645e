"""The whole programme of the demo, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.at_the_desk import desk
from bot.sandbox.fates import Scene
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import scenes
from bot.sandbox.sights import sights
from bot.sandbox.stage import Stage

DIRECT = "discord:dm"


def programme(stage: Stage, serial: int = 0) -> Iterator[Scene]:
    """Every scene; each is made when its turn comes. `serial` makes other bytes of the same pictures."""
    return chain(scenes(stage, serial), sights(stage, serial), desk(stage, serial))


async def show_direct_messages(stage: Stage, bot: BotProcess) -> str:
    """What the host types, so that moderators here see what people send the bot; the command itself."""
    with TemporaryDirectory() as folder:
        file = _policy(Path(folder, "dm.yaml"), stage)
        await bot.beholder("policy", "apply", str(file), "--guild", DIRECT)
    return f"beholder policy apply dm.yaml --guild {DIRECT}"


def _policy(file: Path, stage: Stage) -> Path:
    file.write_text(f'preset: standard\nmode: enforce\nmod_channel: "{stage.mods.id}"\n')
    return file
