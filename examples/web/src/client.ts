import { createClient as createSockets } from "graphql-ws";
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "urql";

// The credential comes in the fragment (`#token=...&member=...`): browsers never send it anywhere.
const given = new URLSearchParams(window.location.hash.slice(1));

export const externalId = given.get("member") ?? "";

const url = new URL(given.get("url") ?? "/graphql", window.location.href).href;
const authorization = `Bearer ${given.get("token") ?? ""}`;

// It connects again by itself, also when a server says that it stops (1012).
const sockets = createSockets({
  url: url.replace(/^http/, "ws"),
  connectionParams: { authorization },
  retryAttempts: Infinity,
  shouldRetry: () => true,
});

export const client = new Client({
  url,
  preferGetMethod: false,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({
          unsubscribe: sockets.subscribe({ ...request, query: request.query ?? "" }, sink),
        }),
      }),
    }),
  ],
});
