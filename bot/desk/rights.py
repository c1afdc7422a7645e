"""Who may do what. The platform vouches for a presser's rights and roles at that very moment."""

from __future__ import annotations

from typing import Final

from bot.desk.sanctions import RIGHTS
from bot.model import AuthorKind, Case, Presser
from policies.model import Act, Duty, Policy

MODERATE: Final = "moderate"
MANAGE: Final = "manage"


def entrusted(presser: Presser, policy: Policy, duty: Duty) -> bool:
    """Whether one of the presser's roles was given `duty` by the guild."""
    return not policy.staff.get(duty, frozenset()).isdisjoint(presser.roles)


def may_decide(presser: Presser, policy: Policy) -> bool:
    """Decide cases and check pictures: who may delete others' messages, or has a moderators' role."""
    return MODERATE in presser.rights or entrusted(presser, policy, Duty.DECIDE)


def has_right(presser: Presser, act: Act) -> bool:
    """Whether the platform itself gave the presser the right to do `act` to a member."""
    return RIGHTS[act] in presser.rights


def may_punish(presser: Presser, policy: Policy, act: Act) -> bool:
    """Do `act` to a member: who has the right, or a role that is entrusted with it."""
    return has_right(presser, act) or entrusted(presser, policy, Duty.PUNISH)


def may_see(presser: Presser, policy: Policy) -> bool:
    """Read cases and lists: who may decide or manage, or has a role that was entrusted with it."""
    return may_decide(presser, policy) or may_manage(presser) or entrusted(presser, policy, Duty.SEE)


def may_tune(presser: Presser, policy: Policy) -> bool:
    """Change the rules: who may manage the guild, or has a role that was entrusted with them."""
    return may_manage(presser) or entrusted(presser, policy, Duty.TUNE)


def may_decide_own(presser: Presser) -> bool:
    """Decide the case of one's own post: only who could change the rules themselves."""
    return may_manage(presser)


def may_manage(presser: Presser) -> bool:
    """Change the guild's settings."""
    return MANAGE in presser.rights


def may_read(presser: Presser, policy: Policy) -> bool:
    """See the guild's settings and its health."""
    return may_tune(presser, policy) or may_see(presser, policy)


def wrote(presser: Presser, case: Case) -> bool:
    """Whether the post of `case` is the presser's own."""
    return case.author.kind is AuthorKind.MEMBER and case.author.id == presser.id
