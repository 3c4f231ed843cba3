// The demo as a subgraph: it composes beside another one, a gateway joins the two, and what a router
// sends is a key and nothing more.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { composeServices } from "@apollo/composition";
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from "@apollo/gateway";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  composeServices as composeAtTheGuild,
  compositionHasErrors,
} from "@theguild/federation-composition";
import { parse } from "graphql";
import { ask, endpoint } from "./target.mjs";

const skip = process.env.GUERDON_CONFORMANCE_FEDERATION !== "1";
const SHELF = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Badge @key(fields: "code") { code: ID! shelf: String! }
  type Query { onShow: Badge! }
`;

const subgraphs = async () => {
  const { data } = await ask({ query: "{ _service { sdl } }" });
  return [
    { name: "loyalty", typeDefs: parse(data._service.sdl), url: endpoint },
    { name: "shelves", typeDefs: parse(SHELF), url: "http://shelves.example/graphql" },
  ];
};

const entities = async (...representations) =>
  ask({
    query: `query($r: [_Any!]!) {
      _entities(representations: $r) { __typename ... on Badge { code title } }
    }`,
    variables: { r: representations },
  });

const badge = (code, more = {}) => ({ __typename: "Badge", code, ...more });

test("it composes alone and beside another subgraph", { skip }, async () => {
  const both = await subgraphs();
  for (const given of [both.slice(0, 1), both]) {
    assert.deepEqual(composeServices(given).errors ?? [], []);
    const result = composeAtTheGuild(given);
    assert.ok(!compositionHasErrors(result), JSON.stringify(result.errors));
  }
});

test("a gateway answers from both", { skip }, async () => {
  const { supergraphSdl } = composeServices(await subgraphs());
  const shelves = buildSubgraphSchema({
    typeDefs: parse(SHELF),
    resolvers: {
      Query: { onShow: () => ({ code: "b1" }) },
      Badge: { __resolveReference: (it) => it, shelf: (it) => `shelf of ${it.code}` },
    },
  });
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name, url }) =>
      name === "shelves"
        ? new LocalGraphQLDataSource(shelves)
        : new RemoteGraphQLDataSource({ url }),
  });
  const { executor } = await gateway.load();
  const source = "{ onShow { shelf title } }";
  const document = parse(source);
  const { data, errors } = await executor({
    document,
    source,
    operation: document.definitions[0],
    operationName: null,
    request: { query: source, http: { headers: new Map() } },
    queryHash: createHash("sha256").update(source).digest("hex"),
    context: {},
    cache: { get: async () => undefined, set: async () => {} },
    schema: gateway.schema,
    logger: console,
    metrics: {},
    overallCachePolicy: {},
  });
  await gateway.stop();
  assert.equal(errors, undefined);
  assert.deepEqual({ ...data.onShow }, { shelf: "shelf of b1", title: "Badge 1" });
});

test("entities come in the order of their keys, unknown ones as null", { skip }, async () => {
  const { data, errors } = await entities(badge("b2"), badge("nowhere"), badge("b1"), badge("b2"));
  assert.equal(errors, undefined);
  assert.deepEqual(data._entities.map((it) => it?.code ?? null), ["b2", null, "b1", "b2"]);
});

test("nothing but the key of a representation is believed", { skip }, async () => {
  const { data } = await entities(badge("b1", { title: "FORGED", worth: "1000.00" }));
  assert.equal(data._entities[0].title, "Badge 1");
});

test("what is no representation is a coded error of its own", { skip }, async () => {
  for (const wrong of [{ code: "b1" }, { __typename: "Nope" }, { __typename: "Query" }, "x", null]) {
    const { errors } = await entities(wrong);
    assert.ok(errors?.length, JSON.stringify(wrong));
    for (const error of errors) {
      assert.ok(error.extensions.code);
      assert.doesNotMatch(error.message, /<class|has no attribute|strawberry/);
    }
  }
});
