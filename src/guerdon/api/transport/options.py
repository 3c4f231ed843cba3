"""Every limit and choice of the transport, with its default.

The rule: a limit is a field here, has a unit in its name, and is refused when it makes no sense.
What differs by credential (cost, body, sockets) is an attribute of `hooks.Credential`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How large a document may be before anything is executed or even validated.

    `depth_max` counts fields from the root; introspection is exempt, because graphql-core bounds
    it by a rule of its own; `nesting_max` counts selections with braces, whatever stands in them,
    and values within values. `fields_max` counts fields after all fragments have been expanded.
    `comparisons_max` counts pairs of fields of one name at one place of the answer; `values_max`
    what is written into arguments and defaults. Introspection may ask for `introspection_lists_max`
    lists (types, fields, arguments, ...); the question that tools ask has nine.
    """

    characters_max: int = 50_000
    tokens_max: int = 2_000
    depth_max: int = 12
    nesting_max: int = 50
    fields_max: int = 2_000
    aliases_max: int = 15
    root_fields_max: int = 10
    mutations_max: int = 5
    operations_max: int = 5
    fragments_max: int = 60
    spreads_max: int = 200
    directives_max: int = 60
    variables_max: int = 100
    values_max: int = 500
    repeats_max: int = 10
    comparisons_max: int = 2_000
    introspection_lists_max: int = 12

    def __post_init__(self) -> None:
        """Refuse a limit below one."""
        for name in self.__slots__:
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be at least 1."
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """What a document costs before it runs: an object 1, a list its size, a mutation 10.

    `weights` and `sizes` override single fields by `Type.field`; a Strawberry field may say the
    same with `metadata={"cost": 5}` and `metadata={"size": 3}`. `page_size` is what a connection
    returns where neither `first` nor `last` is given; `list_size` is assumed of other lists.
    A document that is not known yet costs 1 a thousand characters more, at most `reading_max`:
    reading it is work, also where it is refused.
    """

    object_weight: int = 1
    mutation_weight: int = 10
    subscription_weight: int = 1
    page_size: int = 20
    list_size: int = 5
    reading_max: int = 10
    sizing_arguments: tuple[str, ...] = ("first", "last", "above", "below")
    weights: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """What an operator may set.

    `status_codes`: "compat" answers as graphql-http's audits of 2023 to 2025 expect, "draft" as
    the working draft of August 2026 does (422, 294). `allowed_origins` opens sockets and CORS to
    pages of other origins, written exactly (`https://shop.example`).

    What is cached is bounded so that a caller who fills every cache with the worst that the other
    limits allow holds some tens of megabytes: a token of a parsed document is 0.4 kB, and how a
    document is executed holds about 2 kB a token.
    """

    path: str = "/graphql"
    status_codes: Literal["compat", "draft"] = "compat"
    allowed_origins: tuple[str, ...] = ()
    documents: DocumentLimits = field(default_factory=DocumentLimits)
    cost: CostTable = field(default_factory=CostTable)
    validation_errors_max: int = 5
    documents_cached_tokens_max: int = 100_000
    plans_cached_tokens_max: int = 20_000
    requests_cached_max: int = 500
    request_cached_bytes_max: int = 2_048
    hot_requests_max: int = 5_000
    persisted_bytes_max: int = 20_000
    execution_seconds_max: float = 10.0
    init_seconds_max: float = 10.0
    write_seconds_max: float = 30.0
    heartbeat_seconds: float = 12.0
    recheck_seconds: float = 30.0
    message_bytes_max: int = 65_536
    subscriptions_per_connection_max: int = 20
    ide_path: str = "/graphql/ide"

    def __post_init__(self) -> None:
        """Refuse origins that no browser sends."""
        for origin in self.allowed_origins:
            if not origin.startswith(("http://", "https://")) or origin.rstrip("/") != origin:
                msg = (
                    f"The allowed origin {origin!r} is not one: write scheme and host exactly,"
                    " such as https://shop.example, without a path or a slash at the end."
                )
                raise ValueError(msg)
