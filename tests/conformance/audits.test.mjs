// graphql-http's own audits of GraphQL over HTTP, each as a test.
import assert from "node:assert/strict";
import test from "node:test";
import { serverAudits } from "graphql-http";
import { edition, endpoint, isTrustedOnly } from "./target.mjs";

// The audits are of 2023 to 2025. Where the draft of 2026 says otherwise, only what they hold to be
// a must is asked of the draft's edition.
const isAsked = (audit) => edition === "compat" || audit.name.startsWith("MUST");

for (const audit of serverAudits({ url: endpoint, fetchFn: fetch })) {
  test(`${audit.id} ${audit.name}`, { skip: isTrustedOnly }, async () => {
    const result = await audit.fn();
    if (isAsked(audit)) assert.equal(result.status, "ok", result.reason);
    else assert.notEqual(result.status, "error", result.reason);
  });
}
