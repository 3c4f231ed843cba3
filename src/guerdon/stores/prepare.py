"""Making a database ready: collections, what they refuse, indexes, and who may come in.

Rule: it looks first and makes only what is missing or different, so that any number of processes
may do it, and those that may not make anything find that nothing is to be made.
"""

import asyncio
from contextlib import suppress

from bson.son import SON
from pymongo import IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from guerdon.engine.refusals import NotPrepared
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.indexes import COLLECTIONS, INDEXES, Index
from guerdon.stores.validators import VALIDATORS

_BUILD_SECONDS = 600.0
_UNAUTHORIZED = 13


async def prepare(mongo: Mongo) -> None:
    """Make what is missing.

    Raises:
        NotPrepared: Something is missing, and this login may not make it.
        StoreDown: The database does not answer.
    """
    with unit_of_work(_BUILD_SECONDS):
        try:
            answer = await mongo.database.command("listCollections", cursor={"batchSize": 1_000})
            have = {each["name"]: each["options"] for each in answer["cursor"]["firstBatch"]}
            # A collection cannot come into being within a transaction that meets another one.
            await asyncio.gather(
                *(_collection(mongo, name, have.get(name)) for name in COLLECTIONS)
            )
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            raise NotPrepared from error


async def _collection(mongo: Mongo, name: str, options: Document | None) -> None:
    validator = VALIDATORS.get(name, {})
    have: dict[str, Document] = {}
    if options is None:
        with suppress(CollectionInvalid):  # somebody else was first
            await mongo.database.create_collection(name, validator=validator)
    else:
        if options.get("validator", {}) != validator:
            await mongo.database.command("collMod", name, validator=validator)
        have = await mongo[name].index_information()
    wanted = [index for index in INDEXES if index.collection == name]
    for title, each in have.items():
        if any(_is_otherwise(each, index) for index in wanted):
            await mongo[name].drop_index(title)
    known = [
        each["key"]
        for each in have.values()
        if not any(_is_otherwise(each, index) for index in wanted)
    ]
    missing = [_model(index) for index in wanted if list(index.fields) not in known]
    if missing:
        await mongo[name].create_indexes(missing)


def _is_otherwise(have: Document, index: Index) -> bool:
    """Tell whether an index is there of the same fields, but for other documents."""
    wanted = _model(index).document.get("partialFilterExpression", {})
    partial = have.get("partialFilterExpression", SON())
    return bool(have["key"] == list(index.fields) and partial.to_dict() != wanted)


def _model(index: Index) -> IndexModel:
    options: Document = {"unique": True} if index.unique else {}
    if index.present:
        options["partialFilterExpression"] = {index.present: {"$exists": True}}
    if index.where:
        options["partialFilterExpression"] = dict(index.where)
    return IndexModel(list(index.fields), **options)
