"""Code pools: codes of a partner's shop, brought or made beforehand, given out one by one.

Rule: a code is sealed (AES-GCM) before it is stored and opened for its owner only; it is found
again by a fingerprint that nobody can compute without the key. No code is in a log, an error or a
report: duplicates are told by line. A partner who brings a code that is in another's pool has it in
its own all the same, apart: it neither learns of the other's codes nor takes them away.
"""

import hmac
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guerdon.engine import codes
from guerdon.engine.outcomes import Problem
from guerdon.engine.records import PoolCount, SealedCode
from guerdon.engine.refusals import InvalidInput
from guerdon.engine.seals import key_for
from guerdon.engine.world import World

log = logging.getLogger(__name__)

CODE_MAX = 200
GENERATED_MAX = 1_000_000
_AT_ONCE = 1_000
_NONCE_BYTES = 12
_SIGN = "#"
_CHANCES_MIN = 2**40
_COUNTED_MAX = 10_000
"""How far a sweep counts what is left: finding out that there is plenty must not cost much."""
_told: set[tuple[str, str]] = set()
"""Pools that this process has warned of; another process, or a new one, warns again."""
_POOL = re.compile(r"[\w-]{1,64}")


@dataclass(slots=True)
class Imported:
    """What became of codes that were brought: how many were new, and which lines were not.

    `twice` holds (line, line of the first one) within what was brought, `known` lines of codes that
    some pool has already, `unfit` lines that are no codes.
    """

    added: int = 0
    twice: list[tuple[int, int]] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    unfit: list[int] = field(default_factory=list)


class Sealing:
    """Seals and opens the codes of one program."""

    def __init__(self, key: bytes, mark: bytes) -> None:
        self._cipher = AESGCM(key)
        self._mark = mark

    @classmethod
    async def of(cls, world: World, program: str) -> "Sealing":
        """Return what seals a program's codes."""
        mark = await key_for(world, "code fingerprint", program)
        return cls(await key_for(world, "code", program), mark)

    def fingerprint(self, code: str) -> str:
        """Return what a code is found by: case, spaces and hyphens do not matter."""
        plain = "".join(code.split()).replace("-", "").upper()
        return hmac.digest(self._mark, plain.encode(), sha256).hex()

    def sealed(self, code: str, *, partner: str | None = None) -> SealedCode:
        """Return a code as it is stored; with `partner` apart from the same code of others."""
        name, nonce = apart(self.fingerprint(code), partner), os.urandom(_NONCE_BYTES)
        return SealedCode(name, nonce + self._cipher.encrypt(nonce, code.encode(), name.encode()))

    def opened(self, found: SealedCode) -> str:
        """Return the code that was sealed."""
        nonce, sealed = found.sealed[:_NONCE_BYTES], found.sealed[_NONCE_BYTES:]
        return self._cipher.decrypt(nonce, sealed, found.fingerprint.encode()).decode()


def apart(fingerprint: str, partner: str | None) -> str:
    """Return the name of a code, or of one that a partner has apart from the same of others."""
    return fingerprint if partner is None else f"{fingerprint}~{partner}"


async def bring(
    world: World, program: str, pool: str, lines: Iterable[str], *, partner: str | None = None
) -> Imported:
    """Put codes into a pool, one a line; empty lines are passed over. Doing it again adds nothing.

    Where a partner brings them, what is known is what its own pools have.

    Raises:
        InvalidInput: The pool's name is none.
    """
    _judge(pool)
    sealing, found = await Sealing.of(world, program), Imported()
    shelf = _Shelf(world, program, pool, sealing, partner)
    first: dict[str, int] = {}
    waiting: list[tuple[int, SealedCode]] = []
    for number, line in enumerate(lines, start=1):
        code = line.strip()
        if not code:
            continue
        if len(code) > CODE_MAX or not code.isprintable():
            found.unfit.append(number)
            continue
        sealed = sealing.sealed(code)
        if (before := first.setdefault(sealed.fingerprint, number)) != number:
            found.twice.append((number, before))
            continue
        waiting.append((number, sealed))
        if len(waiting) == _AT_ONCE:
            await shelf.add(waiting, found)
            waiting = []
    await shelf.add(waiting, found)
    return found


class _Shelf(NamedTuple):
    """Where codes are put."""

    world: World
    program: str
    pool: str
    sealing: Sealing
    partner: str | None

    async def add(self, waiting: Sequence[tuple[int, SealedCode]], found: Imported) -> None:
        """Add codes, and note which lines were known."""
        if not waiting:
            return
        codes_ = [sealed for _, sealed in waiting]
        had = await self.world.codes.add(self.program, self.pool, codes_)
        if had and self.partner is not None:
            had = await self._add_apart(codes_, had)
        found.known += [waiting[position][0] for position in had]
        found.added += len(waiting) - len(had)

    async def _add_apart(self, brought: Sequence[SealedCode], had: Sequence[int]) -> list[int]:
        """Add those that only others have; return which the partner itself had already."""
        rulebook = await self.world.rulebooks.get(self.program)
        own = {
            reward.codes
            for version in rulebook.versions
            for reward in version.program.rewards.values()
            if reward.partner == self.partner
        }
        names = [brought[position].fingerprint for position in had]
        pools = await self.world.codes.pools_of(self.program, names)
        others = [it for it in had if pools.get(brought[it].fingerprint) not in own]
        again = [
            self.sealing.sealed(self.sealing.opened(brought[it]), partner=self.partner)
            for it in others
        ]
        repeated = await self.world.codes.add(self.program, self.pool, again) if again else []
        return sorted({*had} - {*others} | {others[it] for it in repeated})


async def generate(world: World, program: str, pool: str, pattern: str, count: int) -> int:
    """Make codes after a pattern, each `#` a sign by chance, and a check sign behind.

    Raises:
        InvalidInput: The pattern leaves too few possibilities, so that codes could be guessed.
    """
    _judge(pool)
    chances = 32 ** pattern.count(_SIGN)
    if chances < max(_CHANCES_MIN, count * 2**20) or len(pattern) >= CODE_MAX:
        message = f"`{pattern}` can be guessed: write at least 8 `#`, and more for many codes."
        raise InvalidInput((Problem(code="INVALID_INPUT", message=message, path=("pattern",)),))
    if not 1 <= count <= GENERATED_MAX:
        message = f"{count} codes: between 1 and {GENERATED_MAX:,} can be made at once."
        raise InvalidInput((Problem(code="INVALID_INPUT", message=message, path=("count",)),))
    made = 0
    while made < count:
        some = list(_made(pattern, min(count - made, _AT_ONCE)))
        made += (await bring(world, program, pool, some)).added
    return made


def _made(pattern: str, count: int) -> Iterator[str]:
    for _ in range(count):
        code = "".join(secrets.choice(codes.SIGNS) if it == _SIGN else it for it in pattern)
        body = codes.plain("".join(it for it in code if codes.plain(it) in codes.SIGNS))
        yield code + codes.checked(body)[-1]


def _judge(pool: str) -> None:
    if not _POOL.fullmatch(pool):
        message = "A pool's name has 1 to 64 letters, digits, `_` or `-`."
        raise InvalidInput((Problem(code="INVALID_INPUT", message=message, path=("pool",)),))


async def status(world: World, program: str) -> list[tuple[PoolCount, int | None]]:
    """Return each pool's figures, and at how many codes left somebody wants to be told.

    Pools that the program names and nobody has filled yet are among them.
    """
    lows = await _lows(world, program)
    counts = {each.pool: each for each in await world.codes.counts(program)}
    names = sorted(counts.keys() | lows.keys())
    return [(counts.get(name) or PoolCount(pool=name), lows.get(name)) for name in names]


async def _lows(world: World, program: str) -> dict[str, int | None]:
    """Return the pools of the version in force, each with the most at which a reward is told."""
    rulebook = await world.rulebooks.get(program)
    lows: dict[str, int | None] = {}
    for reward in rulebook.at(world.clock()).program.rewards.values():
        if reward.codes is not None:
            lows[reward.codes] = max(reward.codes_low or 0, lows.get(reward.codes) or 0) or None
    return lows


async def watch(world: World, program: str) -> None:
    """Tell the meters how many codes each pool has left, and the log where they run low."""
    for name, told_at in (await _lows(world, program)).items():
        pool, low = (program, name), told_at or 0
        left = await world.codes.left(*pool, limit=max(low + 1, _COUNTED_MAX))
        world.meters.codes_left(*pool, left)
        if left > low:
            _told.discard(pool)
        elif pool not in _told:
            _told.add(pool)
            log.warning(
                "a pool runs out of codes: bring more with `guerdon codes`",
                extra={"program": program, "pool": name, "left": left},
            )


def reference(pool: str, position: int, holder: str) -> str:
    """Return the text by which a voucher names its code: the `position`th that the holder took."""
    return f"{pool}|{position}|{holder}"


async def shown(world: World, program: str, text: str) -> str | None:
    """Return the code that a voucher's reference names; None where it is not there any more."""
    pool, position, holder = text.split("|", 2)
    held = await world.codes.held_by(program, pool, holder)
    place = int(position)
    if place >= len(held):
        return None
    return (await Sealing.of(world, program)).opened(held[place])


async def references_of(world: World, program: str, code: str) -> list[str]:
    """Return the references of a code that somebody shows; several partners may have the same."""
    fingerprint = (await Sealing.of(world, program)).fingerprint(code)
    versions = (await world.rulebooks.get(program)).versions
    partners = {slug for version in versions for slug in version.program.partners}
    names = [apart(fingerprint, each) for each in (None, *sorted(partners))]
    found = []
    for name, (pool, holder) in (await world.codes.holders_of(program, names)).items():
        held = [each.fingerprint for each in await world.codes.held_by(program, pool, holder)]
        found.append(reference(pool, held.index(name), holder))
    return found
