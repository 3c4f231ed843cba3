/**
 * A small GraphQL client: questions over fetch, subscriptions over graphql-transport-ws.
 *
 * The rule: whoever follows something is told everything once, however often the connection breaks.
 * A follower gives its variables as a function, which is called anew for each connection, so that it
 * can say up to where it has read. One connection serves all elements of a page that have the same
 * endpoint and token.
 *
 * What is asked, and how it is shown, is not here.
 */

const SILENCE_MS = 25_000; // after so much silence the server is asked whether it is there
const LINGER_MS = 3_000; // elements that are replaced find the connection still open
const PATIENCE_MS = 10_000; // how long it may take to answer, and to accept a new connection
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];
const REFUSALS = new Set([4401, 4403]); // closing codes that mean "not with this credential"
const NO_RIGHTS = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/** An answer that says no. `code` is the API's code, or NETWORK where no answer came. */
export class Refusal extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }

  /** Whether the credential is at fault: another try with the same one cannot succeed. */
  get isAboutRights() {
    return NO_RIGHTS.has(this.code);
  }
}

/**
 * 96 bits of chance, to name what is reported before it is sent; `crypto.randomUUID` is missing
 * where a page is not served over TLS.
 */
export function chance() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const links = new Map();

/** Return the link to `endpoint` for `token`, shared with everybody who asks for the same. */
export function linkTo(endpoint, token) {
  const address = new URL(endpoint, document.baseURI).href;
  const key = `${address} ${token ?? ""}`;
  if (!links.has(key)) links.set(key, new Link(address, token, () => links.delete(key)));
  return links.get(key);
}

function refusalFrom(errors) {
  const [first] = errors;
  return new Refusal(
    first?.message ?? "The service refused.",
    first?.extensions?.code ?? "REFUSED",
  );
}

/**
 * The way to one endpoint with one credential. `state` is "idle", "connecting", "live", "waiting"
 * (the connection was lost and will be tried again) or "refused"; a "state" event tells of changes.
 */
export class Link extends EventTarget {
  #endpoint;
  #token;
  #forget;
  #socket = null;
  #followers = new Map();
  #nextId = 1;
  #attempt = 0;
  #timer = null;
  #silence = null;
  #lingering = null;
  #comeBack = () => this.#reviveNow();
  state = "idle";

  constructor(endpoint, token, forget = () => {}) {
    super();
    this.#endpoint = endpoint;
    this.#token = token;
    this.#forget = forget;
  }

  /** Return the data of one query or mutation. Throws a Refusal. */
  async ask(query, variables = {}, { signal } = {}) {
    let response;
    try {
      response = await fetch(this.#endpoint, {
        method: "POST",
        headers: {
          accept: "application/graphql-response+json, application/json;q=0.9",
          "content-type": "application/json",
          ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        },
        body: JSON.stringify({ query, variables }),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal("The service cannot be reached.", "NETWORK");
    }
    const answer = await response.json().catch(() => ({}));
    if (answer.errors?.length) throw refusalFrom(answer.errors);
    if (answer.data) return answer.data;
    if (response.status === 401)
      throw new Refusal("The credential is not accepted.", "UNAUTHENTICATED");
    throw new Refusal(`The service answered ${response.status}.`, "NETWORK");
  }

  /**
   * Follow a subscription and return the function that ends it. `variables` is called at each
   * connection; `next` gets the data of each item, `fail` each Refusal.
   */
  follow(query, variables, { next, fail = () => {} }) {
    const id = String(this.#nextId++);
    this.#followers.set(id, { query, variables, next, fail, retry: null, failures: 0 });
    if (this.state === "live") this.#subscribe(id);
    else if (this.state === "idle") this.#open();
    else if (this.state === "refused") {
      queueMicrotask(() => fail(new Refusal("The credential is not accepted.", "UNAUTHENTICATED")));
    }
    return () => this.#unfollow(id);
  }

  #unfollow(id) {
    const follower = this.#followers.get(id);
    if (!follower) return;
    clearTimeout(follower.retry);
    this.#followers.delete(id);
    if (this.state === "live") this.#send({ id, type: "complete" });
    if (this.#followers.size > 0) return;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => this.#followers.size === 0 && this.#close(), LINGER_MS);
  }

  #close() {
    this.#drop(1000);
    clearTimeout(this.#timer);
    for (const happening of ["online", "pageshow"]) removeEventListener(happening, this.#comeBack);
    this.#setState("idle");
    this.#forget();
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #open() {
    this.#setState(this.#attempt === 0 ? "connecting" : "waiting");
    for (const happening of ["online", "pageshow"]) addEventListener(happening, this.#comeBack);
    const address = this.#endpoint.replace(/^http/, "ws");
    const socket = new WebSocket(address, "graphql-transport-ws");
    this.#socket = socket;
    this.#expectWithin(PATIENCE_MS);
    socket.onopen = () => {
      const payload = this.#token ? { authorization: `Bearer ${this.#token}` } : {};
      this.#send({ type: "connection_init", payload });
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#silence);
      if (REFUSALS.has(code)) this.#refuse();
      else this.#retry();
    };
  }

  #refuse() {
    this.#setState("refused");
    const refusal = new Refusal("The credential is not accepted.", "UNAUTHENTICATED");
    for (const { fail } of this.#followers.values()) fail(refusal);
  }

  #retry() {
    if (this.#followers.size === 0) return;
    const longest = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
    this.#setState("waiting");
    // Chance spreads the pages that lost the same server over the time until the next try.
    this.#timer = setTimeout(() => this.#open(), longest * (0.5 + Math.random() / 2));
  }

  /** The machine is back on the network, or the page is back on the screen: do not wait longer. */
  #reviveNow() {
    if (this.state !== "waiting" || this.#socket) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  #drop(code) {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
  }

  #expectWithin(milliseconds) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#drop(4000);
      this.#retry();
    }, milliseconds);
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#send({ type: "ping" });
      this.#expectWithin(PATIENCE_MS);
    }, SILENCE_MS);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    this.#listen();
    const follower = this.#followers.get(message.id);
    switch (message.type) {
      case "connection_ack":
        this.#attempt = 0;
        this.#setState("live");
        for (const id of this.#followers.keys()) this.#subscribe(id);
        break;
      case "ping":
        this.#send({ type: "pong" });
        break;
      case "next":
        if (follower && message.payload.data) {
          follower.failures = 0;
          follower.next(message.payload.data);
        } else follower?.fail(refusalFrom(message.payload.errors ?? []));
        break;
      case "error":
        this.#followLater(message.id, refusalFrom(message.payload));
        break;
      case "complete":
        this.#followLater(message.id, null);
        break;
    }
  }

  #subscribe(id) {
    const { query, variables } = this.#followers.get(id);
    this.#send({ id, type: "subscribe", payload: { query, variables: variables() } });
  }

  /** The server ended one subscription: begin it again after a while, unless rights are missing. */
  #followLater(id, refusal) {
    const follower = this.#followers.get(id);
    if (!follower) return;
    if (refusal) follower.fail(refusal);
    if (refusal?.isAboutRights) return;
    const longest = RETRY_MS[Math.min(follower.failures++ + 2, RETRY_MS.length - 1)];
    follower.retry = setTimeout(() => this.state === "live" && this.#subscribe(id), longest);
  }
}
