// The product's schema, held against the linters that frontends use. What is off has its reason.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import graphqlPlugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { edition, isTrustedOnly } from "./target.mjs";

const schema = fileURLToPath(new URL("../../schema.graphql", import.meta.url));
const skip = edition !== "compat" || isTrustedOnly;
const { configs } = graphqlPlugin;
const off = {
  "@graphql-eslint/alphabetize": "off", // the file is sorted; arguments keep their meaning's order
  "@graphql-eslint/no-root-type": "off", // every API has roots
  "@graphql-eslint/no-typename-prefix": "off", // `activityId` is the reporter's id, `id` the node's
  "@graphql-eslint/require-field-of-type-query-in-mutation-result": "off", // payloads tell problems
  "@graphql-eslint/require-nullable-result-in-root": "off", // case by case
  "@graphql-eslint/strict-id-in-types": "off", // payloads, edges and values have no id
  "@graphql-eslint/relay-edge-types": [
    "error", // but for lists that cannot grow
    { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
  ],
};

test("graphql-eslint finds nothing", { skip }, async () => {
  const linter = new ESLint({
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ["**/*.graphql"],
        plugins: { "@graphql-eslint": graphqlPlugin },
        languageOptions: {
          parser: graphqlPlugin.parser,
          parserOptions: { graphQLConfig: { schema } },
        },
        rules: {
          ...configs["flat/schema-recommended"].rules,
          ...configs["flat/schema-all"].rules,
          ...configs["flat/schema-relay"].rules,
          ...off,
        },
      },
    ],
  });
  const [{ messages }] = await linter.lintFiles([schema]);
  assert.deepEqual(messages.map((it) => `${it.line}: ${it.ruleId}: ${it.message}`), []);
});

test("graphql-schema-linter finds nothing", { skip }, () => {
  const linter = fileURLToPath(new URL("node_modules/.bin/graphql-schema-linter", import.meta.url));
  const { stdout, stderr } = spawnSync(linter, ["--format", "json", schema], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(stdout || `{"errors": [${JSON.stringify(stderr)}]}`).errors, []);
});
