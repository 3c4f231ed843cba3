/**
 * <guerdon-rewards member="ada" partners>: what a member can redeem, and what they hold for it.
 *
 * Each reward says its price and, if it cannot be had now, why not; a voucher shows its code, and
 * the same as a QR code. Whatever happens to the member shows at once, a voucher that is used at
 * the till too. With `partners` only what other brands honour is shown. Without `member` it is the
 * member of the token.
 *
 * A redemption has an id before it is asked for: where the answer is lost, the next try is the same
 * redemption, and nothing is paid twice.
 */

import { GuerdonElement, appear, arrange, node } from "./element.js";
import { chance } from "./graphql.js";
import { styles } from "./looks.js";

const SHOWN = `fragment Shown on Member {
  displayName externalId wallets { slug name spendable }
  rewards(first: 100) { edges { node {
    availability cost missing wallet
    reward { slug name description kind partner { slug name } }
  } } }
  open: vouchers(states: [ISSUED]) { id kind until code qr }
  done: vouchers(states: [USED, CANCELLED, EXPIRED]) { id kind state }
  redemptions(first: 20) { edges { node {
    id state until reason reward { slug name partner { name } }
  } } }
}`;

const CATALOGUE = `program { timezone }
  catalogue: rewards(first: 100) { edges { node { slug name partner { slug name } } } }`;

const MEMBER = `query Rewards($ref: MemberRef!) {
  ${CATALOGUE} member(ref: $ref) { ...Shown journal(first: 1) { edges { cursor } } }
} ${SHOWN}`;
const ME = `query MyRewards {
  ${CATALOGUE} member: me { ...Shown journal(first: 1) { edges { cursor } } }
} ${SHOWN}`;
const AGAIN = `query RewardsNow($ref: MemberRef!) { member(ref: $ref) { ...Shown } } ${SHOWN}`;
const ME_AGAIN = `query MyRewardsNow { member: me { ...Shown } } ${SHOWN}`;

const UPDATES = `subscription RewardUpdates($member: MemberRef, $after: String) {
  memberUpdates(member: $member, after: $after) { cursor }
}`;

const REDEEM = `mutation Redeem($input: RedeemRewardInput!) {
  redeemReward(input: $input) { redemption { id state } problems { code message } }
}`;

const DONE_SHOWN = 5;
const COPIED_MS = 2_000;

class GuerdonRewards extends GuerdonElement {
  static observedAttributes = [...GuerdonElement.observedAttributes, "partners"];
  static words = {
    again: "Try again",
    AVAILABLE: "",
    BLOCKED: "Not while the membership rests",
    by: "at {partner}",
    CANCELLED: "given back",
    copied: "Copied",
    copy: "Copy the code",
    done: "Earlier",
    empty: "There is nothing to redeem here yet.",
    ENDED: "No longer offered",
    EXPIRED: "ran out",
    failed: "not possible, your units are back ({reason})",
    deadline: "nobody answered in time",
    INSUFFICIENT_POINTS: "{missing} more needed",
    issued: "Yours. Show the code at the till.",
    LIMIT: "You have had it as often as one may",
    loading: "Loading the rewards",
    nameless: "Member {id}",
    none: "Nothing to show at the till yet: redeem something.",
    NOT_ELIGIBLE: "Not for this membership",
    NOT_YET: "Not offered yet",
    offers: "To redeem",
    openPrice: "You name the value",
    OUT_OF_STOCK: "None left at the moment",
    pending: "It is being prepared; your units are set aside until then.",
    prepared: "Being prepared until {moment}; your units are set aside",
    price: "{amount} {wallet}",
    qr: "QR code of {code}",
    redeem: "Redeem",
    refused: "The rewards cannot be shown: the token is missing, wrong or expired.",
    unknown: "There is no member {id} in this program.",
    until: "until {day}",
    USED: "used",
    vouchers: "To show at the till",
    waiting: "Connection lost. Trying again …",
  };

  #unfollow = null;
  #cursor = null;
  #parts = null;
  #names = new Map();
  #wallets = new Map();
  #tries = new Map();
  #reading = null;
  #isStale = false;

  constructor() {
    super(sheet);
  }

  async start() {
    const { link, reference: ref } = this;
    const data = await (ref ? link.ask(MEMBER, { ref }) : link.ask(ME));
    if (this.link !== link) return;
    if (!data.member) throw new Error(this.say("unknown", { id: ref?.externalId ?? "" }));
    this.useZone(data.program.timezone);
    const rewards = data.catalogue.edges.map((edge) => edge.node);
    this.#names = new Map(
      rewards.filter((it) => this.#isShown(it)).map((it) => [it.slug, it]),
    );
    this.#cursor = data.member.journal.edges[0]?.cursor ?? null;
    this.#build();
    this.#show(data.member);
    this.#unfollow = link.follow(UPDATES, () => ({ member: ref, after: this.#cursor }), {
      next: ({ memberUpdates }) => {
        this.#cursor = memberUpdates.cursor;
        this.#refresh();
      },
      fail: (refusal) => refusal.isAboutRights && this.showRefusal(refusal),
    });
  }

  stop() {
    this.#unfollow?.();
    this.#unfollow = null;
    this.#parts = null;
  }

  #isShown({ partner }) {
    return !this.hasAttribute("partners") || partner !== null;
  }

  /** Read the member again; what changes while that goes on is read once more after it. */
  async #refresh() {
    this.#isStale = true;
    if (this.#reading) return this.#reading;
    this.#reading = this.#readWhileStale().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readWhileStale() {
    const { link, reference: ref } = this;
    while (this.#isStale && this.link === link && this.#parts) {
      this.#isStale = false;
      try {
        const { member } = await (ref ? link.ask(AGAIN, { ref }) : link.ask(ME_AGAIN));
        if (this.link === link && this.#parts && member) this.#show(member);
      } catch (refusal) {
        if (this.link === link && refusal.isAboutRights) this.showRefusal(refusal);
        return; // what comes next is read when it comes
      }
    }
  }

  #build() {
    const part = (name, title, list, ...more) => {
      const heading = node("h3", { id: name }, title);
      return node("section", { class: name, "aria-labelledby": name }, heading, list, ...more);
    };
    const parts = {
      name: node("h2", { id: "name" }),
      wallets: node("p", { class: "wallets figure muted" }),
      outcome: node("p", { class: "outcome", role: "status" }),
      offers: node("ul"),
      noOffers: node("p", { class: "muted" }, this.say("empty")),
      waiting: node("ul", { class: "waiting" }),
      open: node("ul"),
      noVouchers: node("p", { class: "muted" }, this.say("none")),
      done: node("ul", { class: "small muted" }),
    };
    parts.donePart = part("done", this.say("done"), parts.done);
    this.#parts = parts;
    this.showReady(
      node(
        "section",
        { class: "rewards", "aria-labelledby": "name" },
        node("header", {}, parts.name, parts.wallets),
        part("offers", this.say("offers"), parts.offers, parts.noOffers),
        parts.outcome,
        part("vouchers", this.say("vouchers"), parts.waiting, parts.open, parts.noVouchers),
        parts.donePart,
      ),
    );
  }

  #show(member) {
    const { name, wallets } = this.#parts;
    name.textContent = member.displayName ?? this.say("nameless", { id: member.externalId });
    this.#wallets = new Map(member.wallets.map((it) => [it.slug, it.name]));
    wallets.textContent = member.wallets
      .map((it) => this.#units(it.spendable, it.slug))
      .join(" · ");
    const offers = member.rewards.edges.map((edge) => edge.node);
    this.#showOffers(offers.filter(({ reward }) => this.#isShown(reward)));
    const redemptions = member.redemptions.edges.map((edge) => edge.node);
    const own = redemptions.filter(({ reward }) => this.#isShown(reward));
    this.#showWaiting(own.filter(({ state }) => state === "PENDING"));
    this.#showVouchers(member.open.filter(({ kind }) => this.#isNamed(kind)));
    this.#showDone([
      ...own.filter(({ state }) => state === "FAILED").map((it) => this.#failed(it)),
      ...member.done.filter(({ kind }) => this.#isNamed(kind)).map((it) => this.#over(it)),
    ]);
  }

  /** Vouchers may come from tiers and missions too: those are no partner's. */
  #isNamed(kind) {
    return !this.hasAttribute("partners") || this.#names.has(kind);
  }

  #units(amount, wallet) {
    const name = this.#wallets.get(wallet) ?? wallet;
    return this.say("price", { amount: this.formats.number(amount), wallet: name });
  }

  #showOffers(offers) {
    this.#parts.noOffers.hidden = offers.length > 0;
    arrange(this.#parts.offers, offers, {
      key: ({ reward }) => reward.slug,
      make: (offer) => this.#card(offer),
      update: (item, { availability, cost, missing, wallet }) => {
        const [about, button] = item.children;
        const [, , price, why] = about.children;
        price.textContent = cost === null ? this.say("openPrice") : this.#units(cost, wallet);
        const lacking = missing === null ? "" : this.formats.number(missing);
        why.textContent = this.say(availability, { missing: lacking });
        const isOpen = availability === "AVAILABLE" && cost !== null;
        item.classList.toggle("closed", !isOpen);
        // It stays where it is, so that whoever works with the keyboard is not thrown out.
        button.setAttribute("aria-disabled", !isOpen || button.dataset.busy === "true");
      },
    });
  }

  #card({ reward }) {
    const by = reward.partner ? this.say("by", { partner: reward.partner.name }) : "";
    const button = node(
      "button",
      {
        type: "button",
        class: "take",
        "aria-label": `${this.say("redeem")}: ${reward.name}`,
        "aria-describedby": `why-${reward.slug}`,
      },
      this.say("redeem"),
    );
    button.addEventListener("click", () => this.#redeem(reward.slug, button));
    const about = node(
      "div",
      {},
      node("p", {}, node("strong", {}, reward.name), " ", node("span", { class: "muted small" }, by)),
      node("p", { class: "muted small", hidden: !reward.description }, reward.description),
      node("p", { class: "figure small" }),
      node("p", { class: "why small", id: `why-${reward.slug}` }),
    );
    return node("li", {}, about, button);
  }

  async #redeem(reward, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    const { link, reference: member } = this;
    const redemptionId = this.#tries.get(reward) ?? `page-${chance()}`;
    this.#tries.set(reward, redemptionId);
    button.dataset.busy = "true";
    button.setAttribute("aria-disabled", "true");
    try {
      const input = { redemptionId, reward, ...(member ? { member } : {}) };
      const { redeemReward: answer } = await link.ask(REDEEM, { input });
      this.#tries.delete(reward);
      const [problem] = answer.problems;
      const isPending = answer.redemption?.state === "PENDING";
      this.#tell(problem?.message ?? this.say(isPending ? "pending" : "issued"), Boolean(problem));
    } catch (refusal) {
      if (refusal.code !== "NETWORK") this.#tries.delete(reward);
      this.#tell(refusal.message, true);
    } finally {
      delete button.dataset.busy;
      if (this.link === link) await this.#refresh();
    }
  }

  #tell(sentence, isBad) {
    const outcome = this.#parts?.outcome;
    if (!outcome) return;
    outcome.classList.toggle("bad", isBad);
    outcome.textContent = sentence;
  }

  /** Show what a partner has yet to fulfil. */
  #showWaiting(redemptions) {
    arrange(this.#parts.waiting, redemptions, {
      key: (redemption) => redemption.id,
      make: ({ reward }) =>
        node(
          "li",
          {},
          node(
            "div",
            {},
            node("p", {}, node("strong", {}, reward.name)),
            node("p", { class: "small" }),
          ),
        ),
      update: (item, { until }) => {
        const moment = until ? this.formats.exactly(until) : "";
        item.firstChild.lastChild.textContent = this.say("prepared", { moment });
      },
    });
  }

  #showVouchers(vouchers) {
    const wasEmpty = this.#parts.open.childElementCount === 0 && !this.#parts.noVouchers.hidden;
    const { noVouchers, waiting } = this.#parts;
    noVouchers.hidden = vouchers.length + waiting.childElementCount > 0;
    const fresh = arrange(this.#parts.open, vouchers, {
      key: (voucher) => voucher.id,
      make: (voucher) => this.#slip(voucher),
      update: () => {},
    });
    if (!wasEmpty) fresh.forEach(appear);
  }

  #slip({ kind, until, code, qr }) {
    const name = this.#names.get(kind);
    const text = node(
      "div",
      {},
      node("p", {}, node("strong", {}, name?.name ?? kind)),
      node("p", { class: "muted small" }, this.#slipNotes(name, until)),
      code && node("p", { class: "code figure" }, code),
    );
    if (code && navigator.clipboard) text.append(this.#copier(code));
    const image =
      qr &&
      node("img", {
        class: "qr",
        alt: this.say("qr", { code }),
        src: `data:image/svg+xml,${encodeURIComponent(qr)}`,
      });
    return node("li", {}, image, text);
  }

  #slipNotes(reward, until) {
    const notes = [];
    if (reward?.partner) notes.push(this.say("by", { partner: reward.partner.name }));
    if (until) notes.push(this.say("until", { day: this.formats.lastDay(until) }));
    return notes.join(" · ");
  }

  #copier(code) {
    const button = node("button", { type: "button", class: "quiet" }, this.say("copy"));
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code);
      button.textContent = this.say("copied");
      setTimeout(() => (button.textContent = this.say("copy")), COPIED_MS);
    });
    return button;
  }

  #failed({ id, reward, reason }) {
    const why = reason === "deadline" ? this.say("deadline") : (reason ?? "");
    return { id, text: `${reward.name} · ${this.say("failed", { reason: why })}` };
  }

  #over({ id, kind, state }) {
    return { id, text: `${this.#names.get(kind)?.name ?? kind} · ${this.say(state)}` };
  }

  #showDone(ended) {
    this.#parts.donePart.hidden = ended.length === 0;
    arrange(this.#parts.done, ended.slice(0, DONE_SHOWN), {
      key: (it) => it.id,
      make: () => node("li"),
      update: (item, { text }) => (item.textContent = text),
    });
  }
}

const sheet = styles(`
  .rewards { display: grid; gap: 1.5rem; }
  section > h3 { margin-bottom: 0.75rem; }
  .offers ul, .vouchers ul { display: grid; gap: 0.75rem; }
  .offers li {
    display: flex; align-items: center; justify-content: space-between; gap: 1rem;
    padding-bottom: 0.75rem; border-bottom: 1px solid var(--_line);
  }
  .offers li:last-child { border-bottom: 0; padding-bottom: 0; }
  .why { color: var(--_accent); }
  .why:empty { display: none; }
  .take {
    flex: none; min-height: 2.75rem; padding: 0 1.25rem; border: 1px solid var(--_accent);
    border-radius: 2rem; background: var(--_accent); color: var(--_on-accent); font-weight: 600; cursor: pointer;
  }
  .take[aria-disabled="true"] {
    border-color: var(--_line); background: transparent; color: var(--_muted); cursor: not-allowed;
  }
  .take[data-busy] { cursor: progress; }
  .outcome:empty { display: none; }
  .outcome { color: var(--_good); font-weight: 600; }
  .outcome.bad { color: var(--_accent); }
  .vouchers li {
    display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: 1rem;
    border: 1px dashed var(--_accent); border-radius: var(--_radius); background: var(--_accent-soft);
  }
  .vouchers .waiting:not(:empty) { margin-bottom: 0.75rem; }
  .vouchers .waiting li { background: none; }
  .vouchers .muted { color: inherit; }
  .vouchers > .muted { color: var(--_muted); }
  .qr { width: 9rem; height: 9rem; border-radius: 0.5rem; background: white; }
  .code {
    margin-block: 0.25rem 0.5rem; font: 600 1.25rem/1.3 ui-monospace, "Noto Sans Mono", monospace;
    overflow-wrap: anywhere; user-select: all;
  }
  .vouchers .quiet { border-color: currentColor; }
  [hidden] { display: none !important; }
`);

customElements.define("guerdon-rewards", GuerdonRewards);
