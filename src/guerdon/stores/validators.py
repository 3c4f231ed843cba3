"""What MongoDB itself refuses to store, whoever writes: the rules of a ledger.

Rule: the database is the last to say no, not the first; everything here is held by the core as
well, so that a refusal means a mistake of ours or somebody at the back door. Only what makes a
ledger wrong is checked (amounts that are no whole numbers, postings out of balance, overdrafts):
other fields are the core's own matter, and each check is paid for at every write.
"""

from guerdon.stores.client import Document

_WHOLE: Document = {"bsonType": ["int", "long"]}
_COUNT: Document = {**_WHOLE, "minimum": 0}
_POSITIVE: Document = {**_WHOLE, "minimum": 1}
_TEXT: Document = {"bsonType": "string"}

# What leaves one account comes to another one: each posting balances by itself, and so do all.
_POSTING: Document = {
    "bsonType": "array",
    "minItems": 6,
    "maxItems": 6,
    "items": [_TEXT, _TEXT, _TEXT, _POSITIVE, _COUNT, _TEXT],
}

# A slug; spendable, pending and debt; then sums by reason, which may be negative.
_WALLET: Document = {
    "bsonType": "array",
    "minItems": 10,
    "items": [_TEXT, _COUNT, _COUNT, _COUNT, *[_WHOLE] * 6],
}

_LEAVES_AND_COMES: Document = {
    "$allElementsTrue": {
        "$map": {
            "input": {"$ifNull": ["$d.postings", []]},
            "in": {"$ne": [{"$arrayElemAt": ["$$this", 1]}, {"$arrayElemAt": ["$$this", 2]}]},
        }
    }
}


def _shape(required: tuple[str, ...], **properties: Document) -> Document:
    return {
        "$jsonSchema": {
            "bsonType": "object",
            "required": list(required),
            "properties": properties,
        }
    }


VALIDATORS: dict[str, Document] = {
    "journal": {
        "$and": [
            _shape(
                ("l", "k", "t", "a", "d"),
                l=_TEXT,
                k=_TEXT,
                m=_TEXT,
                n=_POSITIVE,
                t=_WHOLE,
                a={"bsonType": "object"},
                x={"bsonType": "binData"},
                d={
                    "bsonType": "object",
                    "required": ["result"],
                    "properties": {
                        "result": {"enum": ["accepted", "rejected", "parked"]},
                        "postings": {"bsonType": "array", "items": _POSTING},
                    },
                },
            ),
            {"$expr": _LEAVES_AND_COMES},
        ]
    },
    "standings": _shape(
        ("p", "v", "s"),
        p=_TEXT,
        v=_POSITIVE,
        d=_WHOLE,
        s={
            "bsonType": "object",
            "properties": {
                "seq": _COUNT,
                "lots_made": _COUNT,
                "wallets": {"bsonType": "array", "items": _WALLET},
            },
        },
    ),
    "scores": _shape(("b", "m", "q", "t"), b=_TEXT, m=_TEXT, q=_COUNT, t=_WHOLE, v=_WHOLE),
    "shared": _shape(
        ("n", "r"),
        n=_WHOLE,
        c=_COUNT,
        r={
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["h", "a", "u"],
                "properties": {"h": _TEXT, "a": _POSITIVE, "u": _WHOLE},
            },
        },
    ),
    "lanes": _shape(("f", "s", "o", "u"), f=_COUNT, s=_COUNT, o=_TEXT, u={"bsonType": "date"}),
}
"""By collection; collections without an entry hold nothing that could be out of balance."""
