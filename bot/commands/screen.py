"""`beholder screen`: judge files as posts would be judged, without any account, token or database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import shapes
from bot.commands.console import say, say_json, show_table, voice
from bot.commands.options import AsJson, ConfigFile
from policies.model import Context, Place, Policy, Screening, Suggestion, Unscreened, Verdict
from policies.presets import DEFAULT, PRESETS, preset
from policies.resolve import WORN

if TYPE_CHECKING:
    from bot.commands.judging import Judgement
    from bot.config import Config

WORTH_A_WORD = 0.05  # below that, a confidence is noise to people; --json gives all
_WORDS = {
    Suggestion.PASS: "pass",
    Suggestion.UNSCREENED: "not judged",
    Suggestion.REVIEW: "to be looked at",
    Suggestion.BLOCK: "remove",
}


def screen(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, and folders to walk through.")],
    context: Annotated[Context, typer.Option(help="Where the image would have been seen.")] = Context.GROUP_MESSAGE,
    name: Annotated[str, typer.Option("--preset", metavar="NAME", help=f"One of {', '.join(PRESETS)}.")] = DEFAULT,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Ask this provider alone; test cards are always read.")
    ] = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Judge pictures and say what would be done about them. The exit code is 0 whatever they show."""
    from bot.commands.settings import settings

    policy, providers = _preset(name), _providers(provider)
    found = asyncio.run(_screen(settings(config_file), paths, policy, _place(context), providers, as_json=as_json))
    if not as_json:
        _show(found)


def _preset(name: str) -> Policy:
    try:
        return preset(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--preset") from None


def _providers(name: str | None) -> tuple[str, ...] | None:
    """The provider to ask; None: those configured. Test cards are read either way."""
    from bot.config import ALWAYS_ON, PROVIDER_NAMES

    if name is None:
        return None
    if name not in PROVIDER_NAMES:
        known = f"known are: {', '.join(PROVIDER_NAMES)}; {ALWAYS_ON} is always on"
        raise typer.BadParameter(f"{name!r} is not a provider to choose; {known}", param_hint="--provider")
    return (name,)


def _place(context: Context) -> Place:
    """A made-up channel of that context; what is worn has none, so nothing could be deleted there."""
    return Place(context, None if context in WORN else "0")


async def _screen(
    config: Config, paths: list[Path], policy: Policy, place: Place, names: tuple[str, ...] | None, *, as_json: bool
) -> list[Judgement]:
    """All judgements; with `as_json` each is printed as soon as it is there, and none is kept."""
    from bot.commands.judging import judgements, sources
    from bot.opening import open_purse, open_screening

    found = []
    async with (
        open_purse(config, names or config.providers) as purse,
        open_screening(config, names=names, purse=purse) as screening,
    ):
        async for judgement in judgements(screening.screener, sources(paths), policy, place):
            if as_json:
                say_json(_shape(judgement, place.context))
            else:
                found.append(judgement)
    return found


def _shape(judgement: Judgement, context: Context) -> shapes.Shape:
    return {
        "file": str(judgement.path),
        "context": context.value,
        "screenings": [shapes.of_screening(s) for s in judgement.screenings],
        "decision": shapes.of_decision(judgement.decision),
        "ms": judgement.ms,
    }


def _show(found: list[Judgement]) -> None:
    from bot.texts import names, scores

    if not found:
        say("No image was found.")
        return
    show_table(("file", "decision", "what was seen", "why", "ms"), map(_row, found))
    judged = [j.screenings for j in found if any(isinstance(s, Verdict) for s in j.screenings)]
    if judged and (missing := set.intersection(*(set(scores.not_assessed(s)) for s in judged))):
        said = "; ".join(names.category(c, voice().texts) for c in sorted(missing))
        say(f"Nobody looked for: {said}.")


def _row(judgement: Judgement) -> tuple[str, ...]:
    from bot.texts import reasons

    acts = ", ".join(step.act for step in judgement.decision.steps)
    decision = _WORDS[judgement.decision.suggestion]
    return (
        str(judgement.path),
        f"{decision}\n({acts})" if acts else decision,
        "\n".join(_seen(s) for s in judgement.screenings),
        "\n".join(reasons.sentences(judgement.decision.reasons, voice())),
        f"{judgement.ms:.0f}",
    )


def _seen(screening: Screening) -> str:
    from bot.texts import names, scores

    spoken = voice()
    if isinstance(screening, Unscreened):
        return f"{screening.provider}: {scores.unscreened(screening, spoken)}"
    strongest = sorted((x for x in screening.labels if x.confidence >= WORTH_A_WORD), key=lambda x: -x.confidence)
    labels = "; ".join(f"{names.category(x.category, spoken.texts)} {names.score(x.confidence)}" for x in strongest)
    return f"{screening.provider}: {labels or 'nothing'}"
