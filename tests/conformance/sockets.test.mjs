// graphql-ws' client over a socket.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { COUNT, all, isTrustedOnly, socketClient } from "./target.mjs";

let client;
const skip = isTrustedOnly;

before(() => (client = socketClient()));
after(() => client.dispose());

test("a subscription delivers every item and completes", { skip }, async () => {
  const counts = (await all(client, COUNT)).map((it) => it.data.count);
  assert.deepEqual(counts, [1, 2, 3]);
});

test("queries and mutations are answered once", { skip }, async () => {
  for (const query of ["{ hello }", 'mutation { award(title: "t") { title } }']) {
    const results = await all(client, query);
    assert.equal(results.length, 1);
    assert.ok(results[0].data);
  }
});

test("a document that is wrong is refused with a list of errors", { skip }, async () => {
  for (const query of ["subscription {", "subscription { nothing }"]) {
    const refused = await all(client, query).catch((errors) => errors);
    assert.ok(Array.isArray(refused));
    assert.ok(refused[0].extensions.code);
  }
});

test("a source that fails ends its operation and leaves the socket", { skip }, async () => {
  const failed = await all(client, "subscription { countThenFail }").catch((errors) => errors);
  assert.equal(failed[0].extensions.code, "INTERNAL_SERVER_ERROR");
  assert.doesNotMatch(JSON.stringify(failed), /mongodb:/);
  assert.equal((await all(client, "{ hello }")).length, 1);
});

test("operations run side by side on one socket", { skip }, async () => {
  const results = await Promise.all(Array.from({ length: 10 }, () => all(client, COUNT)));
  assert.ok(results.every((it) => it.length === 3));
});

test("who leaves in the middle leaves nothing running", { skip }, async () => {
  const alive = async () => (await all(client, "{ live }"))[0].data.live;
  const before = await alive();
  const leaving = Array.from({ length: 10 }, () => {
    const subscription = client.iterate({ query: "subscription { idle }" });
    subscription.next();
    return subscription;
  });
  while ((await alive()) < before + 10) await new Promise((done) => setTimeout(done, 10));
  await Promise.all(leaving.map((it) => it.return()));
  while ((await alive()) > before) await new Promise((done) => setTimeout(done, 10));
});
