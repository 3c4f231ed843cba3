"""Who is who: identities lead to members, profiles say how a member is shown.

An identity `{_id: program|scheme|value, m: program|member}` exists once in the program, with `f`,
whom it led to at first, where mergers have led it on; the owner's own id for a member has the
scheme "". Rule: personal data lies here and nowhere else, so
that erasure has one place to look.
"""

from collections.abc import Collection, Sequence

from pymongo.errors import DuplicateKeyError

from guerdon.core.activity import Instant
from guerdon.engine.inputs import Identity
from guerdon.engine.outcomes import Face, Profile
from guerdon.engine.records import Found
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within

_DUPLICATE = 11000
EXTERNAL = ""


class MemberStore:
    """See `engine.world.Members`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def find(self, program: str, identities: Collection[Identity]) -> dict[Identity, Found]:
        """Return whom these identities lead to; unknown ones are missing."""
        if not identities:
            return {}
        by_key = {key(program, *identity): identity for identity in identities}
        with unit_of_work():
            cursor = self._mongo["identities"].find({"_id": {"$in": list(by_key)}})
            return {
                by_key[document["_id"]]: _found(document, program)
                for document in await cursor.to_list(None)
            }

    async def known(self, program: str, ids: Collection[str]) -> dict[str, str]:
        """Return the ids that exist, each with the member it leads to now (after merges)."""
        if not ids:
            return {}
        wanted = [key(program, each) for each in ids]
        with unit_of_work():
            cursor = self._mongo["members"].find({"_id": {"$in": wanted}}, {"g": 1})
            rows = await cursor.to_list(None)
        return {(own := behind(row["_id"], program)): row.get("g") or own for row in rows}

    async def absorbed(self, program: str, ids: Collection[str]) -> dict[str, list[str]]:
        """Return the members who were merged into these, by whom they lead to."""
        found: dict[str, list[str]] = {}
        if ids:
            query = {"_id": within(program), "g": {"$in": list(ids)}}
            with unit_of_work():
                rows = await self._mongo["members"].find(query, {"g": 1}).to_list(None)
            for row in rows:
                found.setdefault(row["g"], []).append(behind(row["_id"], program))
        return found

    async def claim(self, program: str, identity: Identity, found: Found) -> Found:
        """Make an identity lead to a member unless it is taken; return whom it leads to."""
        document = _identity(program, identity, found)
        with unit_of_work():
            try:
                await self._mongo["identities"].insert_one(document)
            except DuplicateKeyError:
                taken = await self._mongo["identities"].find_one({"_id": document["_id"]})
                return found if taken is None else _found(taken, program)
        return found

    async def create(
        self, program: str, profiles: Sequence[tuple[Profile, str]]
    ) -> dict[str, Found]:
        """Create members, each with its enrollment's id; return whom each external id leads to.

        The identity comes first, because it decides who is first. Where a crash left the profile
        out, whoever brings the enrollment again makes the member again, and it is written then.
        Who was first names the member, also where another was quicker with the profile.
        """
        if not profiles:
            return {}
        wanted = {
            profile.external_id: Found(profile.id, enrollment) for profile, enrollment in profiles
        }
        identities = [
            _identity(program, Identity(EXTERNAL, external), found)
            for external, found in wanted.items()
        ]
        led = wanted
        if await self._mongo.insert("identities", identities):
            taken = await self.find(program, [Identity(EXTERNAL, each) for each in wanted])
            led = {identity.value: found for identity, found in taken.items()}
        documents = [
            {"_id": key(program, led[profile.external_id].member), **_profile(program, profile)}
            for profile, _ in profiles
        ]
        for place in await self._mongo.insert("members", documents):
            profile, enrollment = profiles[place]
            if led[profile.external_id].enrollment == enrollment:
                await self._show(documents[place])
        return led

    async def _show(self, document: Document) -> None:
        """Have a member shown as whoever was first said: another was quicker with the profile."""
        for name in ("n", "a"):
            if name in document:
                with unit_of_work():
                    await self._mongo["members"].update_one(
                        {"_id": document["_id"], "x": {"$exists": True}, _place(name): None},
                        {"$set": {name: document[name]}},
                    )

    async def settled(self, program: str, ids: Collection[str]) -> None:
        """Note that the enrollments of these members were decided; forgetting costs time only."""
        wanted = [key(program, each) for each in ids]
        with unit_of_work():
            await self._mongo["identities"].update_many(
                {"m": {"$in": wanted}, "e": {"$exists": True}}, {"$unset": {"e": 1}}
            )

    async def profiles(self, program: str, ids: Collection[str]) -> dict[str, Profile]:
        """Return profiles by member id, with the identities that lead to them."""
        if not ids:
            return {}
        wanted = [key(program, each) for each in ids]
        with unit_of_work():
            rows = await self._mongo["members"].find({"_id": {"$in": wanted}}).to_list(None)
            links = await self._mongo["identities"].find({"m": {"$in": wanted}}).to_list(None)
        identities: dict[str, list[Identity]] = {}
        for link in links:
            scheme, _, value = behind(link["_id"], program).partition("|")
            if scheme != EXTERNAL:
                identities.setdefault(link["m"], []).append(Identity(scheme, value))
        return {
            behind(row["_id"], program): _shown(row, program, identities.get(row["_id"], ()))
            for row in rows
        }

    async def faces(self, program: str, ids: Collection[str]) -> dict[str, Face]:
        """Return what others see of members, by member id."""
        if not ids:
            return {}
        wanted = [key(program, each) for each in ids]
        shown = {"x": 1, "n": 1, "a": 1}
        with unit_of_work():
            rows = await self._mongo["members"].find({"_id": {"$in": wanted}}, shown).to_list(None)
        return {
            behind(row["_id"], program): Face(
                external_id=_external_id(row, program),
                display_name=row.get("n"),
                avatar_url=row.get("a"),
            )
            for row in rows
        }

    async def update(
        self,
        program: str,
        member: str,
        *,
        since: str,
        display_name: str | None,
        avatar_url: str | None,
    ) -> None:
        """Change what is given (not None) of a profile, unless a later change said otherwise.

        Beside each field stands the place of its last change. Whoever was erased stays so.
        """
        changes = {"n": display_name, "a": avatar_url}
        for name, value in changes.items():
            if value is None:
                continue
            place = _place(name)
            earlier = [{place: {"$exists": False}}, {place: {"$lt": since}}]
            with unit_of_work():
                await self._mongo["members"].update_one(
                    {"_id": key(program, member), "x": {"$exists": True}, "$or": earlier},
                    {"$set": {name: value, place: since}},
                )

    async def page(
        self,
        program: str,
        *,
        limit: int,
        after: str | None,
        before: str | None,
        search: str | None,
    ) -> list[Profile]:
        """Return profiles by ascending external id; before a `before`, descending.

        `search` is the beginning of an external id.
        """
        span: Document = within(program)
        if search:
            prefix = key(program, search)
            span = {"$gte": prefix, "$lt": prefix + "\U0010ffff"}
        if after is not None:
            span["$gt"] = key(program, after)
        if before is not None:
            span["$lt"] = min(key(program, before), span["$lt"])  # code points, as in MongoDB
        order = 1 if before is None else -1
        with unit_of_work():
            cursor = self._mongo["members"].find({"x": span}).sort("x", order).limit(limit)
            return [_shown(row, program, ()) for row in await cursor.to_list(None)]

    async def total(self, program: str) -> int:
        """Return how many members there are."""
        with unit_of_work():
            counted: int = await self._mongo["members"].count_documents({"x": within(program)})
        return counted


def _place(name: str) -> str:
    """Return the field with the place of the last change of a field."""
    return f"{name}o"


def _identity(program: str, identity: Identity, found: Found) -> Document:
    document: Document = {"_id": key(program, *identity), "m": key(program, found.member)}
    if found.enrollment is not None:
        document["e"] = found.enrollment
    return document


def _found(document: Document, program: str) -> Found:
    at_first = document.get("f")
    return Found(
        member=behind(document["m"], program),
        enrollment=document.get("e"),
        at_first=None if at_first is None else behind(at_first, program),
    )


def _profile(program: str, profile: Profile) -> Document:
    document: Document = {
        "x": key(program, profile.external_id),
        "n": profile.display_name,
        "a": profile.avatar_url,
        "s": profile.status,
        "t": profile.enrolled_at,
    }
    return {name: value for name, value in document.items() if value is not None}


def _shown(row: Document, program: str, identities: Sequence[Identity]) -> Profile:
    return Profile(
        id=behind(row["_id"], program),
        external_id=_external_id(row, program),
        display_name=row.get("n"),
        avatar_url=row.get("a"),
        status=row["s"],
        enrolled_at=Instant(row["t"]),
        merged_into=row.get("g"),
        identities=tuple(identities),
    )


def _external_id(row: Document, program: str) -> str:
    """Return the owner's id for a member; one who was erased has only ours."""
    return behind(row["x" if "x" in row else "_id"], program)
