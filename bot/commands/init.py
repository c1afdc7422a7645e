"""`beholder init`: from nothing to a bot that can be invited."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import Stop, complain, say

PORTAL = "https://discord.com/developers/applications"
OUT = Path("beholder.env")

_TOKEN_STEPS = f"""\
Beholder needs a bot's token, from Discord or from Telegram: it knows by its form which it is, and the
other one can be added to the file later.

Telegram: write /newbot to @BotFather, answer two questions, and copy the token that it says.

Discord: you need an application with a bot. It takes about three minutes.

1. Open {PORTAL} and press "New Application"; any name will do.
2. On its page "Bot", switch on "Message Content Intent" and save.
   Without it, Discord hides the pictures from the bot. "Server Members Intent" beside it is
   worth having too: with it the bot sees the avatars of those who join, not only of those who write.
3. On the same page press "Reset Token" and copy the token. It is the bot's password:
   whoever has it can act as your bot."""


def init(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The settings file to write.")] = OUT,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="Read the token from here and ask nothing.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Where cases and settings are kept.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the platform whether token and intent are right.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Walk through token, intent and invite link, and write the settings file."""
    if out.exists() and not force:
        raise Stop(f"{out} exists; add --force to replace it, or --out to name another file")
    from bot.config import api_urls

    urls = api_urls()
    token = _given(token_file) if token_file else _asked_for()
    folder = data_dir or (_default_folder() if token_file else _ask_for_folder())
    platform = "TELEGRAM" if _is_telegram(token) else "DISCORD"
    written = {f"BEHOLDER_{platform}_TOKEN": token, "BEHOLDER_DATA_DIR": str(folder.absolute())}
    _write(out, written)
    say(f"\nWritten to {out}, readable by you alone.")
    for name in _overruled(written):
        say(f"Mind that {name} says something else in the environment, which wins over {out}: unset it there.")
    well = offline or _well(urls[platform], token, ask=token_file is None)
    _tell_what_next(token, out, None if offline else urls[platform])
    if not well:
        raise typer.Exit(1)


# --- the token ----------------------------------------------------------------------------------


def _is_telegram(token: str) -> bool:
    """By its form: digits and a colon, where Discord's has dots."""
    return re.match(r"\d+:", token) is not None


def _checked(token: str) -> str:
    """Raises ValueError with the cure."""
    from bot.config import check_telegram_token, check_token

    return check_telegram_token(token) if _is_telegram(token) else check_token(token)


def _given(file: Path) -> str:
    try:
        return _checked(file.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise Stop(f"{file} cannot be read ({error.strerror}); check the path and its permissions") from None
    except ValueError as error:
        raise Stop(f"the token in {file} {error}") from None


def _asked_for() -> str:
    say(_TOKEN_STEPS)
    while True:
        token = typer.prompt("\nThe token (it is not shown)", hide_input=True).strip()
        try:
            return _checked(token)
        except ValueError as error:
            complain(f"what you pasted {error}")


# --- the folder and the file --------------------------------------------------------------------


def _default_folder() -> Path:
    return Path(os.environ.get("BEHOLDER_DATA_DIR") or "data")


def _ask_for_folder() -> Path:
    return Path(typer.prompt("Where to keep cases and settings", default=str(_default_folder()))).expanduser()


def _write(file: Path, settings: dict[str, str]) -> None:
    """In one step and private from the first byte, so that nobody reads a token meanwhile."""
    lines = "".join(f"{name}={_quoted(value)}\n" for name, value in settings.items())
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(f"# Beholder's settings. It holds the bot's password: keep it to yourself.\n{lines}")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Stop(f"{file} cannot be written ({error.strerror}); name another place with --out") from None


def _overruled(written: dict[str, str]) -> list[str]:
    """Settings of the environment that keep what was written from holding."""
    given = {name: os.environ[name] for name in written if os.environ.get(name)}
    return [name for name, value in given.items() if written[name] not in (value, str(Path(value).absolute()))]


def _quoted(value: str) -> str:
    """Only where it must be: `docker run --env-file` takes quotes for a part of the value."""
    if re.fullmatch(r"[\w./:@%+=,-]+", value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


# --- what Discord says, and what comes next -------------------------------------------------------


def _well(api_url: str, token: str, *, ask: bool) -> bool:
    """Whether the platform takes the token and, on Discord, the intent is on; with `ask`, the user may look again."""
    from bot.doctor import discord
    from bot.platforms.telegram.selfcheck import telegram

    look = telegram if _is_telegram(token) else discord
    while True:
        findings = asyncio.run(look(api_url, token))
        for finding in findings:
            say(f"{'ok' if finding.ok else 'NOT OK'}  {finding.name}{f': {finding.cure}' if finding.cure else ''}")
        well = all(f.ok for f in findings)
        if well or not ask or not typer.confirm("Look again?", default=True):
            return well


def _tell_what_next(token: str, out: Path, api_url: str | None) -> None:
    """`api_url`: where a Telegram bot's name can be asked for; None: nowhere."""
    if _is_telegram(token):
        _tell_what_next_on_telegram(token, out, api_url)
        return
    from bot.invite import application_id
    from bot.platforms.discord.rights import invite_link

    client = application_id(token)
    say(f"\nInvite the bot with exactly the rights it needs:\n  {invite_link(client or 'APPLICATION_ID')}")
    if client is None:
        say("  Put the application id of the page General Information in the place of APPLICATION_ID.")
    say(f"\nThen start it, and type /setup in your server:\n  beholder run --config {out}")


def _tell_what_next_on_telegram(token: str, out: Path, api_url: str | None) -> None:
    from bot.platforms.telegram.selfcheck import group_link, username

    name = asyncio.run(username(api_url, token)) if api_url else None
    say(f"\nAdd the bot to a group with exactly the rights it needs:\n  {group_link(name or 'BOT_NAME')}")
    if name is None:
        say("  Put the bot's username in the place of BOT_NAME.")
    say(f"\nThen start it, and write /setup in your group:\n  beholder run --config {out}")
