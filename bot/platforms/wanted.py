"""Which pictures of people and communities are looked at now, on any platform."""

from __future__ import annotations

from policies.model import Context, Mode, Policy, Surface

FACES = frozenset({Surface.AVATARS, Surface.BANNERS})
COVERS = frozenset({Surface.COVERS})


def wanted_of(policy: Policy, context: Context) -> frozenset[Surface]:
    """What is looked at now: nothing while the guild is paused, or where no card could be shown and nothing else
    is to follow, as before it was set up."""
    heard = policy.mod_channel is not None or context in policy.context_actions
    if policy.mode is Mode.PAUSED or not heard:
        return frozenset()
    return policy.surfaces & (COVERS if context is Context.ROOM_COVER else FACES)
