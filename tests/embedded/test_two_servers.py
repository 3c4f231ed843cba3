"""The two servers by themselves: they answer inside, and nothing is left of them afterwards."""

from pathlib import Path

from pymongo import MongoClient
from redis import Redis

from guerdon.embedded.ports import answers
from guerdon.embedded.servers import servers


def test_both_servers_answer_and_are_gone_afterwards() -> None:
    with servers() as addresses:
        with MongoClient[dict[str, object]](addresses.mongo_url) as mongo:
            folder = Path(mongo.admin.command("getCmdLineOpts")["parsed"]["storage"]["dbPath"])
            assert mongo.admin.command("hello")["isWritablePrimary"] is True
            port = mongo.PORT if mongo.address is None else mongo.address[1]
        with Redis.from_url(addresses.redis_url) as redis:
            assert redis.ping()
        assert folder.is_dir()

    assert not folder.exists()
    assert not answers(port)
