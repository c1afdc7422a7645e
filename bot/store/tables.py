"""The tables. Ids, hashes and scores are kept; pictures, URLs and message texts never are.

Every row that belongs to a tenant names it by the tenant's own integer id. Moments are UTC
microseconds (`Instant`), values are JSON as `bot.store.codec` writes it.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.model import CaseState, EffectKind, EffectState, JobKind, Origin
from bot.store import codec
from bot.store.types import Coded, Document, Instant, Word
from policies.model import Context, Evidence, Listed, Suggestion
from providers.base import TicketState


class JobState(StrEnum):
    """Where a job stands."""

    TODO = "todo"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


class StrikeState(StrEnum):
    """What a moderator said of a strike, if anything."""

    ALIVE = "alive"
    UPHELD = "upheld"
    VOIDED = "voided"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _tenant() -> Column[int]:
    return Column("tenant", ForeignKey("tenants.id"), nullable=False)


def _case() -> Column[int]:
    return Column("case", ForeignKey("cases.id", ondelete="CASCADE"), nullable=False)


tenants = Table(
    "tenants",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),  # discord:123
    Column("cases", Integer, nullable=False, server_default="0"),  # the number of its latest case
    sqlite_autoincrement=True,
)

policies = Table(
    "policies",
    metadata,
    _id(),
    _tenant(),
    Column("version", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("body", Document, nullable=False),
    UniqueConstraint("tenant", "version"),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    _tenant(),
    Column("key", Text, nullable=False),
    Column("kind", Word(JobKind), nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Document, nullable=False),
    Column("state", Word(JobState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("run_at", Instant, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("waits_for", Text, nullable=False, server_default=""),  # whose return or answer makes it due at once
    Column("at", Instant, nullable=False),
    UniqueConstraint("tenant", "key"),
    Index("ix_jobs_subject", "tenant", "subject", sqlite_where=text("subject <> ''")),
    Index("ix_jobs_waiting", "tenant", "run_at", sqlite_where=text("state = 'todo'")),
    Index("ix_jobs_waits_for", "waits_for", sqlite_where=text("state = 'todo' AND waits_for <> ''")),
    Index("ix_jobs_open", "at", sqlite_where=text("state IN ('todo', 'leased')")),
    sqlite_autoincrement=True,  # a later version of a message has the higher id, for ever
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    _tenant(),
    Column("job", Integer, nullable=False, unique=True),  # outlives the job's row
    Column("at", Instant, nullable=False),
    Column("context", Word(Context), nullable=False),
    Column("channel", Text),
    Column("author", Text, nullable=False),
    Column("suggestion", Word(Suggestion), nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("observed", Boolean, nullable=False),
    Column("superseded", Boolean, nullable=False),
    Column("schema", SmallInteger, nullable=False),  # codec.VERSION of the values below
    Column("event", Coded(codec.EVENT), nullable=False),
    Column("standing", Coded(codec.STANDING), nullable=False),
    Column("images", Coded(codec.IMAGES), nullable=False),  # screenings and list entry per image
    Column("decision", Coded(codec.DECISION), nullable=False),
    Column("ms", Coded(codec.SPANS), nullable=False),
    Index("ix_decisions_at", "at"),
)

cases = Table(
    "cases",
    metadata,
    _id(),
    _tenant(),
    Column("number", Integer, nullable=False),
    Column("state", Word(CaseState), nullable=False),
    Column("origin", Word(Origin), nullable=False),
    Column("decision", ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("opened_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("tenant", "number"),
    Index("ix_cases_author", "tenant", "author"),
    Index("ix_cases_opened_at", "opened_at"),
)

subjects = Table(
    "subjects",
    metadata,
    _id(),
    _tenant(),
    _case(),
    Column("message", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("context", Word(Context), nullable=False),
    Column("channel", Text),
    Column("media", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # '' if the bytes never came
    Column("flagged", Boolean, nullable=False),  # what was found in this one is why there is a case
    Index("ix_subjects_case", "case"),
    Index("ix_subjects_sha256", "tenant", "sha256"),
    Index("ix_subjects_message", "tenant", "message"),
)

cards = Table(
    "cards",
    metadata,
    _id(),
    _tenant(),
    _case(),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("evidence", Word(Evidence), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("case", "channel", "message"),
)

effects = Table(
    "effects",
    metadata,
    _id(),
    _tenant(),
    Column("case", ForeignKey("cases.id", ondelete="CASCADE")),
    Column("decision", ForeignKey("decisions.id", ondelete="CASCADE")),  # empty: a moderator's press made it
    Column("nonce", Text, nullable=False, unique=True),
    Column("kind", Word(EffectKind), nullable=False),
    Column("body", Document, nullable=False),
    Column("state", Word(EffectState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("outcome", Coded(codec.OUTCOME)),
    Column("at", Instant, nullable=False),
    Column("settled_at", Instant),
    Index("ix_effects_case", "case"),
    Index("ix_effects_decision", "decision"),
    Index("ix_effects_unsettled", "id", sqlite_where=text("state IN ('todo', 'sending')")),
    sqlite_autoincrement=True,
)

strikes = Table(
    "strikes",
    metadata,
    _id(),
    _tenant(),
    Column("author", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("hour", Integer, nullable=False),  # whole hours since 1970: one strike per author, image and hour
    Column("at", Instant, nullable=False),
    Column("state", Word(StrikeState), nullable=False),
    UniqueConstraint("tenant", "author", "sha256", "hour"),
    Index("ix_strikes_at", "at"),
)

removals = Table(
    "removals",
    metadata,
    _id(),
    _tenant(),
    Column("sha256", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_removals_tenant_at", "tenant", "at"),
    Index("ix_removals_at", "at"),
)

lists = Table(
    "lists",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("listed", Word(Listed), nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("ask", Text, primary_key=True),
    Column("schema", SmallInteger, nullable=False),
    Column("verdict", Coded(codec.VERDICT), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_verdicts_at", "at"),
    sqlite_with_rowid=False,
)

media = Table(
    "media",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_media_at", "at"),
    sqlite_with_rowid=False,
)

faces = Table(  # which avatar and banner a member was last seen with, by the platform's hash
    "faces",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("member", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_faces_at", "at"),
    sqlite_with_rowid=False,
)

guilds = Table(  # the host's register of the communities on this instance
    "guilds",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("members", Integer),
    Column("joined_at", Instant),
    Column("left_at", Instant),
    Column("seen_at", Instant),
    Column("greeted_at", Instant),
    Column("barred", Boolean, nullable=False, server_default="0"),  # the host wants it to leave and stay away
    Column("daily_limit", Integer),  # images looked at in a day; empty: no limit
    Column("grants", Document, nullable=False, server_default="{}"),  # paid provider -> its ceiling (ruling 20)
)

drafts = Table(  # what somebody is in the middle of setting, so that a restart does not lose it
    "drafts",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", Document, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_drafts_at", "at"),
    sqlite_with_rowid=False,
)

tickets = Table(  # jobs of slow vendors that were paid for
    "tickets",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("job", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("schema", SmallInteger, nullable=False),
    Column("ticket", Coded(codec.TICKET), nullable=False),
    Column("cost", Float, nullable=False),  # US dollars
    Column("delivery", Text, nullable=False),
    Column("state", Word(TicketState), nullable=False),
    Column("answer", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
    Index("ix_tickets_image", "provider", "sha256", "key"),
    Index("ix_tickets_open", "at", sqlite_where=text("state = 'open'")),
    Index("ix_tickets_at", "at"),
    sqlite_with_rowid=False,
)

spending = Table(  # what paid providers were paid for a tenant's images, by month (ruling 20)
    "spending",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("month", Text, primary_key=True),  # 2026-11, of UTC
    Column("calls", Integer, nullable=False),
    Column("micros", Integer, nullable=False),  # millionths of a US dollar
    sqlite_with_rowid=False,
)

outages = Table(  # when a provider was out, so that each outage is told once, also over a restart
    "outages",
    metadata,
    _id(),
    Column("provider", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("why", Text, nullable=False),
    Index("ix_outages_open", "provider", unique=True, sqlite_where=text("ended_at IS NULL")),
)

told = Table(  # which guild was told of which outage
    "told",
    metadata,
    Column("outage", ForeignKey("outages.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

fingerprints = Table(  # how exact bytes look, to know again what nearly looks like them (ruling 9)
    "fingerprints",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("phash", Integer, nullable=False),  # 64 bits, as SQLite's signed integer
    Column("dhash", Integer, nullable=False),
    Column("flat", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_fingerprints_at", "at"),
    sqlite_with_rowid=False,
)

albums = Table(  # messages that are one post, told one by one by their platform: kept until no more can come
    "albums",
    metadata,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("album", Text, primary_key=True),
    Column("message", Integer, primary_key=True),
    Column("media", Coded(codec.MEDIA), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_albums_at", "at"),
    sqlite_with_rowid=False,
)

former_names = Table(  # what a tenant was called before its platform gave it another id: it stays to be found so
    "former_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    sqlite_with_rowid=False,
)

SHARED = frozenset({"tenants", "verdicts", "media", "tickets", "outages", "fingerprints"})
"""The tables that hold nothing of any one tenant but its name: what is said of exact bytes by a
provider, and which bytes a platform's id stands for, is the same everywhere."""
