"""Documents: remembered by their text, found by their hash, never confused with another."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.transport.demo import Demo
from api.transport.wire import ask, client_of, code_of, post
from guerdon.api.transport import ManifestUnusable, TransportOptions, TrustedDocuments

HELLO = "query Hello { hello }"
AWARD = 'mutation Award { award(title: "t") { title } }'


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def persisted(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


class TestRemembering:
    async def test_a_document_is_read_once(self, demo: Demo, client: httpx2.AsyncClient) -> None:
        for _ in range(5):
            await ask(client, HELLO)

        documents = demo.transport.parts.operations.documents
        assert (documents.misses, documents.hits) == (1, 4)

    async def test_wrong_ones_push_no_right_ones_out(self) -> None:
        demo = Demo(options=TransportOptions(documents_cached_tokens_max=10))
        async with client_of(demo) as client:
            await ask(client, HELLO)
            for number in range(10):
                await ask(client, f"{{ nope{number} }}")
            await ask(client, HELLO)

        assert demo.transport.parts.operations.documents.hits == 1

    async def test_memory_is_bounded_by_tokens_and_text(self) -> None:
        demo = Demo(options=TransportOptions(documents_cached_tokens_max=100))
        documents = demo.transport.parts.operations.documents
        comment = "#" * 20_000 + "\n"
        async with client_of(demo) as client:
            for number in range(40):
                await ask(client, f"query Q{number} {{ hello }}")
            kept = len(documents._known)
            await ask(client, comment + "{ hello }")

        assert 10 < kept < 40
        assert len(documents._known) <= kept / 2

    async def test_at_most_five_errors_are_told(self, client: httpx2.AsyncClient) -> None:
        answer = await ask(client, "{ " + " ".join(f"nope{n}" for n in range(9)) + " }")

        assert len(answer["errors"]) == 5


class TestRegisteredByClients:
    async def test_a_miss_a_registration_and_then_a_hit(self, client: httpx2.AsyncClient) -> None:
        miss = await post(client, {"extensions": persisted(HELLO)})
        registration = await post(client, {"query": HELLO, "extensions": persisted(HELLO)})
        hit = await post(client, {"extensions": persisted(HELLO)})

        assert code_of(miss.json()) == "PERSISTED_QUERY_NOT_FOUND"
        assert miss.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert "no-cache" in miss.headers["cache-control"]
        assert registration.json()["data"] == hit.json()["data"] == {"hello": "Hello world"}

    async def test_a_get_by_hash_works_as_well(self, client: httpx2.AsyncClient) -> None:
        await post(client, {"query": HELLO, "extensions": persisted(HELLO)})
        answer = await client.get("/graphql", params={"extensions": json.dumps(persisted(HELLO))})

        assert answer.json()["data"] == {"hello": "Hello world"}

    async def test_a_text_under_anothers_hash_is_refused_and_not_kept(
        self, client: httpx2.AsyncClient
    ) -> None:
        poison = await post(client, {"query": AWARD, "extensions": persisted(HELLO)})
        afterwards = await post(client, {"extensions": persisted(HELLO)})

        assert code_of(poison.json()) == "BAD_USER_INPUT"
        assert code_of(afterwards.json()) == "PERSISTED_QUERY_NOT_FOUND"

    async def test_what_is_not_valid_is_not_kept(self, client: httpx2.AsyncClient) -> None:
        wrong = "{ nope }"
        await post(client, {"query": wrong, "extensions": persisted(wrong)})
        answer = await post(client, {"extensions": persisted(wrong)})

        assert code_of(answer.json()) == "PERSISTED_QUERY_NOT_FOUND"

    @pytest.mark.parametrize("caller", ["hybrid", "trusted"])
    async def test_only_open_credentials_register(self, caller: str) -> None:
        async with client_of(Demo()) as client:
            request = {"query": HELLO, "extensions": persisted(HELLO)}
            await post(client, request, authorization=f"Bearer {caller}")
            answer = await post(client, {"extensions": persisted(HELLO)})

        assert code_of(answer.json()) == "PERSISTED_QUERY_NOT_FOUND"

    async def test_the_store_is_the_applications(self) -> None:
        class Store:
            def __init__(self) -> None:
                self.texts: dict[str, str] = {}

            async def get(self, digest: str) -> str | None:
                return self.texts.get(digest)

            async def put(self, digest: str, document: str) -> None:
                self.texts[digest] = document

        store = Store()
        async with client_of(Demo(documents=store)) as client:
            await post(client, {"query": HELLO, "extensions": persisted(HELLO)})

        assert store.texts == {digest(HELLO): HELLO}


class TestTrusted:
    DOCUMENTS = TrustedDocuments({f"sha256:{digest(HELLO)}": HELLO, digest(AWARD): AWARD})

    @pytest.mark.parametrize(
        "request_",
        [
            {"documentId": f"sha256:{digest(HELLO)}"},
            {"documentId": digest(HELLO)},
            {"extensions": persisted(HELLO)},
            {"query": HELLO},
        ],
    )
    async def test_registered_documents_run_however_they_are_named(
        self, request_: dict[str, Any]
    ) -> None:
        async with client_of(Demo(trusted=self.DOCUMENTS)) as client:
            answer = await post(client, request_, authorization="Bearer trusted")

        assert answer.json()["data"] == {"hello": "Hello world"}

    async def test_no_other_document_does(self) -> None:
        async with client_of(Demo(trusted=self.DOCUMENTS)) as client:
            answer = await post(client, {"query": "{ hello }"}, authorization="Bearer trusted")

        assert answer.status_code == 403
        assert code_of(answer.json()) == "PERSISTED_QUERY_ONLY"

    async def test_what_others_registered_is_not_trusted(self) -> None:
        async with client_of(Demo()) as client:
            await post(client, {"query": HELLO, "extensions": persisted(HELLO)})
            answer = await post(
                client, {"extensions": persisted(HELLO)}, authorization="Bearer trusted"
            )

        assert code_of(answer.json()) == "PERSISTED_QUERY_NOT_FOUND"

    async def test_a_registered_mutation_is_not_run_by_get(self) -> None:
        async with client_of(Demo(trusted=self.DOCUMENTS)) as client:
            answer = await client.get("/graphql", params={"documentId": digest(AWARD)})

        assert answer.status_code == 405

    async def test_limits_hold_for_them_too(self) -> None:
        text = "query Page($n: Int!) { badges(first: $n) { edges { node { related { id } } } } }"
        trusted = TrustedDocuments({digest(text): text})
        async with client_of(Demo(trusted=trusted)) as client:
            request = {"documentId": digest(text), "variables": {"n": 1_000}}
            answer = await post(client, request, authorization="Bearer trusted")

        assert code_of(answer.json()) == "MAX_COST_EXCEEDED"


class TestManifests:
    def test_all_three_formats_are_read(self, tmp_path: Path) -> None:
        texts = [f"query Q{n} {{ hello }}" for n in range(3)]
        codegen, relay, apollo = (tmp_path / name for name in ("codegen", "relay", "apollo"))
        codegen.write_text(json.dumps({f"sha256:{digest(texts[0])}": texts[0]}))
        relay.write_text(json.dumps({digest(texts[1]): texts[1]}))
        operation = {"id": digest(texts[2]), "name": "Q2", "type": "query", "body": texts[2]}
        manifest = {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [operation],
        }
        apollo.write_text(json.dumps(manifest))

        trusted = TrustedDocuments.load([codegen, relay, apollo])

        assert len(trusted) == 3
        assert all(trusted.get(f"sha256:{digest(text)}") == text for text in texts)

    @pytest.mark.parametrize(
        "content",
        [
            json.dumps({digest(HELLO): AWARD}),
            "[]",
            "{nope",
            '{"format": "apollo-persisted-query-manifest"}',
            '{"a": 1}',
        ],
    )
    def test_a_wrong_one_is_named_and_refused(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "manifest.json"
        path.write_text(content)

        with pytest.raises(ValueError, match=r"manifest\.json is no manifest"):
            TrustedDocuments.load([path])

    def test_a_manifest_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ManifestUnusable, match=r"nothing\.json cannot be read: No such file"):
            TrustedDocuments.load([tmp_path / "nothing.json"])
