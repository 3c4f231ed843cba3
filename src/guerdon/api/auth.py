"""Who asks: the bearer credential of a request or a socket, and what the transport grants it.

The rule: the program and all rights come from the credential alone, and a credential that is
unknown, expired or revoked is refused in the same words. Keys and tokens themselves are checked in
`engine.keys` and `engine.tokens` (and remembered for a moment: `credentials`); what a credential
may read, in `permissions`.
"""

from dataclasses import dataclass

from structlog.contextvars import bind_contextvars

from guerdon.api.context import Context
from guerdon.api.credentials import Checked, Credentials
from guerdon.api.guesses import Guesses
from guerdon.api.links import Links
from guerdon.api.transport import Connection, Credential, Unauthenticated
from guerdon.engine import keys, refusals, tokens
from guerdon.engine.world import Caller, Rate, Role, World
from guerdon.settings import Settings

MEMBER_COST_MAX = 1_000
KEY_COST_MAX = 10_000


@dataclass(frozen=True, kw_only=True)
class Bearer(Credential):
    """A credential that was checked; without a caller it can fetch the developers' page only.

    `rate` is its allowance; None has no limit. `checked` says for how long all this is believed;
    None where it is good for one request.
    """

    caller: Caller | None = None
    rate: Rate | None = None
    checked: Checked | None = None


class Gate:
    """Lets credentials in, for one World."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings
        self._credentials = Credentials(world, self._granted)
        self._guesses = Guesses(world.rates)
        self._modes = {
            Role.MEMBER: settings.documents_member,
            Role.PARTNER: settings.documents_partner,
            Role.SERVICE: settings.documents_service,
            Role.ADMIN: settings.documents_admin,
        }
        owner = _rate(settings.owner_units_per_second, settings.owner_units_burst)
        self._rates = {
            Role.MEMBER: _rate(settings.member_units_per_second, settings.member_units_burst),
            Role.PARTNER: _rate(settings.partner_units_per_second, settings.partner_units_burst),
            Role.SERVICE: owner,
            Role.ADMIN: owner,
        }

    async def authenticate(self, connection: Connection) -> Bearer:
        """Return the credential of a request or a socket.

        Raises:
            Unauthenticated: There is none that is known and in force.
        """
        token = connection.token
        if token is None:
            if self._settings.graphiql and _is_page_load(connection):
                return Bearer(key="", ide=True)
            raise Unauthenticated(
                "Send a member's token or an API key: `Authorization: Bearer ...`, on a socket in"
                " the payload of connection_init."
            )
        bearer = await self._check(token)
        assert bearer.caller is not None, "a credential is somebody's"
        bind_contextvars(program=bearer.caller.program)
        return bearer

    def is_unchanged(self, bearer: Bearer) -> bool:
        """Tell whether `authenticate` would let the credential in again, without asking anybody."""
        return bearer.checked is not None and self._credentials.is_good(bearer.checked)

    async def still_valid(self, bearer: Bearer) -> bool:
        """Tell whether a credential that opened a socket is still good."""
        caller = bearer.caller
        if caller is None:
            return True
        if caller.key_id is not None:
            return await keys.is_active(self._world, caller.key_id)
        return await tokens.is_active(self._world, caller)

    def context(self, bearer: Bearer, connection: Connection) -> Context:
        """Return what the resolvers of one operation see."""
        if bearer.caller is None:
            raise Unauthenticated("The developers' page needs no credential; queries do.")
        return Context(
            self._world,
            bearer.caller,
            links=Links(),
            pause_ms=round(1000 / self._settings.leaderboard_updates_per_second),
            guesses=self._guesses,
            address=connection.address,
        )

    async def _check(self, token: str) -> Bearer:
        try:
            return await self._credentials.granted(token)
        except refusals.Unauthenticated as refusal:
            raise Unauthenticated(str(refusal)) from None

    def _granted(self, checked: Checked) -> Bearer:
        return self.bearer(checked.caller, checked)

    def bearer(self, caller: Caller, checked: Checked | None = None) -> Bearer:
        """Return what the transport grants to a caller."""
        is_member = caller.role is Role.MEMBER
        is_owner = caller.role in (Role.SERVICE, Role.ADMIN)
        settings = self._settings
        return Bearer(
            key=f"{caller.program}/{caller.key_id or caller.member}",
            session="" if caller.issued_at is None else str(caller.issued_at),
            viewer=caller.member,
            rights=" ".join([caller.role, *sorted(caller.scopes)]),
            expires_at=None if caller.expires_at is None else caller.expires_at / 1000,
            introspection=is_owner or settings.environment != "live",
            ide=settings.graphiql,
            document_mode=self._modes[caller.role],
            cost_max=MEMBER_COST_MAX if is_member else KEY_COST_MAX,
            body_bytes_max=(
                settings.service_body_bytes_max if is_owner else settings.body_bytes_max
            ),
            sockets_max=settings.member_sockets_max if is_member else settings.connections_max,
            caller=caller,
            rate=self._rates[caller.role],
            checked=checked,
        )


def _rate(per_second: float, burst: int) -> Rate | None:
    return Rate(per_second, burst) if per_second else None


def _is_page_load(connection: Connection) -> bool:
    """Tell whether a browser opens the address as a page, which can carry no credential."""
    scope = connection.scope
    wants_page = "text/html" in connection.headers.get("accept", "")
    return scope["type"] == "http" and scope["method"] == "GET" and wants_page
