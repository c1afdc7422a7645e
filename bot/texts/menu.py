"""What is said where a chat is set up in private: the menu, and how a chat is chosen."""

from __future__ import annotations

from typing import Final

from bot.model import Button, Page
from bot.texts.catalogue import Texts, mark

MENU: Final = "settings"
SETUP, RULES, CASES, DOCTOR = "setup", "rules", "cases", "doctor"
PAUSE, RESUME, BACK, OTHER = "pause", "resume", "menu", "other"

_BUTTONS: Final = (
    (SETUP, mark("Set up")),
    (RULES, mark("Rules")),
    (CASES, mark("Cases")),
    (DOCTOR, mark("Check my rights")),
    (PAUSE, mark("Pause")),
    (RESUME, mark("Go on")),
    (OTHER, mark("Another chat")),
)


def page(texts: Texts) -> Page:
    """Where everything begins. It tells nothing of the chat: whoever opens it may have no right there."""
    _ = texts.gettext
    text = _("What about your chat? Only whoever may do a thing there can do it here.")
    return Page(MENU, _("Settings"), text, tuple(Button(verb, _(label)) for verb, label in _BUTTONS))


def result(text: str, texts: Texts) -> Page:
    """What a button of the menu has led to, with the way back."""
    return Page(MENU, texts.gettext("Settings"), text, (Button(BACK, texts.gettext("Back")),))


def hello(texts: Texts) -> str:
    """To whoever opens the conversation."""
    _ = texts.gettext
    return "\n".join(
        [
            _("**Hello, I am Beholder.** I look at the images in groups and channels, and keep bad ones out."),
            _("Add me to yours with the button below: it asks for the rights that I need, in one tap."),
            _("If I am there already, type /settings."),
        ]
    )


def add_to_a_group(texts: Texts) -> str:
    """On the button that adds the bot."""
    return texts.gettext("Add me to a group")


def add_to_a_channel(texts: Texts) -> str:
    """On the button that adds the bot."""
    return texts.gettext("Add me to a channel")


def which_chat(texts: Texts) -> str:
    """Before anything can be asked about a chat in private."""
    return texts.gettext("Which chat? Press a button below: Telegram lists those that you may look after.")


def choose_a_group(texts: Texts) -> str:
    """On a button."""
    return texts.gettext("Choose a group")


def choose_a_channel(texts: Texts) -> str:
    """On a button."""
    return texts.gettext("Choose a channel")


def which_mod_chat(texts: Texts) -> str:
    """When the moderators' chat is to be chosen."""
    return texts.gettext(
        "Where shall moderators see cards? Add me to a private group or channel of theirs, then choose it with a "
        "button below."
    )


def chosen(title: str, texts: Texts) -> str:
    """A chat was chosen; `title` is quoted already."""
    return texts.gettext("Chosen: {title}.", title=title) if title else texts.gettext("Chosen.")


def not_itself(texts: Texts) -> str:
    """The moderators' chat cannot be the guarded one."""
    return texts.gettext("That is the chat itself: everybody in it would see what was removed. Choose another one.")


def not_yours(texts: Texts) -> str:
    """The moderators' chat must be one of theirs."""
    return texts.gettext("You may not delete messages in that chat, so I post no cards there. Choose another one.")


def i_am_not_there(texts: Texts) -> str:
    """The bot must be in the moderators' chat."""
    return texts.gettext("I am not in that chat. Add me there first, then choose it again.")


def reply_to_a_picture(texts: Texts) -> str:
    """`/check` without anything to look at."""
    return texts.gettext("Reply to a picture with /check: I say what I make of it, and do nothing about it.")


def case_usage(texts: Texts) -> str:
    """`/case` with something else."""
    return texts.gettext("Type /case 12 for one case, /case list for the newest, /case list open for those to decide.")


def policy_usage(texts: Texts) -> str:
    """`/policy` with something else."""
    return texts.gettext(
        "Type /policy show, /policy mode enforce, /policy preset strict, or /policy threshold violence 0.6 never "
        "(from where it is shown, from where it is removed; a dash leaves one as it is)."
    )
