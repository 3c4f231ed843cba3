"""Webhooks: endpoints that are told what happens, sources that report by signed requests.

The rule: a secret is in the answer that made it and nowhere else. A partner's key sees and changes
the partner's own endpoints; the owner's keys see all of them. What is sent, and when it is tried
again, is `engine.webhooks`' matter.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from guerdon.api.connections import After, Before, First, Last
from guerdon.api.context import Context, Info
from guerdon.api.describe import (
    argument,
    asks,
    field,
    given,
    may,
    mutation,
    noun,
    order,
    says,
)
from guerdon.api.ids import GlobalId, global_id, read_id
from guerdon.api.instants import maybe_datetime, to_datetime, to_instant
from guerdon.api.nodes import Node
from guerdon.api.problems import Problem, refusing
from guerdon.api.webhook_deliveries import (
    LOG,
    WebhookDeliveryConnection,
    WebhookDeliveryState,
    delivery_page,
    name_of,
)
from guerdon.engine.outcomes import Problem as Fault
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.webhook_records import Endpoint, Source
from guerdon.engine.webhooks import endpoints, replays


@noun
class WebhookEndpoint(Node):
    """An address that is told what happens."""

    url: str = says("Where messages are posted to.")
    topics: list[str] = says("What it is told of: topics, or patterns such as `points.*`.")
    partner: str | None = says("The partner whose own it is, and sees; null for the owner's.")
    created_at: datetime = says("When it was made; it hears of what came later.")
    failing_since: datetime | None = says(
        "Since when nothing has come through; null if all is well."
    )
    disabled: str | None = says("Why nothing is sent to it; null where it is on.")
    own_id: strawberry.Private[str]

    @field
    async def deliveries(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[WebhookDeliveryState | None, argument("Only those in this state.")] = None,
    ) -> WebhookDeliveryConnection:
        """What was sent and what became of it, newest first."""
        asked = LOG.range(first=first, after=after, last=last, before=before)
        return await delivery_page(info.context, self.own_id, asked, state)


@noun
class WebhookSource(Node):
    """A partner's system that reports activities by signed requests."""

    name: str = says("What it is, in its maker's words.")
    partner: str = says("The partner whose activities it reports.")
    path: str = says("Where on this service it posts to.")
    created_at: datetime = says("When it was made.")


# ---------------------------------------------------------------- inputs and payloads


@order
class CreateWebhookEndpointInput:
    """Who is to be told of what."""

    url: str = asks("An https address on the public internet.")
    topics: list[str] | None = may("Topics or patterns such as `points.*`; absent: everything.")


@order
class UpdateWebhookEndpointInput:
    """What to change of an endpoint; what is absent stays."""

    id: strawberry.ID = asks("The endpoint's global id.")
    url: str | None = may("An https address on the public internet.")
    topics: list[str] | None = may("Topics or patterns such as `points.*`.")
    enabled: bool | None = may("On again, with all that waited; or off.")


@order
class RotateWebhookSecretInput:
    """Whose secret is to be changed."""

    id: strawberry.ID = asks("The endpoint's global id.")


@order
class DeleteWebhookEndpointInput:
    """Which endpoint is to be forgotten."""

    id: strawberry.ID = asks("The endpoint's global id.")


@order
class CreateWebhookSourceInput:
    """Who is to report by signed requests."""

    name: str = asks("What it is, at most 200 characters.")
    partner: str = asks("The partner's short name.")


@order
class RotateWebhookSourceInput:
    """Whose secret is to be changed."""

    id: strawberry.ID = asks("The source's global id.")


@order
class DeleteWebhookSourceInput:
    """Which source is to be forgotten."""

    id: strawberry.ID = asks("The source's global id.")


@order
class ReplayWebhooksInput:
    """What to send again: deliveries by id, or all that were queued in a span of time."""

    endpoint: strawberry.ID = asks("The endpoint's global id.")
    ids: list[strawberry.ID] | None = may("Ids of deliveries, at most 1,000.")
    from_: datetime | None = may("The first instant of the span.", name="from")
    to: datetime | None = may("The first instant behind it; absent: now.")


@noun
class WebhookEndpointPayload:
    """What became of a change to an endpoint."""

    secret: str | None = says("The new signing secret, shown this once; null where none was made.")
    endpoint: WebhookEndpoint | None = says("The endpoint as it is now; null where refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class WebhookSourcePayload:
    """What became of a change to a source."""

    secret: str | None = says("The new signing secret, shown this once; null where none was made.")
    source: WebhookSource | None = says("The source as it is now; null where refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class ReplayWebhooksPayload:
    """What is sent again."""

    count: int = says("How many deliveries are due again.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


_endpoint_refusing = refusing(
    lambda found: WebhookEndpointPayload(secret=None, endpoint=None, problems=found)
)
_source_refusing = refusing(
    lambda found: WebhookSourcePayload(secret=None, source=None, problems=found)
)


@noun
class WebhookQueries:
    """Root fields that show webhooks."""

    @field
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        """The endpoints, newest first; a partner's key sees the partner's own."""
        context = info.context
        found = await endpoints.listed(context.world, context.caller)
        return [_endpoint_noun(context, each) for each in found]

    @field
    async def webhook_sources(self, info: Info) -> list[WebhookSource]:
        """The sources, newest first; a partner's key sees the partner's own."""
        context = info.context
        found = await endpoints.listed_sources(context.world, context.caller)
        return [_source_noun(context, each) for each in found]


@noun
class WebhookMutations:
    """Root fields that change webhooks."""

    @mutation
    @_endpoint_refusing
    async def create_webhook_endpoint(
        self, info: Info, input: Annotated[CreateWebhookEndpointInput, argument("Who is told.")]
    ) -> WebhookEndpointPayload:
        """Make an endpoint; it is told of everything that is decided from now on."""
        context = info.context
        secret, made = await endpoints.create(
            context.world, context.caller, url=input.url, topics=given(input.topics) or ()
        )
        return _endpoint_payload(context, made, secret)

    @mutation
    @_endpoint_refusing
    async def update_webhook_endpoint(
        self, info: Info, input: Annotated[UpdateWebhookEndpointInput, argument("What changes.")]
    ) -> WebhookEndpointPayload:
        """Change an endpoint, or switch it off or on."""
        context = info.context
        changed = await endpoints.update(
            context.world,
            context.caller,
            _own(context, input.id, "WebhookEndpoint"),
            url=given(input.url),
            topics=given(input.topics),
            enabled=given(input.enabled),
        )
        return _endpoint_payload(context, changed)

    @mutation
    @_endpoint_refusing
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[RotateWebhookSecretInput, argument("Which endpoint.")]
    ) -> WebhookEndpointPayload:
        """Give an endpoint a new secret; for a day messages are signed with both."""
        context = info.context
        own = _own(context, input.id, "WebhookEndpoint")
        secret, rotated = await endpoints.rotate(context.world, context.caller, own)
        return _endpoint_payload(context, rotated, secret)

    @mutation
    @_endpoint_refusing
    async def delete_webhook_endpoint(
        self, info: Info, input: Annotated[DeleteWebhookEndpointInput, argument("Which endpoint.")]
    ) -> WebhookEndpointPayload:
        """Forget an endpoint, with its log and all that was on its way to it."""
        context = info.context
        own = _own(context, input.id, "WebhookEndpoint")
        removed = await endpoints.remove(context.world, context.caller, own)
        return _endpoint_payload(context, removed)

    @mutation
    @_source_refusing
    async def create_webhook_source(
        self, info: Info, input: Annotated[CreateWebhookSourceInput, argument("Who reports.")]
    ) -> WebhookSourcePayload:
        """Let a partner's system report by signed requests."""
        context = info.context
        secret, made = await endpoints.create_source(
            context.world, context.caller, name=input.name, partner=input.partner
        )
        return _source_payload(context, made, secret)

    @mutation
    @_source_refusing
    async def rotate_webhook_source(
        self, info: Info, input: Annotated[RotateWebhookSourceInput, argument("Which source.")]
    ) -> WebhookSourcePayload:
        """Give a source a new secret; for a day both are good."""
        context = info.context
        own = _own(context, input.id, "WebhookSource")
        secret, rotated = await endpoints.rotate_source(context.world, context.caller, own)
        return _source_payload(context, rotated, secret)

    @mutation
    @_source_refusing
    async def delete_webhook_source(
        self, info: Info, input: Annotated[DeleteWebhookSourceInput, argument("Which source.")]
    ) -> WebhookSourcePayload:
        """Let nobody report by a source any more."""
        context = info.context
        own = _own(context, input.id, "WebhookSource")
        removed = await endpoints.remove_source(context.world, context.caller, own)
        return _source_payload(context, removed)

    @mutation
    @refusing(lambda found: ReplayWebhooksPayload(count=0, problems=found))
    async def replay_webhooks(
        self, info: Info, input: Annotated[ReplayWebhooksInput, argument("What is sent again.")]
    ) -> ReplayWebhooksPayload:
        """Send messages again, under the ids that they had."""
        context = info.context
        begin, end, ids = given(input.from_), given(input.to), given(input.ids)
        if (begin is None) is (ids is None):
            fault = Fault(
                code="INVALID_INPUT", message="Say either `ids` or `from`.", path=("ids",)
            )
            raise InvalidInput((fault,))
        endpoint = _own(context, input.endpoint, "WebhookEndpoint", path="endpoint")
        named = [name_of(str(each), context.program, endpoint) for each in ids or ()]
        count = await replays.replay(
            context.world,
            context.caller,
            endpoint,
            names=[each for each in named if each is not None],
            begin=to_instant(begin) if begin else None,
            end=to_instant(end) if end else None,
        )
        return ReplayWebhooksPayload(count=count, problems=[])


# ---------------------------------------------------------------- nouns


async def endpoint_node(context: Context, found: GlobalId) -> WebhookEndpoint | None:
    """Return the endpoint that an id names."""
    known = await endpoints.listed(context.world, context.caller)
    return next((_endpoint_noun(context, each) for each in known if each.id == found.key), None)


async def source_node(context: Context, found: GlobalId) -> WebhookSource | None:
    """Return the source that an id names."""
    known = await endpoints.listed_sources(context.world, context.caller)
    return next((_source_noun(context, each) for each in known if each.id == found.key), None)


def _own(context: Context, text: str, type_: str, *, path: str = "id") -> str:
    found = read_id(text)
    if (found.type, found.program) != (type_, context.program):
        raise NotFound("webhook", (path,))
    return found.key


def _endpoint_payload(
    context: Context, endpoint: Endpoint, secret: str | None = None
) -> WebhookEndpointPayload:
    noun_ = _endpoint_noun(context, endpoint)
    return WebhookEndpointPayload(secret=secret, endpoint=noun_, problems=[])


def _source_payload(
    context: Context, source: Source, secret: str | None = None
) -> WebhookSourcePayload:
    return WebhookSourcePayload(secret=secret, source=_source_noun(context, source), problems=[])


def _endpoint_noun(context: Context, endpoint: Endpoint) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=strawberry.ID(global_id("WebhookEndpoint", context.program, endpoint.id)),
        url=endpoint.url,
        topics=list(endpoint.topics),
        partner=endpoint.partner,
        created_at=to_datetime(endpoint.created_at),
        failing_since=maybe_datetime(endpoint.failing_since),
        disabled=endpoint.disabled,
        own_id=endpoint.id,
    )


def _source_noun(context: Context, source: Source) -> WebhookSource:
    return WebhookSource(
        id=strawberry.ID(global_id("WebhookSource", context.program, source.id)),
        name=source.name,
        partner=source.partner,
        path=f"/webhooks/{context.program}.{source.id}",
        created_at=to_datetime(source.created_at),
    )
