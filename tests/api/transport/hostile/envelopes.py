"""Variables and bodies: what is wrong around a document."""

import json

from api.transport.hostile.writing import Bodies, body, nested


def variables() -> Bodies:
    """Variables: deep, huge, unknown, of the wrong kind."""
    query = "query($d: JSON) { echo(data: $d) { at } }"
    names = "query($n: [ID!]!) { nodes(ids: $n) { id } }"
    yield (
        "50,000 unknown variables",
        body("{ helo }", variables={f"v{n}": n for n in range(50_000)}),
    )
    yield "a list of 50,000 wrong ones", body(names, variables={"n": [{}] * 50_000})
    yield "a list of 50,000 nulls", body(names, variables={"n": [None] * 50_000})
    yield "a list of 50,000 lists", body(names, variables={"n": [[]] * 50_000})
    yield (
        "a badge by 50,000 keys",
        body(
            "query($b: BadgeBy!) { badge(by: $b) { __typename } }",
            variables={"b": {f"k{n}": n for n in range(50_000)}},
        ),
    )
    for levels in (400, 900, 40_000):
        deep = nested("[", "", "]", levels)
        yield (
            f"a variable {levels} deep for one",
            (
                b'{"query": '
                + json.dumps(names).encode()
                + b', "variables": {"n": '
                + deep.encode()
                + b"}}"
            ),
        )
        yield (
            f"extensions {levels} deep",
            (b'{"query": "{ helo }", "extensions": {"n": ' + deep.encode() + b"}}"),
        )
    yield (
        "a name of 500,000",
        body("query($n: Int) { badges(first: $n) { x } }", variables={"n": "x" * 500_000}),
    )
    yield "no document, and 50,000 keys", body("", variables={f"v{n}": n for n in range(50_000)})
    yield (
        "a wrong instant of 500,000",
        body("query($d: DateTime) { echo(at: $d) { at } }", variables={"d": "2" * 500_000}),
    )
    yield (
        "a wrong amount of 500,000",
        body(
            "query($d: Decimal) { echo(amount: $d) { at } }", variables={"d": "1" * 500_000 + "x"}
        ),
    )
    yield (
        "an amount with an exponent",
        (
            b'{"query": "query($d: Decimal) { echo(amount: $d) { amount } }",'
            b' "variables": {"d": 1e400}}'
        ),
    )
    yield (
        "an amount with a vast exponent",
        (
            b'{"query": "query($d: Decimal) { echo(amount: $d) { amount } }",'
            b' "variables": {"d": 1e999999999999}}'
        ),
    )
    yield (
        "an unknown member beside a deep variable",
        body(query + " query B { hello }", variables={"d": 1}),
    )


def bodies() -> Bodies:
    """What is no request, however it is sent as one."""
    yield "nothing", b""
    yield "an open brace", b"{"
    yield "null", b"null"
    yield "a number", b"5"
    yield "a text", b'"x"'
    yield "a batch", b'[{"query": "{ hello }"}]'
    yield "a batch of 20,000", b"[" + b",".join([b'{"query": "{ hello }"}'] * 20_000) + b"]"
    yield "JSON 400,000 deep", b"[" * 400_000
    yield "JSON objects 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "JSON with one key 50,000 times", b"{" + b",".join([b'"query": "{"'] * 50_000) + b"}"
    yield (
        "an integer of 900,000 digits",
        b'{"query": "{ helo }", "variables": {"n": ' + b"9" * 900_000 + b"}}",
    )
    yield (
        "200 integers of 4,000 digits",
        (b'{"query": "{ helo }", "variables": {"n": [' + b",".join([b"9" * 4_000] * 200) + b"]}}"),
    )
    yield (
        "a fraction of 900,000 digits",
        b'{"query": "{ helo }", "variables": {"n": 0.' + b"9" * 900_000 + b"}}",
    )
    yield (
        "100,000 small fractions",
        (b'{"query": "{ helo }", "variables": {"n": [' + b",".join([b"0.5"] * 100_000) + b"]}}"),
    )
    yield "Infinity", b'{"query": "{ hello }", "variables": {"n": Infinity}}'
    yield "NaN", b'{"query": "{ hello }", "variables": {"n": NaN}}'
    yield "no UTF-8", b'{"query": "\xff\xfe"}'
    yield "UTF-16", '{"query": "{ hello }"}'.encode("utf-16")
    yield "a lone surrogate in JSON", b'{"query": "{ hello(name: \\"\\ud800\\") }"}'
    yield "150,000 surrogates in JSON", b'{"query": "' + b"\\ud800" * 150_000 + b'"}'
    yield "150,000 escapes in JSON", b'{"query": "' + b"\\u007b" * 150_000 + b'"}'
    yield "900,000 blanks", b" " * 900_000
    yield "900,000 blanks and a half", b'{"query": "{ hello }",' + b" " * 900_000
    yield "a string that never ends", b'{"query": "' + b"x" * 900_000
    yield "900,000 backslashes", b'{"query": "' + b"\\" * 900_000
    yield "a query that is a list", b'{"query": ["{ hello }"]}'
    yield "a query that is a number", b'{"query": 5}'
    yield "variables that are a list", b'{"query": "{ hello }", "variables": []}'
    yield "extensions that are a text", b'{"query": "{ hello }", "extensions": "x"}'
    yield "an operation that is a number", b'{"query": "{ hello }", "operationName": 5}'
    yield (
        "an operation that is not there",
        b'{"query": "{ hello }", "operationName": "' + b"x" * 90_000 + b'"}',
    )
    for name, digest in (
        ("empty", '""'),
        ("short", '"abc"'),
        ("long", '"' + "a" * 90_000 + '"'),
        ("a number", "5"),
        ("unknown", '"' + "a" * 64 + '"'),
        ("a list", '["a"]'),
        ("of another text", '"' + "b" * 64 + '"'),
        ("no hex", '"' + "z" * 64 + '"'),
        ("with zeros", '"' + "\\u0000" * 64 + '"'),
    ):
        persisted = '"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ' + digest + "}}"
        yield f"a hash that is {name}", ("{" + persisted + "}").encode()
        yield (
            f"a hash that is {name} beside a document",
            ('{"query": "{ helo }", ' + persisted + "}").encode(),
        )
        yield f"an id that is {name}", ('{"documentId": ' + digest + "}").encode()
