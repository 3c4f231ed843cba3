// Apollo Client and urql as frontends use them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, fetchExchange, gql as document, subscriptionExchange } from "@urql/core";
import { COUNT, endpoint, eventClient, isTrustedOnly, socketClient } from "./target.mjs";

const skip = isTrustedOnly;
const BADGES = "{ badges(first: 3) { edges { node { id title } } } }";
const DEFERRED = "{ hello ... @defer { badges(first: 1) { edges { node { title } } } } }";
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function apollo({ link = new HttpLink({ uri: endpoint }), ...options } = {}) {
  return new ApolloClient({ link, cache: new InMemoryCache(), ...options });
}

function heard(observable) {
  const items = [];
  return new Promise((resolve, reject) =>
    observable.subscribe({
      next: (item) => items.push(item),
      error: reject,
      complete: () => resolve(items),
    }),
  );
}

test("Apollo reads queries, mutations and partial answers", { skip }, async () => {
  const client = apollo();
  assert.equal((await client.query({ query: gql("{ hello }") })).data.hello, "Hello world");
  const award = gql('mutation { award(title: "t") { id title } }');
  assert.equal((await client.mutate({ mutation: award })).data.award.title, "t");
  const partial = await client.query({ query: gql("{ boom hello }"), errorPolicy: "all" });
  assert.equal(partial.data.hello, "Hello world");
  assert.ok(partial.error);
});

test("Apollo reads a refusal as errors of GraphQL", { skip }, async () => {
  const refused = await apollo().query({ query: gql("{ nothing }") }).catch((error) => error);
  assert.ok(CombinedGraphQLErrors.is(refused), String(refused));
});

test("Apollo keeps nodes under their global ids", { skip }, async () => {
  const client = apollo();
  await client.query({ query: gql(BADGES) });
  const keys = Object.keys(client.cache.extract());
  assert.equal(keys.filter((key) => key.startsWith("Badge:")).length, 3);
});

for (const useGETForHashedQueries of [false, true]) {
  const method = useGETForHashedQueries ? "GET" : "POST";
  test(`Apollo registers a document once, over ${method}`, { skip }, async () => {
    const sent = [];
    const watching = (url, options) => {
      sent.push(options);
      return fetch(url, options);
    };
    const query = gql(`query Registered${method}${Date.now()} { hello }`);
    for (let round = 0; round < 2; round += 1) {
      const http = new HttpLink({ uri: endpoint, fetch: watching });
      const link = createPersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
      assert.equal((await apollo({ link }).query({ query })).data.hello, "Hello world");
    }
    const withText = sent.map((it) => Boolean(it.body && JSON.parse(it.body).query));
    assert.equal(withText.filter(Boolean).length, 1);
    assert.equal(sent.length, 3);
    assert.equal(sent.at(-1).method, method);
  });
}

test("Apollo subscribes over a socket and over multipart", { skip }, async () => {
  const sockets = socketClient();
  const over = [apollo({ link: new GraphQLWsLink(sockets) }), apollo()];
  for (const client of over) {
    const items = await heard(client.subscribe({ query: gql(COUNT) }));
    assert.deepEqual(items.map((it) => it.data.count), [1, 2, 3]);
  }
  await sockets.dispose();
});

test("Apollo reads what is deferred in instalments", { skip }, async () => {
  const client = apollo({ incrementalHandler: new GraphQL17Alpha9Handler() });
  const states = await new Promise((resolve, reject) => {
    const seen = [];
    const watched = client.watchQuery({ query: gql(DEFERRED) }).subscribe({
      next: (it) => {
        seen.push(it.dataState);
        if (it.dataState !== "complete") return;
        watched.unsubscribe();
        resolve(seen);
      },
      error: reject,
    });
  });
  assert.ok(states.includes("streaming"));
});

function urql(exchanges = [fetchExchange], options = {}) {
  return new Client({ url: endpoint, exchanges, preferGetMethod: false, ...options });
}

function taken(source, isEnough) {
  return new Promise((resolve) => {
    const results = [];
    const { unsubscribe } = source.subscribe((result) => {
      results.push(result);
      if (!isEnough(results, result)) return;
      setTimeout(unsubscribe);
      resolve(results);
    });
  });
}

test("urql reads queries over POST and GET, mutations and refusals", { skip }, async () => {
  for (const preferGetMethod of [false, true]) {
    const client = urql([fetchExchange], { preferGetMethod });
    assert.ok((await client.query(document("{ hello }"), {}).toPromise()).data);
  }
  const award = document('mutation { award(title: "t") { title } }');
  assert.ok((await urql().mutation(award, {}).toPromise()).data);
  const refused = await urql().query(document("{ nothing }"), {}).toPromise();
  assert.equal(refused.error.networkError, undefined);
  assert.ok(refused.error.graphQLErrors.length);
});

for (const [name, create] of Object.entries({ socket: socketClient, events: eventClient })) {
  test(`urql subscribes through another client: ${name}`, { skip }, async () => {
    const other = create();
    const forwardSubscription = (operation) => ({
      subscribe: (sink) => ({
        unsubscribe: other.subscribe({ ...operation, query: operation.query ?? "" }, sink),
      }),
    });
    const client = urql([fetchExchange, subscriptionExchange({ forwardSubscription })]);
    const results = await taken(client.subscription(document(COUNT), {}), (it) => it.length === 3);
    await other.dispose();
    assert.ok(results.every((it) => it.data && !it.error));
  });
}

test("urql subscribes through fetch alone", { skip }, async () => {
  const client = urql([fetchExchange], { fetchSubscriptions: true });
  const results = await taken(
    client.subscription(document(COUNT), {}),
    (it, last) => last.error || it.length === 3,
  );
  assert.deepEqual(results.map((it) => it.data?.count), [1, 2, 3]);
});

test("urql reads what is deferred in instalments", { skip }, async () => {
  const results = await taken(
    urql().query(document(DEFERRED), {}),
    (_, last) => last.error || !last.hasNext,
  );
  assert.ok(results.length > 1);
  assert.ok(results.at(-1).data.badges.edges.length);
});
