// Starts GraphiQL against the endpoint that served this page. Answers come as JSON, subscriptions as
// server-sent events through fetch, so that the headers typed into the page apply to both.
"use strict";

const endpoint = location.pathname;
const asked = new URLSearchParams(location.search);

async function ask(parameters, headers) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

async function* listen(parameters, headers) {
  const left = new AbortController();
  const response = await fetch(endpoint, {
    method: "POST",
    signal: left.signal,
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(parameters),
  });
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    yield await response.json();
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        if (event.startsWith("event: complete")) return;
        const data = event.match(/^data: (.*)$/m);
        if (data) yield JSON.parse(data[1]);
      }
    }
  } finally {
    left.abort();
  }
}

// The document holds several operations at times; the name says which one is run.
function isSubscription(parameters, documentAST) {
  const operations = (documentAST?.definitions ?? []).filter(
    (it) => it.kind === "OperationDefinition",
  );
  const chosen =
    operations.find((it) => it.name?.value === parameters.operationName) ?? operations[0];
  return chosen?.operation === "subscription";
}

function fetcher(parameters, options) {
  const headers = options?.headers ?? {};
  return isSubscription(parameters, options?.documentAST)
    ? listen(parameters, headers)
    : ask(parameters, headers);
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    query: asked.get("query") ?? undefined,
    variables: asked.get("variables") ?? undefined,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "headers",
  }),
);
