"""The composition root: settings in, World out.

Rule: only here the engine's protocols meet the stores and the live side, and only here settings
become values. Clients are made lazily, by event loop, so that a World may be built anywhere.
"""

import asyncio
import gc
import socket
import time
from os import getpid
from typing import NamedTuple
from uuid import uuid4

from uuid_utils import uuid7

from guerdon.core.activity import Instant
from guerdon.engine import sealed
from guerdon.engine.arrivals import Arrivals
from guerdon.engine.crash import CrashPoints
from guerdon.engine.faces import Faces
from guerdon.engine.findings import Finding
from guerdon.engine.formats import Kind
from guerdon.engine.issuers import IssuerRegistry
from guerdon.engine.key_sets import KeySets
from guerdon.engine.meters import Meters, Unmetered
from guerdon.engine.pressure import InboxPressure
from guerdon.engine.publish import compile_version
from guerdon.engine.records import Issuer, StoreDown
from guerdon.engine.revisions import Revisions
from guerdon.engine.revocations import RevocationList
from guerdon.engine.rulebooks import CompiledRulebooks
from guerdon.engine.tracing import Tracer, Untraced
from guerdon.engine.trust import Trust
from guerdon.engine.world import Limits, World
from guerdon.live.channels import LiveChannels
from guerdon.live.checkup import checkup as checkup_of_redis
from guerdon.live.client import Live
from guerdon.live.hints import LiveHints
from guerdon.live.leaderboards import LiveBoards
from guerdon.live.projection import LiveProjection
from guerdon.live.rates import LiveRates
from guerdon.partners.courier import Courier
from guerdon.partners.key_sets import fetch
from guerdon.settings import Settings
from guerdon.stores.checkup import checkup as checkup_of_mongo
from guerdon.stores.claims import ClaimStore
from guerdon.stores.client import Access, Mongo
from guerdon.stores.codes import CodeStore
from guerdon.stores.commit import CommitStore
from guerdon.stores.evidence import EvidenceStore
from guerdon.stores.formats import FormatStore, MigrationUnderWay
from guerdon.stores.growth import GrowthStore
from guerdon.stores.inbox import InboxStore
from guerdon.stores.installation import Installation
from guerdon.stores.issuers import IssuerStore
from guerdon.stores.journal import JournalStore
from guerdon.stores.keys import KeyStore
from guerdon.stores.lanes import LaneStore
from guerdon.stores.members import MemberStore
from guerdon.stores.pages import PageStore
from guerdon.stores.programs import ProgramStore
from guerdon.stores.receipts import ReceiptStore
from guerdon.stores.revocations import RevocationStore
from guerdon.stores.roles import admit
from guerdon.stores.scores import ScoreStore
from guerdon.stores.seals import SealStore
from guerdon.stores.shared import SharedStore
from guerdon.stores.standings import StandingStore
from guerdon.stores.statements import StatementStore
from guerdon.stores.vault import Vault
from guerdon.stores.vouchers import VoucherStore
from guerdon.stores.webhooks import WebhookStore


class Watched(NamedTuple):
    """What a process tells of itself to those who watch."""

    meters: Meters
    tracer: Tracer


UNWATCHED = Watched(Unmetered(), Untraced())
_PREPARE_SECONDS = 120.0
_PAUSE_SECONDS = 0.1


def clock() -> Instant:
    """Return the machine's time."""
    return Instant(time.time_ns() // 1_000_000)


def new_member(external_id: str) -> str:
    """Return a new member's id: opaque, and in the order in which members came."""
    del external_id
    return str(uuid7())


def collect_rarely() -> None:
    """Let Python look for garbage cycles less often, in a process that is up and loaded.

    A batch makes some hundred thousand values, none of them in cycles; looking through them all
    again and again costs more than deciding them. What is loaded by now stays for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def build(settings: Settings, *, at_work: bool = False, watched: Watched = UNWATCHED) -> World:
    """Return the World of one process; connections are opened when they are first used.

    `at_work` is for processes that decide: they read what was written last (see `Access`), and are
    patient with Redis, because nobody waits for their answer.
    """
    mongo = database(settings, latest=at_work)
    patience = (
        settings.redis_worker_timeout_seconds if at_work else settings.redis_api_timeout_seconds
    )
    live = _live(settings, patience)
    lease_ms = int(settings.lane_lease_seconds * 1_000)
    programs, inbox = ProgramStore(mongo), InboxStore(mongo)
    channels = LiveChannels(live)
    members, revisions = MemberStore(mongo), Revisions(channels)
    hints = LiveHints(live, settings.redis_url.get_secret_value(), timeout_seconds=patience)
    secrets = _installation(mongo, settings)
    courier = _courier(settings)
    vault = Vault(mongo, secrets.storage_key)
    trust = _trust(mongo, settings)
    limits, crash = _limits(settings), CrashPoints(settings.crash_at)
    pools, rulebooks = CodeStore(mongo), CompiledRulebooks(programs, compile_version)
    return World(
        clock=clock,
        next_order=Arrivals(clock),
        new_member=new_member,
        limits=limits,
        rulebooks=rulebooks,
        programs=programs,
        members=members,
        receipts=ReceiptStore(mongo),
        inbox=inbox,
        lanes=LaneStore(mongo, owner=_me(), lease_ms=lease_ms),
        growth=GrowthStore(mongo, owner=_me(), lease_ms=2 * lease_ms),
        standings=StandingStore(mongo),
        pages=PageStore(mongo),
        journal=JournalStore(mongo, vault, rulebooks.layout),
        scores=ScoreStore(mongo),
        shared=ClaimStore(SharedStore(mongo), pools),
        codes=pools,
        vouchers=VoucherStore(mongo),
        seals=SealStore(mongo),
        evidence=EvidenceStore(mongo),
        statements=StatementStore(mongo),
        keys=KeyStore(mongo),
        webhooks=WebhookStore(mongo),
        courier=courier,
        secrets=secrets,
        trust=trust,
        formats=FormatStore(mongo),
        commit=CommitStore(mongo, vault, lease_ms=lease_ms, crash=crash),
        boards=LiveBoards(live),
        projection=LiveProjection(live),
        channels=channels,
        revisions=revisions,
        faces=Faces(members, revisions),
        hints=hints,
        rates=LiveRates(live),
        pressure=InboxPressure(inbox, waiting_max=limits.waiting_max),
        crash=crash,
        meters=watched.meters,
        tracer=watched.tracer,
        closing=(
            *(trust.key_sets.close, courier.close, revisions.close, hints.close),
            *(channels.close, live.close, mongo.close),
        ),
    )


def database(settings: Settings, *, latest: bool = False, as_owner: bool = False) -> Mongo:
    """Return the way to the database; as the owner where there is one of its own."""
    url = settings.mongo_url
    if as_owner and settings.mongo_owner_url is not None:
        url = settings.mongo_owner_url
    return Mongo(
        Access(
            url=url.get_secret_value(),
            database=settings.mongo_database,
            driver=settings.mongo_driver,
            pool_max=settings.mongo_pool_max,
            selection_seconds=settings.mongo_selection_seconds,
            latest=latest,
        )
    )


async def prepare(settings: Settings) -> None:
    """Make a database ready, an older one too, for whoever is alone with it: demos and tests.

    Installations are migrated by `guerdon migrate`, which tells what it does.
    """
    mongo = database(settings, as_owner=True)
    try:
        await let_in(settings, mongo)
        async with asyncio.timeout(_PREPARE_SECONDS):
            while True:
                try:
                    await FormatStore(mongo).migrate(list(Kind), owner=_me())
                except MigrationUnderWay:
                    await asyncio.sleep(_PAUSE_SECONDS)
                else:
                    return
    finally:
        await mongo.close()


async def let_in(settings: Settings, owner: Mongo) -> None:
    """Give the application's login its role, where the owner has a login of its own.

    Raises:
        StoreDown: The database does not answer.
    """
    if settings.mongo_owner_url is not None:
        url = settings.mongo_url.get_secret_value()
        await admit(owner, url, database=settings.mongo_database)


def _me() -> str:
    """Return this process's name in locks."""
    return f"{socket.gethostname()}:{getpid()}:{uuid4().hex[:6]}"


async def check_format(settings: Settings) -> None:
    """Let pass where this code can use the database.

    Raises:
        FormatUnusable: It is older or newer.
        StoreDown: It does not answer.
    """
    mongo = database(settings)
    try:
        await FormatStore(mongo).check()
    finally:
        await mongo.close()


async def checkups(settings: Settings) -> tuple[list[Finding], list[Finding]]:
    """Return what is to be said of MongoDB and of Redis; nothing is changed."""
    mongo, owner = database(settings), database(settings, as_owner=True)
    live = _live(settings, settings.redis_worker_timeout_seconds)
    try:
        return await checkup_of_mongo(mongo, owner), await checkup_of_redis(live)
    finally:
        await mongo.close()
        await owner.close()
        await live.close()


async def check_sealed(settings: Settings) -> list[Finding]:
    """Return what is to be said of the storage key, if the database answers; nothing is changed."""
    world = build(settings)
    try:
        return await sealed.examine(world)
    except StoreDown:
        return []  # `checkups` says it
    finally:
        await world.close()


async def discard(settings: Settings) -> None:
    """Throw the database and all keys in Redis away: for whoever made them for a moment.

    Raises:
        LiveDown: Redis does not answer; the database is gone.
    """
    mongo = database(settings, as_owner=True)
    live = _live(settings, settings.redis_worker_timeout_seconds)
    try:
        await mongo.drop()
        await live.clear()
    finally:
        await mongo.close()
        await live.close()


async def clear_live(settings: Settings) -> None:
    """Throw away all keys in Redis: they are of another database than the one that is there now.

    Raises:
        LiveDown: Redis does not answer.
    """
    live = _live(settings, settings.redis_worker_timeout_seconds)
    try:
        await live.clear()
    finally:
        await live.close()


def _live(settings: Settings, timeout_seconds: float) -> Live:
    return Live(
        settings.redis_url.get_secret_value(),
        namespace=settings.redis_namespace,
        timeout_seconds=timeout_seconds,
    )


def _installation(mongo: Mongo, settings: Settings) -> Installation:
    token, pepper, storage = settings.token_secret, settings.key_pepper, settings.storage_key
    return Installation(
        mongo,
        token_secret=None if token is None else token.get_secret_value(),
        key_pepper=None if pepper is None else pepper.get_secret_value(),
        storage_key=None if storage is None else storage.get_secret_value(),
    )


def _courier(settings: Settings) -> Courier:
    return Courier(
        timeout_seconds=settings.webhook_timeout_seconds,
        allows_private=settings.webhook_private_addresses,
    )


def _trust(mongo: Mongo, settings: Settings) -> Trust:
    named = [Issuer(**each.model_dump()) for each in settings.issuers]
    seconds = settings.revocation_seconds
    return Trust(
        issuers=IssuerRegistry(IssuerStore(mongo), named=named, poll_seconds=seconds),
        key_sets=KeySets(fetch),
        revoked=RevocationList(RevocationStore(mongo), poll_seconds=seconds),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        lanes=settings.lanes,
        batch_max=settings.batch_max,
        # What is left of the lease is for the last decision and the commit.
        decide_seconds=settings.lane_lease_seconds / 3,
        inputs_max=settings.batch_activities_max,
        clock_skew_ms=settings.clock_skew_seconds * 1_000,
        wait_ms_max=int(settings.wait_seconds_max * 1_000),
        waiting_max=settings.waiting_max,
        reserved_ms=int(settings.reservation_seconds * 1_000),
        environment=settings.environment,
        token_ttl_seconds=settings.token_ttl_seconds,
    )
