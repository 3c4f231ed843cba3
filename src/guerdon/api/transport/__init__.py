"""GraphQL on the wire: everything between a socket and a resolver, for any Strawberry schema.

An application gives a `TransportSchema` and `TransportHooks` (who asks, what resolvers see, what is
shared and kept), and mounts `Transport(...).routes`:

    transport = Transport(schema, hooks=TransportHooks(authenticate=authenticate))
    app = Starlette(routes=transport.routes)
    server_for(app, on_stop=transport.stop, port=8000).run()

The rule: nothing here knows points or members. What is a resolver's matter (connections, rights on
fields, refusals as data) is not here.
"""

from guerdon.api.transport.answers import RecentAnswers
from guerdon.api.transport.errors import BadInput, Forbidden, Refused, Unauthenticated
from guerdon.api.transport.hooks import (
    Allowance,
    AnswerStore,
    Connection,
    Credential,
    DocumentStore,
    Meter,
    NotAtOnce,
    Share,
    TransportHooks,
)
from guerdon.api.transport.loaders import loader
from guerdon.api.transport.operations import Operation
from guerdon.api.transport.options import CostTable, DocumentLimits, TransportOptions
from guerdon.api.transport.persisted import ManifestUnusable, RegisteredDocuments, TrustedDocuments
from guerdon.api.transport.personal import AboutViewer
from guerdon.api.transport.routes import Transport
from guerdon.api.transport.scalars import read_datetime, read_decimal, write_datetime, write_decimal
from guerdon.api.transport.schema import TransportSchema
from guerdon.api.transport.serving import Server, server_for
from guerdon.api.transport.subgraph import Entity, subgraph

__all__ = [
    "AboutViewer",
    "Allowance",
    "AnswerStore",
    "BadInput",
    "Connection",
    "CostTable",
    "Credential",
    "DocumentLimits",
    "DocumentStore",
    "Entity",
    "Forbidden",
    "ManifestUnusable",
    "Meter",
    "NotAtOnce",
    "Operation",
    "RecentAnswers",
    "Refused",
    "RegisteredDocuments",
    "Server",
    "Share",
    "Transport",
    "TransportHooks",
    "TransportOptions",
    "TransportSchema",
    "TrustedDocuments",
    "Unauthenticated",
    "loader",
    "read_datetime",
    "read_decimal",
    "server_for",
    "subgraph",
    "write_datetime",
    "write_decimal",
]
