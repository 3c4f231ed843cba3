/**
 * What the custom elements share: attributes, the link to the service, states, and building nodes.
 *
 * The rule: nothing that came from outside is ever read as markup (nodes are built, text is set),
 * and nothing needs inline styles or scripts, so that a page may keep the strictest policy.
 */

import { Formats } from "./formats.js";
import { linkTo } from "./graphql.js";
import { looks } from "./looks.js";

/** Return an element with attributes and children; `class` and `aria-*` are plain attributes. */
export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/**
 * Make the children of `parent` those of `items`, in order: a child whose key stays is kept and
 * updated, so that it keeps focus and can move. Return the children that are new.
 */
export function arrange(parent, items, { key, make, update }) {
  const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const fresh = [];
  items.forEach((item, index) => {
    const name = String(key(item));
    let child = present.get(name);
    if (child) present.delete(name);
    else {
      child = make(item);
      child.dataset.key = name;
      fresh.push(child);
    }
    update(child, item);
    if (parent.children[index] !== child)
      parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const gone of present.values()) gone.remove();
  return fresh;
}

/** Whether the reader wants nothing to move. */
export function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Let `row` glide from where it was (`from`, in pixels from the top) to where it is now. */
export function glide(row, from) {
  const way = from - row.getBoundingClientRect().top;
  if (isStill() || Math.abs(way) < 1) return;
  row.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], {
    duration: 650,
    easing: "cubic-bezier(0.2, 0.75, 0.2, 1)",
  });
}

/** Let something new appear softly. */
export function appear(made) {
  if (isStill()) return;
  made.animate(
    [
      { opacity: 0, transform: "translateY(-0.5rem)" },
      { opacity: 1, transform: "none" },
    ],
    {
      duration: 450,
      easing: "ease-out",
    },
  );
}

const ASK_MS = 10_000; // a page whose tokens are refused is not asked for the next one at once
const ANNOUNCE_MS = 4_000; // screen readers are told the latest news, not all of it

/**
 * The base of the elements. Attributes: `endpoint` (default /graphql), `token`, `member` (an
 * external id; absent: the member of the token), `lang`. The property `token` keeps a credential
 * out of the document; `words` replaces sentences. Who has no token, or one that is not accepted,
 * asks the page for one with the event "guerdon-needs-token".
 *
 * A subclass has `static words`, `start()` and `stop()`; `start` may throw.
 */
export class GuerdonElement extends HTMLElement {
  static observedAttributes = ["endpoint", "token", "member", "lang"];
  static words = {};

  #token = null;
  #words = {};
  #starting = false;
  #asked = 0;
  #link = null;
  #status = node("p", { class: "unseen", role: "status" });
  #announced = 0;
  #announcing = null;
  #showState = () => this.#showConnection();
  formats = new Formats();
  /** Whether it shows what it is for, and not that it loads or what went wrong. */
  isReady = false;
  body = node("div", { class: "body" });

  constructor(styles) {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [looks, styles];
    this.connection = node("p", { class: "connection", hidden: true });
    root.append(this.connection, this.body, this.#status);
  }

  get token() {
    return this.#token ?? this.getAttribute("token");
  }

  set token(token) {
    if (token === this.#token) return;
    this.#token = token;
    this.restart();
  }

  get words() {
    return { ...this.constructor.words, ...this.#words };
  }

  set words(words) {
    this.#words = words;
    this.restart();
  }

  /** The link to the service, while the element is in a document. */
  get link() {
    return this.#link;
  }

  /** The member in question as the API's reference; null: the member of the token. */
  get reference() {
    const member = this.getAttribute("member");
    return member ? { externalId: member } : null;
  }

  /** Return a sentence with its {places} filled. */
  say(name, places = {}) {
    return this.words[name].replace(/\{(\w+)\}/g, (_, place) => places[place] ?? "");
  }

  connectedCallback() {
    // What a page set before the element was defined lies on top of the accessors.
    for (const name of ["token", "words"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.restart();
  }

  disconnectedCallback() {
    this.#leave();
  }

  attributeChangedCallback(_name, before, after) {
    if (before !== after) this.restart();
  }

  /** Begin anew, once, after all attributes of this moment have been set. */
  restart() {
    if (this.#starting) return;
    this.#starting = true;
    queueMicrotask(() => {
      this.#starting = false;
      this.#leave();
      if (this.isConnected) this.#enter();
    });
  }

  async #enter() {
    if (!this.token) {
      this.showLoading();
      this.#askForToken();
      return;
    }
    const link = linkTo(this.getAttribute("endpoint") ?? "/graphql", this.token);
    this.#link = link;
    link.addEventListener("state", this.#showState);
    this.useZone(null);
    this.showLoading();
    this.#showConnection();
    try {
      await this.start();
    } catch (error) {
      if (this.#link !== link) return;
      this.stop(); // what could not begin follows nothing until it is tried again
      this.showRefusal(error);
    }
  }

  #leave() {
    if (!this.#link) return;
    this.stop();
    this.#link.removeEventListener("state", this.#showState);
    this.#link = null;
  }

  /** Write dates in the zone of the program from now on. */
  useZone(zone) {
    this.formats = new Formats(this.getAttribute("lang") ?? navigator.language, zone);
  }

  showLoading() {
    this.isReady = false;
    this.body.setAttribute("aria-busy", "true");
    const bars = Array.from({ length: 4 }, () => node("span", { class: "bone" }));
    const words = node("p", { class: "unseen" }, this.say("loading"));
    this.body.replaceChildren(node("div", { class: "bones" }, ...bars), words);
  }

  showReady(...children) {
    this.#show(true, children);
  }

  #show(isReady, children) {
    this.isReady = isReady;
    this.body.removeAttribute("aria-busy");
    this.body.replaceChildren(...children);
  }

  /** Say what went wrong and what can be done. */
  showRefusal(refusal) {
    if (refusal.isAboutRights) this.#askForToken();
    const again = node("button", { type: "button", class: "quiet" }, this.say("again"));
    again.addEventListener("click", () => this.restart());
    const reason = refusal.isAboutRights ? this.say("refused") : refusal.message;
    const sentence = node("p", {}, reason);
    this.#show(false, [node("div", { class: "empty", role: "alert" }, sentence, again)]);
  }

  /** Ask the page for a token, which it answers by setting the property of that name. */
  #askForToken() {
    if (Date.now() - this.#asked < ASK_MS) return;
    this.#asked = Date.now();
    this.dispatchEvent(new CustomEvent("guerdon-needs-token", { bubbles: true, composed: true }));
  }

  #showConnection() {
    const state = this.#link?.state;
    this.connection.hidden = state !== "waiting";
    this.connection.textContent = this.connection.hidden ? "" : this.say("waiting");
  }

  /** Tell screen readers, politely and not more often than every few seconds; the newest counts. */
  announce(sentence) {
    clearTimeout(this.#announcing);
    const wait = Math.max(50, this.#announced + ANNOUNCE_MS - Date.now());
    this.#announcing = setTimeout(() => {
      this.#announced = Date.now();
      this.#status.textContent = sentence;
    }, wait);
  }
}
