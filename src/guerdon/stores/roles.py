"""The application's role: guerdon's processes may add to the journal, and never change it.

The owner makes collections, validators and this role (`guerdon migrate`); after that no process
needs the owner's login. Rule: a collection that is not listed in `indexes.COLLECTIONS` cannot be
reached by the application at all, so that a new one is thought about.
"""

from pymongo.uri_parser import parse_uri

from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.indexes import COLLECTIONS

ROLE = "guerdon_application"
APPEND_ONLY = ("journal", "seals", "roots")

_USER_NOT_FOUND = 11


async def admit(owner: Mongo, url: str, *, database: str) -> None:
    """Give the login of an address the application's role, and make both where they are missing.

    `database` "" means all of them. An address without a login needs none.
    """
    parsed = parse_uri(url)
    name, password = parsed["username"], parsed["password"]
    if name is None:
        return
    admin = owner.client["admin"]
    with unit_of_work():
        wanted = privileges(database)
        have = await admin.command("rolesInfo", ROLE, showPrivileges=True)
        if not have["roles"]:
            await admin.command("createRole", ROLE, privileges=wanted, roles=[])
        else:
            held = have["roles"][0]["privileges"]
            missing = [each for each in wanted if not _covers(held, each)]
            if missing:
                await admin.command("grantPrivilegesToRole", ROLE, privileges=missing)
        user = await admin.command("usersInfo", name)
        if not user["users"]:
            await admin.command("createUser", name, pwd=password, roles=[ROLE])
        elif ROLE not in {role["role"] for role in user["users"][0]["roles"]}:
            await admin.command("grantRolesToUser", name, roles=[ROLE])


def privileges(database: str) -> list[Document]:
    """Return what the application may do in a database, or with "" in all of them."""
    everywhere = {"resource": _resource(database, ""), "actions": ["listCollections"]}
    found: list[Document] = [everywhere]
    for name in COLLECTIONS:
        actions = ["find", "insert", "listIndexes"]
        if name not in APPEND_ONLY:
            actions += ["update", "remove"]
        found.append({"resource": _resource(database, name), "actions": actions})
    return found


def _resource(database: str, collection: str) -> Document:
    return {"db": database, "collection": collection}


def _covers(held: list[Document], wanted: Document) -> bool:
    """Tell whether a role has a privilege, also where it has it for all databases."""
    resource = wanted["resource"]
    everywhere = {**resource, "db": ""}
    allowed: set[str] = set()
    for each in held:
        if each["resource"] in (resource, everywhere):
            allowed |= set(each["actions"])
    return allowed >= set(wanted["actions"])
