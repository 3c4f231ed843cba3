"""`guerdon migrate` foretells what it does, does it, and leaves for later what must wait."""

from typing import Any

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.stores.formats import STEPS

LAST = STEPS[-1]


class Migrating:
    """The command, on one database, with a login that may do everything."""

    def __init__(self, *, url: str, database: str, redis_url: str) -> None:
        self._told = {
            "GUERDON_ENVIRONMENT": "test",
            "GUERDON_MONGO_URL": url,
            "GUERDON_MONGO_OWNER_URL": None,
            "GUERDON_MONGO_DATABASE": database,
            "GUERDON_REDIS_URL": redis_url,
        }

    def __call__(self, *words: str) -> list[str]:
        result = CliRunner().invoke(app, ["migrate", *words], env=self._told)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()


@pytest.fixture
def migrate(owner_url: str, mongo_database: str, redis_url: str) -> Migrating:
    return Migrating(url=owner_url, database=mongo_database, redis_url=redis_url)


def test_of_an_empty_database_it_is_said_that_it_is_one(
    migrate: Migrating, mongo_client: MongoClient[dict[str, Any]], mongo_database: str
) -> None:
    foretold = migrate("--dry-run")

    assert foretold == [
        "Nothing is stored yet: would make what this release's format needs.",
        "Nothing was changed.",
    ]
    assert mongo_client[mongo_database].list_collection_names() == []
    assert migrate() == ["The database is in this release's format."]
    assert "journal" in mongo_client[mongo_database].list_collection_names()
    assert migrate("--dry-run", "--contract") == ["Nothing was changed."]


def test_what_earlier_processes_read_stays_until_it_is_asked_for(
    migrate: Migrating, mongo_client: MongoClient[dict[str, Any]], mongo_database: str
) -> None:
    migrate()
    database = mongo_client[mongo_database]
    database["formats"].update_one({"_id": "steps"}, {"$unset": {f"done.{LAST.number}": ""}})
    database["journal"].create_index([("m", 1), ("n", 1)])
    step = f"step {LAST.number} (contract), {LAST.name}"

    assert migrate("--dry-run") == ["Nothing was changed."]
    assert migrate("--dry-run", "--contract") == [
        f"Would do {step}: 0 documents.",
        "Nothing was changed.",
    ]
    assert migrate() == [
        "The database is in this release's format.",
        f"Left for later: {step}; `guerdon migrate --contract` does it.",
    ]
    assert migrate("--contract") == [
        f"{step}: 0 documents so far",
        f"Done: {step}.",
        "The database is in this release's format.",
    ]
    assert "m_1_n_1" not in database["journal"].index_information()
