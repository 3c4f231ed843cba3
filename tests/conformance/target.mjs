// Where the demo of the transport listens, and how it is spoken to.
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createEventClient } from "graphql-sse";
import WebSocket from "ws";

export const endpoint = process.env.GUERDON_CONFORMANCE_URL;
if (!endpoint) {
  throw new Error("GUERDON_CONFORMANCE_URL is not set: run `python -m tests.conformance.run`.");
}
export const edition = process.env.GUERDON_CONFORMANCE_EDITION ?? "compat";
export const isTrustedOnly = process.env.GUERDON_CONFORMANCE_TRUSTED === "1";

export const COUNT = "subscription { count(to: 3) }";

export function socketClient() {
  return createSocketClient({
    url: endpoint.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
}

export function eventClient() {
  return createEventClient({ url: endpoint, retryAttempts: 0 });
}

// Every result of one operation of graphql-ws' or graphql-sse's client.
export async function all(client, query) {
  const results = [];
  for await (const result of client.iterate({ query })) results.push(result);
  return results;
}

export async function ask(request, headers = {}) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  return response.json();
}
