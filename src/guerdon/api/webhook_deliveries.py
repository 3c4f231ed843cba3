"""Webhook deliveries: what was sent to an endpoint and what became of it, newest first.

The rule: a log of what is on its way and was sent, not of what it said; kept for thirty days.
"""

from datetime import datetime
from enum import Enum

import strawberry

from guerdon.api.connections import Found, Key, Listing, PageInfo, Range, page_info
from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.api.ids import GlobalId, global_id, read_id
from guerdon.api.instants import to_datetime
from guerdon.api.nodes import Node
from guerdon.engine.refusals import NotFound
from guerdon.engine.webhook_records import Delivery
from guerdon.engine.webhooks import replays


@kinds
class WebhookDeliveryState(Enum):
    """Where a message is on its way."""

    WAITING = kind("waiting", "It has not arrived yet; it is tried again on schedule.")
    DELIVERED = kind("delivered", "The endpoint answered with 2xx.")
    DEAD = kind("dead", "It was given up after ten tries; it can be sent again.")


@noun
class WebhookAttempt:
    """One try to deliver a message."""

    at: datetime = says("When it ended.")
    status: int | None = says("The HTTP status that came back; null where nothing did.")
    millis: int = says("How long it took.")
    error: str | None = says("What went wrong on the way; null where something came back.")


@noun
class WebhookDelivery(Node):
    """One message on its way to an endpoint; `replayWebhooks` takes its id."""

    message_id: str = says("The header `webhook-id`: the same for every try.")
    topic: str = says("What it tells of, such as `points.earned`.")
    state: WebhookDeliveryState = says("Where it is on its way.")
    created_at: datetime = says("When it was queued.")
    next_attempt_at: datetime | None = says("When it is tried next; null where it is not.")
    tries: int = says("How often it was tried since it was last asked for.")
    attempts: list[WebhookAttempt] = says("The last tries, oldest first.")


@noun
class WebhookDeliveryEdge:
    """A delivery on a page of them."""

    cursor: str = says("Where it stands in the log.")
    node: WebhookDelivery = says("The delivery.")


@noun
class WebhookDeliveryConnection:
    """A page of an endpoint's log, newest first; kept for thirty days."""

    edges: list[WebhookDeliveryEdge] = says("The deliveries of the page.")
    page_info: PageInfo = says("Where the page lies in the log.")


Logged = tuple[str, Delivery]

LOG: Listing[Logged] = Listing(
    kind="webhook-deliveries",
    shape=(str,),
    key=lambda logged: (logged[0],),
    order=lambda key: tuple(-ord(letter) for letter in str(key[0])),
    end=("",),
)


async def delivery_page(
    context: Context, endpoint: str, asked: Range, state: WebhookDeliveryState | None
) -> WebhookDeliveryConnection:
    """Return a page of an endpoint's log."""

    async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[Logged]:
        page = await replays.log(
            context.world,
            context.program,
            endpoint,
            limit=limit,
            state=state.value if state else None,
            after=str(after[0]) if after else None,
            before=str(before[0]) if before else None,
        )
        return Found(page.items, page.has_previous, page.has_next)

    page = await LOG.page(asked, fetch)
    cursors = page.cursors(LOG.kind)
    return WebhookDeliveryConnection(
        edges=[
            WebhookDeliveryEdge(cursor=cursor, node=_delivery_noun(context, *logged))
            for cursor, logged in zip(cursors, page.entries, strict=True)
        ],
        page_info=page_info(page, cursors),
    )


async def delivery_node(context: Context, found: GlobalId) -> WebhookDelivery | None:
    """Return the delivery that an id names."""
    endpoint, _, name = found.key.partition("/")
    try:
        logged = await replays.delivery(context.world, context.caller, endpoint, name)
    except NotFound:
        return None
    return None if logged is None else _delivery_noun(context, *logged)


def name_of(text: str, program: str, endpoint: str) -> str | None:
    """Return what an endpoint's log calls a delivery, None where the id is not of its log.

    Raises:
        BadInput: The text is no id of this service.
    """
    found = read_id(text)
    of, _, name = found.key.partition("/")
    is_own = (found.type, found.program, of) == ("WebhookDelivery", program, endpoint)
    return name if is_own else None


def _delivery_noun(context: Context, name: str, delivery: Delivery) -> WebhookDelivery:
    is_waiting = delivery.state == WebhookDeliveryState.WAITING.value
    own = name.partition("|")[2]
    return WebhookDelivery(
        id=strawberry.ID(global_id("WebhookDelivery", context.program, delivery.endpoint, own)),
        message_id=delivery.message_id,
        topic=delivery.topic,
        state=WebhookDeliveryState(delivery.state),
        created_at=to_datetime(delivery.created_at),
        next_attempt_at=to_datetime(delivery.due_at) if is_waiting else None,
        tries=delivery.tries,
        attempts=[
            WebhookAttempt(
                at=to_datetime(each.at),
                status=each.status,
                millis=each.millis,
                error=each.error or None,
            )
            for each in delivery.attempts
        ],
    )
