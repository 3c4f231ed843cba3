"""Short codes for people and tills: what they are made of, and how a slip of the hand is found.

Rule: 32 signs (Crockford's: no I, L, O, U), the last one a check sign (Luhn modulo 32) that finds
every single wrong sign and nearly every two that changed places, so that a till can tell a misread
code without asking anybody. Case, spaces and hyphens do not matter; I and L are read as 1, O as 0.
"""

import secrets

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = 4
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def checked(body: str) -> str:
    """Return a code with its check sign behind it."""
    return body + SIGNS[-_sum(body) % len(SIGNS)]


def is_checked(code: str) -> bool:
    """Tell whether a code in its plain form ends with the check sign that it should."""
    if len(code) < 2 or any(sign not in SIGNS for sign in code):  # noqa: PLR2004  # and a body
        return False
    return checked(code[:-1]) == code


def _sum(body: str) -> int:
    total = 0
    for place, sign in enumerate(reversed(body)):
        value = SIGNS.index(sign) * (1 if place % 2 else 2)
        total += value // len(SIGNS) + value % len(SIGNS)
    return total


def plain(text: str) -> str:
    """Return what somebody typed or scanned in the form in which codes are compared."""
    return text.strip().upper().translate(_READ_AS)


def shown(code: str) -> str:
    """Return a code in groups of four, as people read it."""
    return "-".join(code[begin : begin + _GROUP] for begin in range(0, len(code), _GROUP))


def body_of(number: int, length: int) -> str:
    """Return the lowest `length` digits of a number in these signs."""
    signs = []
    for _ in range(length):
        number, rest = divmod(number, len(SIGNS))
        signs.append(SIGNS[rest])
    return "".join(reversed(signs))


def by_chance(length: int) -> str:
    """Return so many signs of pure chance."""
    return "".join(secrets.choice(SIGNS) for _ in range(length))
