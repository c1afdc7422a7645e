"""What moderators are told of an outage: once that it began, once that it is over."""

from __future__ import annotations

from bot.ports.outages import Late, Outage
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice


def began(outage: Outage, images: int, voice: Voice) -> str:
    """That images wait, for whom and since when. `images`: of this guild; 0 where none waits but a look that the guild
    requires cannot be had."""
    _ = voice.texts.gettext
    at = voice.markup.moment(outage.began)
    who = voice.markup.quote(outage.provider)
    said = _("The provider {provider} has not answered since {at}.", provider=who, at=at)
    if not images:
        return f"{said} " + _("What it would look for, nobody looks for here until it is back.")
    waits = voice.texts.ngettext(
        "{count} image here waits to be judged. Nothing is lost: it is judged as soon as the provider is back. Until "
        "then, please look at new images yourselves.",
        "{count} images here wait to be judged. Nothing is lost: they are judged as soon as the provider is back. "
        "Until then, please look at new images yourselves.",
        images,
    )
    return f"{said} {waits}"


def ended(outage: Outage, late: Late, voice: Voice, *, answers: bool) -> str:
    """That it is over, and what became of the images that waited. `answers`: it does, and is not just left alone."""
    _ = voice.texts.gettext
    who = voice.markup.quote(outage.provider)
    if answers:
        how = _("The provider {provider} answers again.", provider=who)
    else:
        how = _(
            "Nothing waits for the provider {provider} any more; whether it answers again is not known.", provider=who
        )
    said = [how, _judged(late.judged, voice.texts)]
    if late.unscreened:
        said.append(_unscreened(late.unscreened, voice.texts))
    return " ".join(said)


def _judged(images: int, texts: Texts) -> str:
    return texts.ngettext(
        "{count} image of the outage was judged late.", "{count} images of the outage were judged late.", images
    )


def _unscreened(images: int, texts: Texts) -> str:
    return texts.ngettext(
        "{count} image could not be judged in time and was left unjudged, as the policy wants.",
        "{count} images could not be judged in time and were left unjudged, as the policy wants.",
        images,
    )
