/**
 * <guerdon-till>: a partner's till. It takes a voucher's code, typed or scanned, marks the voucher
 * used, and shows what members redeem with the partner, live.
 *
 * A scanner that types is all that is needed: it writes the code into the field and ends with Enter.
 * What waits for the partner to fulfil it is answered in the list: done, or not possible.
 *
 * The list continues where it was left, after a lost connection and after a reload of the tab; it
 * says what was redeemed, and nobody's name. Its token is the partner's key: it is for screens of
 * the partner's own.
 */

import { GuerdonElement, appear, arrange, node } from "./element.js";
import { chance } from "./graphql.js";
import { styles } from "./looks.js";

const DESK = `query Desk {
  viewer { partner { slug name rewards(first: 100) { edges { node { slug name } } } } }
  program { timezone wallets { slug name } }
}`;

const USE = `mutation Use($input: UseVoucherInput!) {
  useVoucher(input: $input) { voucher { kind state } problems { code message } }
}`;

const UPDATES = `subscription RedemptionUpdates($after: String) {
  redemptionUpdates(after: $after) {
    cursor redemption { id state until reason quantity cost wallet at reward { slug name } }
  }
}`;

const ANSWERS = {
  fulfil: `mutation Fulfil($input: FulfilRedemptionInput!) {
    answer: fulfilRedemption(input: $input) { problems { code message } }
  }`,
  refuse: `mutation Refuse($input: RefuseRedemptionInput!) {
    answer: refuseRedemption(input: $input) { problems { code message } }
  }`,
};

const CLOCK_MS = 30_000;
const KEPT = "guerdon-till";

class GuerdonTill extends GuerdonElement {
  static observedAttributes = [...GuerdonElement.observedAttributes, "entries"];
  static words = {
    again: "Try again",
    CANCELLED: "Given back",
    code: "The voucher's code",
    EXPIRED: "Ran out",
    FAILED: "Not possible, units given back",
    feed: "Redeemed with you",
    fulfil: "Done",
    fulfilled: "{reward}: fulfilled.",
    ISSUED: "Not used yet",
    item: "{quantity} × {reward}",
    loading: "Loading the till",
    news: "{reward}: {state}",
    noCode: "Type or scan the code that the member shows.",
    noEntries: "Nothing since this till was opened. What members redeem with you appears here.",
    noPartner: "This key belongs to no partner: a till needs a partner's key.",
    NOT_FOUND: "No voucher of yours has this code. It may be mistyped, or another brand's.",
    PENDING: "To be fulfilled by you",
    pendingUntil: "To be fulfilled by you until {moment}",
    price: "{amount} {wallet}",
    refuse: "Not possible",
    refusal: "Not possible this time",
    refusedIt: "{reward}: the member has the units back.",
    refused: "This till cannot be opened: the partner's key is missing, wrong or revoked.",
    use: "Mark it used",
    USED: "Used",
    used: "{reward}: marked used. Hand it over.",
    VOUCHER_USED: "This voucher was used before, or is no longer good.",
    waiting: "Connection lost. Trying again …",
  };

  #unfollow = null;
  #clock = null;
  #partner = null;
  #names = new Map();
  #wallets = new Map();
  #tries = new Map();
  #parts = null;
  #kept = { cursor: null, entries: [] };

  constructor() {
    super(sheet);
  }

  get #length() {
    return Math.min(100, Math.max(1, Number(this.getAttribute("entries")) || 8));
  }

  async start() {
    const { link } = this;
    const { viewer, program } = await link.ask(DESK);
    if (this.link !== link) return;
    if (!viewer.partner) throw new Error(this.say("noPartner"));
    this.useZone(program.timezone);
    this.#partner = viewer.partner;
    this.#names = new Map(viewer.partner.rewards.edges.map(({ node: it }) => [it.slug, it.name]));
    this.#wallets = new Map(program.wallets.map((it) => [it.slug, it.name]));
    this.#kept = this.#remembered() ?? { cursor: null, entries: [] };
    this.#build();
    this.#tell();
    this.#unfollow = link.follow(UPDATES, () => ({ after: this.#kept.cursor }), {
      next: ({ redemptionUpdates }) => this.#update(redemptionUpdates),
      fail: (refusal) => this.#failed(refusal),
    });
    this.#clock = setInterval(() => this.#tell(), CLOCK_MS);
  }

  stop() {
    this.#unfollow?.();
    this.#unfollow = null;
    clearInterval(this.#clock);
    this.#parts = null;
  }

  // ------------------------------------------------------------ the list

  /** What this tab showed of this partner, for instance before a reload. */
  #remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(`${KEPT} ${this.#partner.slug}`));
    } catch {
      return null;
    }
  }

  #remember() {
    try {
      sessionStorage.setItem(`${KEPT} ${this.#partner.slug}`, JSON.stringify(this.#kept));
    } catch {
      // a tab that may keep nothing begins anew when it is loaded again
    }
  }

  /** A cursor of an installation that is gone is no use: begin anew. */
  #failed(refusal) {
    if (refusal.isAboutRights) this.showRefusal(refusal);
    else if (this.#kept.cursor && refusal.code !== "NETWORK") {
      this.#kept = { cursor: null, entries: [] };
      this.#remember();
      if (this.#parts) this.#tell();
    }
  }

  #update({ cursor, redemption }) {
    const others = this.#kept.entries.filter((entry) => entry.id !== redemption.id);
    this.#kept = { cursor, entries: [redemption, ...others].slice(0, this.#length) };
    this.#remember();
    if (!this.#parts) return;
    const news = { reward: redemption.reward.name, state: this.say(redemption.state) };
    this.announce(this.say("news", news));
    this.#tell();
  }

  #tell() {
    const { feed, noEntries } = this.#parts;
    noEntries.hidden = this.#kept.entries.length > 0;
    const fresh = arrange(feed, this.#kept.entries, {
      key: (entry) => entry.id,
      make: () =>
        node(
          "li",
          {},
          node("p", {}, node("strong"), node("span", { class: "muted small figure" })),
          node("p", { class: "state small" }),
          node("time", { class: "muted small" }),
          node("p", { class: "answers", hidden: true }),
        ),
      update: (item, entry) => {
        const { state, until, quantity, cost, wallet, at, reward } = entry;
        const [what, stands, time, answers] = item.children;
        const amount = this.formats.number(cost);
        what.firstChild.textContent =
          quantity > 1 ? this.say("item", { quantity, reward: reward.name }) : reward.name;
        what.lastChild.textContent = ` ${this.say("price", { amount, wallet: this.#wallets.get(wallet) ?? wallet })}`;
        const isPending = state === "PENDING";
        stands.textContent =
          isPending && until
            ? this.say("pendingUntil", { moment: this.formats.exactly(until) })
            : this.say(state);
        answers.hidden = !isPending;
        if (isPending && !answers.hasChildNodes()) answers.append(...this.#answersTo(entry));
        if (!isPending) answers.replaceChildren();
        item.className = state.toLowerCase();
        time.dateTime = at;
        time.title = this.formats.exactly(at);
        time.textContent = this.formats.ago(at);
      },
    });
    fresh.forEach(appear);
  }

  #answersTo({ id, reward }) {
    return ["fulfil", "refuse"].map((name) => {
      const button = node(
        "button",
        {
          type: "button",
          class: name === "fulfil" ? "take" : "quiet",
          "aria-label": `${this.say(name)}: ${reward.name}`,
        },
        this.say(name),
      );
      button.addEventListener("click", () => this.#respond(name, id, reward.name, button));
      return button;
    });
  }

  /** Say that a redemption is fulfilled, or cannot be; the list is told by its own updates. */
  async #respond(name, redemptionId, reward, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const reason = name === "refuse" ? { reason: this.say("refusal") } : {};
    try {
      const { answer } = await this.link.ask(ANSWERS[name], { input: { redemptionId, ...reason } });
      const [problem] = answer.problems;
      const done = this.say(name === "fulfil" ? "fulfilled" : "refusedIt", { reward });
      this.#answer(problem?.message ?? done, Boolean(problem), false);
    } catch (refusal) {
      this.#answer(refusal.message, true, false);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  // ------------------------------------------------------------ the till

  #build() {
    const field = node("input", {
      id: "code",
      name: "code",
      autocomplete: "off",
      autocapitalize: "characters",
      spellcheck: "false",
      maxlength: 200,
      enterkeyhint: "done",
      "aria-describedby": "outcome",
    });
    const parts = {
      field,
      use: node("button", { type: "submit", class: "take" }, this.say("use")),
      outcome: node("p", { class: "outcome", id: "outcome", role: "status" }),
      feed: node("ol"),
      noEntries: node("p", { class: "muted" }, this.say("noEntries")),
    };
    const form = node(
      "form",
      {},
      node("label", { for: "code" }, this.say("code")),
      node("div", { class: "row" }, field, parts.use),
    );
    form.addEventListener("submit", (sent) => {
      sent.preventDefault();
      this.#use();
    });
    this.#parts = parts;
    this.showReady(
      node(
        "section",
        { class: "till", "aria-labelledby": "partner" },
        node("h2", { id: "partner" }, this.#partner.name),
        form,
        parts.outcome,
        node(
          "section",
          { class: "feed", "aria-labelledby": "feed" },
          node("h3", { id: "feed" }, this.say("feed")),
          parts.feed,
          parts.noEntries,
        ),
      ),
    );
  }

  async #use() {
    const { field, use } = this.#parts;
    const code = field.value.trim();
    if (use.getAttribute("aria-disabled") === "true") return;
    if (!code) {
      field.focus();
      return this.#answer(this.say("noCode"), true);
    }
    // Where an answer is lost, the next try is the same one: it is told what became of the first.
    const activityId = this.#tries.get(code) ?? `till-${chance()}`;
    this.#tries.set(code, activityId);
    use.setAttribute("aria-disabled", "true");
    try {
      const { useVoucher: answer } = await this.link.ask(USE, { input: { code, activityId } });
      this.#tries.delete(code);
      const [problem] = answer.problems;
      if (problem) this.#answer(this.words[problem.code] ?? problem.message, true);
      else {
        const reward = this.#names.get(answer.voucher?.kind) ?? answer.voucher?.kind ?? "";
        this.#answer(this.say("used", { reward }), false);
        if (this.#parts) this.#parts.field.value = "";
      }
    } catch (refusal) {
      if (refusal.code !== "NETWORK") this.#tries.delete(code);
      this.#answer(refusal.message, true);
    } finally {
      use.removeAttribute("aria-disabled");
      this.#parts?.field.select();
    }
  }

  #answer(sentence, isBad, isAboutCode = true) {
    if (!this.#parts) return;
    const { field, outcome } = this.#parts;
    if (isAboutCode) field.setAttribute("aria-invalid", isBad);
    outcome.classList.toggle("bad", isBad);
    outcome.textContent = sentence;
  }
}

const sheet = styles(`
  .till { display: grid; gap: 1rem; }
  form { display: grid; gap: 0.25rem; }
  label { color: var(--_muted); font-size: 0.875rem; }
  .row { display: flex; flex-wrap: wrap; gap: 0.5rem; }
  input {
    flex: 1 1 12rem; min-width: 0; min-height: 2.75rem; padding: 0 0.75rem;
    border: 1px solid light-dark(#8c8175, #8a7d6e); border-radius: 0.75rem; background: var(--_surface);
    color: inherit; font: 600 1.125rem/1 ui-monospace, "Noto Sans Mono", monospace;
  }
  input[aria-invalid="true"] { border-color: var(--_accent); }
  .take {
    flex: none; min-height: 2.75rem; padding: 0 1.25rem; border: 1px solid var(--_accent);
    border-radius: 2rem; background: var(--_accent); color: var(--_on-accent); font-weight: 600; cursor: pointer;
  }
  .take[aria-disabled="true"] { filter: grayscale(0.5); cursor: progress; }
  .outcome { min-height: 1.5rem; color: var(--_good); font-weight: 600; }
  .outcome.bad { color: var(--_accent); }
  section > h3 { margin-bottom: 0.5rem; }
  .feed li {
    display: grid; grid-template-columns: 1fr auto; gap: 0 1rem;
    padding: 0.625rem 0; border-top: 1px solid var(--_line);
  }
  .feed li:first-child { border-top: 0; }
  .feed time { grid-column: 2; grid-row: 1 / span 2; align-self: center; text-align: end; }
  .state { grid-column: 1; }
  .answers { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 0.5rem; padding-top: 0.5rem; }
  .used .state { color: var(--_good); font-weight: 600; }
  .cancelled .state, .expired .state, .failed .state { color: var(--_muted); }
  [hidden] { display: none !important; }
`);

customElements.define("guerdon-till", GuerdonTill);
