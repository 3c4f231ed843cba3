// Documents by id, from the manifests that the compilers have written; run.py loads them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ask, endpoint, isTrustedOnly } from "./target.mjs";

const skip = process.env.GUERDON_CONFORMANCE_MANIFESTS !== "1";
const read = (file) => (skip ? {} : JSON.parse(readFileSync(file, "utf8")));
const codegen = read("made/types/persisted-documents.json");
const relay = read("made/relay/persisted.json");
const idOf = (manifest, name) =>
  Object.keys(manifest).find((id) => manifest[id].includes(`${name}`));

test("an id of codegen's manifest, over POST and GET", { skip }, async () => {
  const documentId = idOf(codegen, "query Badges");
  const variables = { first: 2 };
  const posted = await ask({ documentId, variables });
  const url = new URL(endpoint);
  url.searchParams.set("documentId", documentId);
  url.searchParams.set("variables", JSON.stringify(variables));
  const got = await (await fetch(url)).json();
  assert.equal(posted.data.badges.edges.length, 2);
  assert.deepEqual(got.data, posted.data);
});

test("an id of Relay's manifest", { skip }, async () => {
  const { data } = await ask({ documentId: idOf(relay, "query BoardQuery") });
  assert.equal(data.badges.edges.length, 4);
});

test("Apollo's form of naming a document", { skip }, async () => {
  const sha256Hash = idOf(codegen, "mutation Award").replace("sha256:", "");
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const { data } = await ask({ extensions, variables: { title: "t" } });
  assert.equal(data.award.title, "t");
});

test("an id that nobody knows", { skip }, async () => {
  const { errors } = await ask({ documentId: `sha256:${"0".repeat(64)}` });
  assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
});

test("any other document is refused", { skip: !isTrustedOnly }, async () => {
  const { data, errors } = await ask({ query: "{ hello }" });
  assert.equal(data, undefined);
  assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_ONLY");
});
