"""A setup that is under way: only what was touched, so that whatever else changes meanwhile is kept."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from policies.model import Duty, Policy, frozen, nothing
from policies.presets import PRESETS, preset

SETUP: Final = "setup"  # the name under which it is kept


def _new_key() -> str:
    return f"mods-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has chosen so far; None is what they left alone.

    `page` is where they are. `key` stands for the private channel that is made at their wish: asked for twice,
    also over a restart, it is made once.
    """

    page: str = ""
    preset: str | None = None
    mod_channel: str | None = None
    staff: Mapping[Duty, frozenset[str]] = field(default_factory=nothing)
    exempt: frozenset[str] | None = None
    providers: tuple[str, ...] | None = None
    key: str = field(default_factory=_new_key)

    def onto(self, policy: Policy) -> Policy:
        """`policy` with what was chosen. Another preset keeps what is the guild's own, the same keeps all."""
        after = policy if self.preset in (None, policy.preset) else _onto(policy, preset(str(self.preset)))
        exempt = after.exempt if self.exempt is None else replace(after.exempt, roles=self.exempt)
        staff = {**after.staff, **self.staff}
        return replace(
            after,
            mod_channel=self.mod_channel or after.mod_channel,
            staff=frozen({duty: roles for duty, roles in staff.items() if roles}),
            exempt=exempt,
            providers=after.providers if self.providers is None else self.providers,
        )

    def entrusting(self, duty: Duty, roles: frozenset[str]) -> Self:
        """Other roles for `duty`."""
        return replace(self, staff=frozen({**self.staff, duty: roles}))

    def body(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "page": self.page,
            "preset": self.preset,
            "mod_channel": self.mod_channel,
            "staff": {duty.value: sorted(roles) for duty, roles in self.staff.items()},
            "exempt": None if self.exempt is None else sorted(self.exempt),
            "providers": None if self.providers is None else list(self.providers),
            "key": self.key,
        }

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From what `body` gave, also in an earlier version: what is not known any more counts as not touched."""
        chosen, exempt, providers = body.get("preset"), body.get("exempt"), body.get("providers")
        staff = {Duty(d): frozenset(map(str, r)) for d, r in body.get("staff", {}).items() if d in set(Duty)}
        return cls(
            page=str(body.get("page", "")),
            preset=chosen if chosen in PRESETS else None,
            mod_channel=body.get("mod_channel"),
            staff=frozen(staff),
            exempt=None if exempt is None else frozenset(map(str, exempt)),
            providers=None if providers is None else tuple(map(str, providers)),
            key=str(body.get("key") or _new_key()),
        )


def _onto(old: Policy, base: Policy) -> Policy:
    return replace(
        base,
        mode=old.mode,
        mod_channel=old.mod_channel,
        channels=old.channels,
        exempt=old.exempt,
        staff=old.staff,
        providers=old.providers,
        when_spent=old.when_spent,
        required=old.required,
        quarantine_role=old.quarantine_role,
        ban_delete_seconds=old.ban_delete_seconds,
        notice_seconds=old.notice_seconds,
        suspect_near=old.suspect_near,
        test_cards=old.test_cards,
        language=old.language,
    )
