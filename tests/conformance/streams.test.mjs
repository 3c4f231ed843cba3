// graphql-sse's client, and the two forms of streams as bytes.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { COUNT, all, endpoint, eventClient, isTrustedOnly } from "./target.mjs";

let client;
const skip = isTrustedOnly;

before(() => (client = eventClient()));
after(() => client.dispose());

test("every kind of operation arrives as events", { skip }, async () => {
  assert.equal((await all(client, COUNT)).length, 3);
  assert.equal((await all(client, "{ hello }")).length, 1);
  assert.equal((await all(client, 'mutation { award(title: "t") { title } }')).length, 1);
});

test("refusals arrive as an event", { skip }, async () => {
  for (const query of ["subscription {", "subscription { nothing }"]) {
    const [refused] = await all(client, query);
    assert.ok(refused.errors[0].extensions.code);
  }
});

test("a source that fails is told, without its cause", { skip }, async () => {
  const results = await all(client, "subscription { countThenFail }");
  assert.equal(results.at(-1).errors[0].extensions.code, "INTERNAL_SERVER_ERROR");
});

test("an EventSource may subscribe by GET and hears the end", { skip }, async () => {
  const url = new URL(endpoint);
  url.searchParams.set("query", COUNT);
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  const text = await response.text();
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  assert.equal(text.match(/^event: next$/gm).length, 3);
  assert.match(text, /event: complete\ndata: \n\n$/);
  assert.doesNotMatch(text, /\r/);
});
