"""What the API shows and permits: its process, its limits, its documents; and webhooks."""

from ipaddress import ip_network
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from guerdon.settings.group import Group, Listed
from guerdon.settings.prefix import PREFIX

Documents = Literal["open", "hybrid", "trusted"]


class Webhooks(Group):
    """Webhooks."""

    webhook_timeout_seconds: float = Field(
        15, gt=0, le=30, description="How long an endpoint may take to answer."
    )
    webhook_seconds: float = Field(
        1, ge=0.05, le=60, description="How often the scheduler looks for what is to be sent."
    )
    webhook_private_addresses: bool = Field(
        default=False,
        description="Let endpoints be http and on private addresses: for demos and tests, never "
        "where others may name them.",
    )


class Api(Group):
    """The API process."""

    host: str = Field("127.0.0.1", min_length=1, description="The address the API listens on.")
    port: int = Field(8000, ge=1, le=65_535, description="The port the API listens on.")
    allowed_origins: Listed = Field(
        (), description="Web origins that may call and open sockets, comma-separated; * for any."
    )
    trusted_proxies: Listed = Field(
        ("127.0.0.1",),
        description="Addresses or networks of proxies, comma-separated: what they name in "
        "X-Forwarded-For and X-Forwarded-Proto counts. Never addresses of callers.",
    )
    federation: bool = Field(False, description="Serve a subgraph at /graphql/federation.")
    graphiql: bool = Field(
        default=True, description="Serve the GraphiQL page, from our own files, to browsers."
    )
    connections_max: int = Field(
        1_000, ge=10, le=100_000, description="Open connections before the API answers 503."
    )
    shutdown_seconds: int = Field(
        20, ge=1, le=300, description="How long a stopping API lets requests and streams finish."
    )
    body_bytes_max: int = Field(
        100_000, ge=1_000, le=1_000_000, description="Largest request body of a member."
    )
    service_body_bytes_max: int = Field(
        1_000_000, ge=1_000, le=10_000_000, description="Largest body of a service or admin key."
    )
    member_units_per_second: float = Field(
        100, ge=0, le=100_000, description="What a member may spend on operations; 0 for no limit."
    )
    member_units_burst: int = Field(
        1_000, ge=1, le=1_000_000, description="What a member who was away may spend at once."
    )
    partner_units_per_second: float = Field(
        500, ge=0, le=100_000, description="What a partner's key may spend; 0 for no limit."
    )
    partner_units_burst: int = Field(
        5_000, ge=1, le=1_000_000, description="What an idle partner's key may spend at once."
    )
    owner_units_per_second: float = Field(
        0, ge=0, le=1_000_000, description="What a service or admin key may spend; 0 for no limit."
    )
    owner_units_burst: int = Field(
        50_000, ge=1, le=10_000_000, description="What an idle service or admin key may spend."
    )
    member_sockets_max: int = Field(
        5, ge=1, le=10_000, description="Sockets and streams that a member may have open."
    )
    batch_activities_max: int = Field(
        1_000, ge=1, le=1_000, description="Activities that one request may report."
    )
    page_size: int = Field(20, ge=1, le=100, description="Entries of a page that names no size.")
    page_size_max: int = Field(100, ge=1, le=100, description="Entries of a page at most.")
    wait_seconds_max: float = Field(
        10, ge=0, le=60, description="How long recordActivities may wait for decisions."
    )
    clock_skew_seconds: int = Field(
        300, ge=0, le=3_600, description="How far in the future an activity's `at` may lie."
    )
    socket_message_bytes_max: int = Field(
        65_536, ge=1_024, le=1_048_576, description="Largest message a socket may send us."
    )
    socket_ping_seconds: float = Field(
        20, ge=1, le=300, description="How often a socket is pinged, and how long it may take."
    )
    socket_init_seconds: float = Field(
        10, ge=1, le=60, description="How long a new socket may take to say who it is."
    )
    socket_subscriptions_max: int = Field(
        20, ge=1, le=1_000, description="Subscriptions of one socket."
    )
    leaderboard_updates_per_second: float = Field(
        4, gt=0, le=20, description="States of one leaderboard a subscriber gets at most."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        for each in named:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(
                    "must be addresses or networks such as 10.0.0.0/8, without bits beyond the mask"
                ) from None
        return named

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for smaller, larger in (
            ("page_size", "page_size_max"),
            ("body_bytes_max", "service_body_bytes_max"),
        ):
            if getattr(self, smaller) > getattr(self, larger):
                names = f"{PREFIX}{smaller.upper()}", f"{PREFIX}{larger.upper()}"
                raise ValueError("{} must not be above {}".format(*names))
        return self


class TrustedDocuments(Group):
    """Documents.

    open: any document, and clients may register those they send; hybrid: any, none is registered;
    trusted: only those of the manifests.
    """

    documents_member: Documents = Field(
        "open", description="Which documents members may send: open, hybrid or trusted."
    )
    documents_partner: Documents = Field(
        "open", description="Which documents partners' keys may send."
    )
    documents_service: Documents = Field(
        "open",
        description="Which documents service keys may send; the page and `import` send their own.",
    )
    documents_admin: Documents = Field("open", description="Which documents admin keys may send.")
    trusted_documents: Listed = Field(
        (),
        description="Manifests of trusted documents, comma-separated paths: of graphql-codegen,"
        " Relay or Apollo. They are read once, at the start.",
    )

    @model_validator(mode="after")
    def _trusts_something(self) -> Self:
        if self.trusted_documents:
            return self
        for role in ("member", "partner", "service", "admin"):
            if getattr(self, f"documents_{role}") == "trusted":
                raise ValueError(
                    f"{PREFIX}DOCUMENTS_{role.upper()} is trusted, but {PREFIX}TRUSTED_DOCUMENTS"
                    " names no manifest"
                )
        return self
