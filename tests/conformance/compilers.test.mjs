// graphql-codegen (with tsc) and Relay compile against the served schema; Relay's runtime then runs
// what was compiled. Both write manifests of documents, which persisted.test.mjs asks for by id.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import test, { before } from "node:test";
import { generate } from "@graphql-codegen/cli";
import { buildClientSchema, getIntrospectionQuery, printSchema } from "graphql";
import { ask, isTrustedOnly } from "./target.mjs";

const skip = isTrustedOnly;
const made = path.resolve("made");
const relay = path.join(made, "relay");
const schema = path.join(made, "schema.graphql");
const bin = (name) => path.resolve("node_modules/.bin", name);
const options = { specifiedByUrl: true, oneOf: true, inputValueDeprecation: true };

before(async () => {
  if (skip) return;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(path.join(relay, "src", "__generated__"), { recursive: true });
  const { data } = await ask({ query: getIntrospectionQuery(options) });
  writeFileSync(schema, printSchema(buildClientSchema(data)));
});

test("codegen writes types that tsc accepts in strict mode", { skip }, async () => {
  const folder = `${made}/types/`;
  const config = {
    strictScalars: true,
    scalars: { DateTime: "string", Decimal: "string" },
    enumsAsTypes: true,
    useTypeImports: true,
  };
  const presetConfig = { persistedDocuments: { hashAlgorithm: "sha256" } };
  await generate(
    {
      silent: true,
      schema,
      documents: "documents/*.graphql",
      generates: { [folder]: { preset: "client", presetConfig, config } },
    },
    true,
  );
  const strict = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"];
  const modules = ["--module", "esnext", "--moduleResolution", "bundler"];
  const tsc = spawnSync(bin("tsc"), [...strict, ...modules, `${folder}index.ts`], {
    encoding: "utf8",
  });
  assert.equal(tsc.status, 0, tsc.stdout);
});

const COMPONENTS = `
const { graphql } = require("relay-runtime");
module.exports = [
  graphql\`
    fragment Board_query on Query
    @refetchable(queryName: "BoardNextQuery")
    @argumentDefinitions(count: { type: "Int", defaultValue: 4 }, cursor: { type: "String" }) {
      badges(first: $count, after: $cursor) @connection(key: "Board_badges") {
        edges { node { id ...Board_badge } }
      }
    }\`,
  graphql\`fragment Board_badge on Badge @refetchable(queryName: "BoardBadgeQuery") { title }\`,
  graphql\`query BoardQuery { ...Board_query }\`,
];
`;

test("Relay compiles connections and refetchable nodes", { skip }, () => {
  writeFileSync(path.join(relay, "package.json"), '{ "type": "commonjs" }');
  writeFileSync(path.join(relay, "src", "Board.js"), COMPONENTS);
  writeFileSync(path.join(relay, "persisted.json"), "{}");
  const config = {
    src: "./src",
    schema: "../schema.graphql",
    language: "javascript",
    eagerEsModules: false,
    artifactDirectory: "./src/__generated__",
    persistConfig: { file: "./persisted.json", algorithm: "SHA256" },
  };
  writeFileSync(path.join(relay, "relay.config.json"), JSON.stringify(config));
  const compiler = spawnSync(bin("relay-compiler"), ["relay.config.json"], {
    cwd: relay,
    encoding: "utf8",
  });
  assert.equal(compiler.status, 0, compiler.stdout + compiler.stderr);
});

test("Relay's runtime pages forward and refetches each node", { skip }, async () => {
  const require = createRequire(path.join(relay, "x.js"));
  const { Environment, Network, RecordSource, Store, fetchQuery } = require("relay-runtime");
  const texts = JSON.parse(readFileSync(path.join(relay, "persisted.json"), "utf8"));
  const artifact = (name) => require(`./src/__generated__/${name}.graphql.js`);
  const store = new Store(new RecordSource());
  const fetchFn = (params, variables) => ask({ query: texts[params.id], variables });
  const environment = new Environment({ store, network: Network.create(fetchFn) });
  const run = (name, variables = {}) =>
    fetchQuery(environment, artifact(name), variables).toPromise();
  const badges = () =>
    Object.values(store.getSource().toJSON()).filter((it) => it.__typename === "Badge");

  await run("BoardQuery");
  assert.equal(badges().length, 4);
  const { data } = await ask({ query: "{ badges(first: 4) { pageInfo { endCursor } } }" });
  await run("BoardNextQuery", { count: 4, cursor: data.badges.pageInfo.endCursor });
  assert.equal(badges().length, 8);
  for (const { id, title } of badges()) {
    await run("BoardBadgeQuery", { id });
    assert.equal(store.getSource().get(id).title, title);
  }
});
