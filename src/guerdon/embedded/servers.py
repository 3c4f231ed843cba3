"""The two servers by themselves, for as long as somebody works with them: for rehearsals.

Rule: a folder of their own, which goes with them; nothing is started again that dies, because
whoever works with it fails with it. The whole stack, supervised, is `supervisor`'s.
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from guerdon.embedded import mongod, valkey
from guerdon.embedded.folder import data_folder
from guerdon.embedded.parts import mongod_part, valkey_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel


class Addresses(NamedTuple):
    """Where the servers answer."""

    mongo_url: str
    redis_url: str


@contextlib.contextmanager
def servers() -> Iterator[Addresses]:
    """Start MongoDB and Valkey and give their addresses; they are gone afterwards.

    Raises:
        NoMongod: There is none that can run here.
        NoValkey: Likewise.
        NotReady: One of them does not come up.
    """
    mongo_port, redis_port = free_ports(2)
    with contextlib.ExitStack() as ending:
        folder = ending.enter_context(data_folder(None))
        kennel = ending.enter_context(contextlib.closing(Kennel()))
        for part in (
            mongod_part(kennel, folder=folder, port=mongo_port),
            valkey_part(kennel, folder=folder, port=redis_port),
        ):
            child = part.start()
            ending.callback(child.stop, patience_seconds=part.patience_seconds)
            part.await_ready(child)
        yield Addresses(mongod.url(mongo_port), valkey.url(redis_port))
