/**
 * <guerdon-member member="ada">: one member's points, tier, missions, badges and what happened.
 *
 * What happens comes in order and continues after a lost connection where it was left. Without
 * `member` it is the member of the token.
 */

import { GuerdonElement, appear, arrange, isStill, node } from "./element.js";
import { minus, share } from "./formats.js";
import { styles } from "./looks.js";

const STANDING = `fragment Standing on Member {
  id externalId displayName
  wallets { slug name spendable pending debt nextExpiry { left expiresAt } }
  tiers { ladder { slug name } tier { slug name perks } until next { name at } missing }
  missions { mission { slug name description } state progress goal completedAt }
  badges { badge { slug } awardedAt }
}`;

const ENTRY = `fragment Entry on Activity {
  id type at result reason effects { __typename summary }
}`;

const MEMBER = `query Member($ref: MemberRef!, $entries: Int!) {
  program { timezone badges { slug name description imageUrl } }
  member(ref: $ref) { ...Standing journal(first: $entries) { edges { cursor node { ...Entry } } } }
} ${STANDING} ${ENTRY}`;

const ME = `query Me($entries: Int!) {
  program { timezone badges { slug name description imageUrl } }
  member: me { ...Standing journal(first: $entries) { edges { cursor node { ...Entry } } } }
} ${STANDING} ${ENTRY}`;

const UPDATES = `subscription MemberUpdates($member: MemberRef, $after: String) {
  memberUpdates(member: $member, after: $after) {
    cursor activity { ...Entry } member { ...Standing }
  }
} ${STANDING} ${ENTRY}`;

const CLOCK_MS = 30_000;
const COUNTING_MS = 700;

class GuerdonMember extends GuerdonElement {
  static observedAttributes = [...GuerdonElement.observedAttributes, "entries"];
  static words = {
    again: "Try again",
    badges: "Badges",
    badgeOpen: "not yet",
    badgeSince: "{day}",
    debt: "{amount} {wallet} will be taken from the next ones",
    done: "Done",
    expired: "Over",
    feed: "What happened",
    highest: "The highest tier",
    join: "Not joined yet",
    loading: "Loading the member",
    missing: "{amount} more for {tier}",
    missions: "Missions",
    nameless: "Member {id}",
    nextExpiry: "{amount} of them until {day}",
    noEntries: "Nothing has happened yet.",
    noExpiry: "None of them expires soon",
    pending: "{amount} more on their way",
    progress: "{progress} of {goal}",
    refused: "This member cannot be shown: the token is missing, wrong or expired.",
    rejected: "{type}: not counted ({reason})",
    tierUntil: "until {day}",
    uneventful: "{type}",
    unknown: "There is no member {id} in this program.",
    waiting: "Connection lost. Trying again …",
  };

  #unfollow = null;
  #clock = null;
  #cursor = null;
  #parts = null;
  #badges = [];
  #entries = [];

  constructor() {
    super(sheet);
  }

  get #length() {
    return Math.min(100, Math.max(1, Number(this.getAttribute("entries")) || 8));
  }

  async start() {
    const link = this.link;
    const ref = this.reference;
    const entries = this.#length;
    const data = await (ref ? link.ask(MEMBER, { ref, entries }) : link.ask(ME, { entries }));
    if (this.link !== link) return;
    if (!data.member) throw new Error(this.say("unknown", { id: ref?.externalId ?? "" }));
    const { program, member } = data;
    this.useZone(program.timezone);
    this.#badges = program.badges;
    this.#entries = member.journal.edges.map((edge) => edge.node);
    this.#cursor = member.journal.edges[0]?.cursor ?? null;
    this.#build();
    this.#show(member);
    this.#unfollow = link.follow(UPDATES, () => ({ member: ref, after: this.#cursor }), {
      next: (update) => this.#update(update.memberUpdates),
      fail: (refusal) => refusal.isAboutRights && this.showRefusal(refusal),
    });
    this.#clock = setInterval(() => this.#tell(), CLOCK_MS);
  }

  stop() {
    this.#unfollow?.();
    this.#unfollow = null;
    clearInterval(this.#clock);
    this.#parts = null;
  }

  #update({ cursor, activity, member }) {
    this.#cursor = cursor;
    if (!this.#parts) return;
    if (!this.#entries.some((entry) => entry.id === activity.id)) {
      this.#entries = [activity, ...this.#entries].slice(0, this.#length);
      this.announce(this.#sentences(activity).join(". "));
    }
    this.#show(member);
    this.dispatchEvent(
      new CustomEvent("guerdon-update", { bubbles: true, composed: true, detail: activity }),
    );
  }

  /** Build what stays while figures change. */
  #build() {
    const part = (name, title, list) => {
      const heading = node("h3", { id: name }, title);
      return node("section", { class: name, "aria-labelledby": name, hidden: true }, heading, list);
    };
    const parts = {
      initial: node("span", { class: "initial", "aria-hidden": "true" }),
      name: node("h2", { id: "name" }),
      tiers: node("ul", { class: "tiers" }),
      wallets: node("ul", { class: "wallets" }),
      missions: node("ul"),
      badges: node("ul"),
      feed: node("ol"),
    };
    parts.header = node("header", {}, parts.initial, parts.name);
    parts.missionsPart = part("missions", this.say("missions"), parts.missions);
    parts.badgesPart = part("badges", this.say("badges"), parts.badges);
    parts.feedPart = part("feed", this.say("feed"), parts.feed);
    parts.feedPart.hidden = false;
    this.#parts = parts;
    this.showReady(
      node(
        "section",
        { class: "member", "aria-labelledby": "name" },
        parts.header,
        parts.wallets,
        parts.tiers,
        parts.missionsPart,
        parts.badgesPart,
        parts.feedPart,
      ),
    );
  }

  #show(member) {
    const name = member.displayName ?? this.say("nameless", { id: member.externalId });
    this.#parts.name.textContent = name;
    this.#parts.initial.textContent = [...name][0].toLocaleUpperCase();
    this.#showWallets(member.wallets);
    this.#showTiers(member.tiers);
    this.#showMissions(member.missions);
    this.#showBadges(member.badges);
    this.#tell();
  }

  #showWallets(wallets) {
    arrange(this.#parts.wallets, wallets, {
      key: (wallet) => wallet.slug,
      make: () =>
        node(
          "li",
          {},
          node("p", { class: "points figure" }, node("strong"), node("span")),
          node("p", { class: "muted small" }),
        ),
      update: (item, wallet) => {
        const [points, notes] = item.children;
        this.#count(points.firstChild, wallet.spendable);
        points.lastChild.textContent = ` ${wallet.name}`;
        notes.textContent = this.#walletNotes(wallet).join(" · ");
      },
    });
  }

  #walletNotes({ name, spendable, pending, debt, nextExpiry }) {
    const amount = (decimal) => this.formats.number(decimal);
    const notes = [];
    if (Number(debt) > 0) notes.push(this.say("debt", { amount: amount(debt), wallet: name }));
    if (Number(pending) > 0) notes.push(this.say("pending", { amount: amount(pending) }));
    if (nextExpiry?.expiresAt) {
      const day = this.formats.lastDay(nextExpiry.expiresAt);
      notes.push(this.say("nextExpiry", { amount: amount(nextExpiry.left), day }));
    } else if (Number(spendable) > 0) notes.push(this.say("noExpiry"));
    return notes;
  }

  /** Let a figure count up to its new value. */
  #count(place, decimal) {
    const from = place.decimal;
    place.decimal = decimal;
    const digits = decimal.split(".")[1]?.length ?? 0;
    const [before, after] = [Number(from), Number(decimal)];
    place.textContent = this.formats.number(decimal);
    if (from === undefined || from === decimal || isStill()) return;
    const begin = performance.now();
    const step = (now) => {
      if (place.decimal !== decimal) return;
      const way = Math.min(1, (now - begin) / COUNTING_MS);
      const shown = before + (after - before) * (1 - (1 - way) ** 3);
      place.textContent = this.formats.number(way < 1 ? shown.toFixed(digits) : decimal);
      if (way < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #showTiers(tiers) {
    arrange(this.#parts.tiers, tiers, {
      key: (it) => it.ladder.slug,
      make: () =>
        node(
          "li",
          {},
          node("p", { class: "tier" }, node("strong"), node("span", { class: "muted small" })),
          this.#bar(),
          node("p", { class: "muted small" }),
        ),
      update: (item, { ladder, tier, until, next, missing }) => {
        const [title, bar, note] = item.children;
        title.firstChild.textContent = tier.name;
        title.lastChild.textContent = until
          ? this.say("tierUntil", { day: this.formats.lastDay(until) })
          : "";
        note.textContent = next
          ? this.say("missing", { amount: this.formats.number(missing), tier: next.name })
          : this.say("highest");
        bar.hidden = !next;
        if (next)
          this.#fill(bar, minus(next.at, missing), next.at, `${ladder.name}: ${note.textContent}`);
      },
    });
  }

  #bar() {
    return node("div", {
      class: "bar",
      role: "progressbar",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
  }

  #fill(bar, part, whole, sentence) {
    const full = share(part, whole);
    bar.setAttribute("aria-valuenow", Math.floor(full * 100));
    bar.setAttribute("aria-label", sentence);
    bar.style.setProperty("--share", full);
  }

  #showMissions(missions) {
    this.#parts.missionsPart.hidden = missions.length === 0;
    arrange(this.#parts.missions, missions, {
      key: (it) => it.mission.slug,
      make: () =>
        node(
          "li",
          {},
          node("p", { class: "mission" }, node("strong"), node("span", { class: "figure small" })),
          node("p", { class: "muted small" }),
          this.#bar(),
        ),
      update: (item, { mission, state, progress, goal, completedAt }) => {
        const [title, description, bar] = item.children;
        const steps = { progress: this.formats.number(progress), goal: this.formats.number(goal) };
        const states = {
          AVAILABLE: this.say("join"),
          ACTIVE: this.say("progress", steps),
          COMPLETED: `✓ ${this.say("done")}`,
          EXPIRED: this.say("expired"),
        };
        item.className = state.toLowerCase();
        title.firstChild.textContent = mission.name;
        title.lastChild.textContent = states[state];
        if (completedAt) title.lastChild.title = this.formats.exactly(completedAt);
        description.textContent = mission.description ?? "";
        description.hidden = !mission.description;
        const part = state === "COMPLETED" ? goal : progress;
        this.#fill(bar, part, goal, `${mission.name}: ${this.say("progress", steps)}`);
      },
    });
  }

  /** Show all badges of the program: those that are still open are outlines. */
  #showBadges(awards) {
    const since = new Map(awards.map(({ badge, awardedAt }) => [badge.slug, awardedAt]));
    this.#parts.badgesPart.hidden = this.#badges.length === 0;
    arrange(this.#parts.badges, this.#badges, {
      key: (badge) => badge.slug,
      make: (badge) => this.#medal(badge),
      update: (item, badge) => {
        const at = since.get(badge.slug);
        const wasOpen = item.classList.contains("open");
        item.classList.toggle("open", !at);
        item.lastChild.textContent = at
          ? this.say("badgeSince", { day: this.formats.day(at) })
          : this.say("badgeOpen");
        if (at && wasOpen) appear(item);
      },
    });
  }

  #medal(badge) {
    const initial = node("span", { class: "medal", "aria-hidden": "true" }, [...badge.name][0]);
    const name = node("span", { class: "badge-name" }, badge.name);
    const state = node("span", { class: "muted small" });
    const item = node("li", { title: badge.description }, initial, name, state);
    if (badge.imageUrl) {
      const image = node("img", { class: "medal", src: badge.imageUrl, alt: "" });
      image.addEventListener("load", () => initial.replaceWith(image)); // else the initial stays
    }
    return item;
  }

  #sentences({ type, result, reason, effects }) {
    const plain = type.replaceAll("_", " ");
    const sentence = plain.charAt(0).toLocaleUpperCase() + plain.slice(1);
    if (result === "REJECTED") return [this.say("rejected", { type: sentence, reason })];
    if (effects.length === 0) return [this.say("uneventful", { type: sentence })];
    return effects.map((effect) => effect.summary);
  }

  /** Show what happened, with how long ago that is now. */
  #tell() {
    const wasEmpty = this.#parts.feed.childElementCount === 0;
    const items = this.#entries.length ? this.#entries : [{ id: "none" }];
    const fresh = arrange(this.#parts.feed, items, {
      key: (entry) => entry.id,
      make: (entry) => this.#told(entry),
      update: (item, { at }) => {
        const time = item.querySelector("time");
        if (time) time.textContent = this.formats.ago(at);
      },
    });
    if (!wasEmpty) fresh.forEach(appear);
  }

  #told(entry) {
    if (entry.id === "none") return node("li", { class: "muted" }, this.say("noEntries"));
    const sentences = this.#sentences(entry).map((sentence) => node("p", {}, sentence));
    const time = node("time", {
      datetime: entry.at,
      title: this.formats.exactly(entry.at),
      class: "muted small",
    });
    return node("li", { class: entry.result.toLowerCase() }, node("div", {}, ...sentences), time);
  }
}

const sheet = styles(`
  .member { display: grid; gap: 1.5rem; }
  header { display: flex; align-items: center; gap: 0.75rem; }
  .initial, .medal {
    display: grid; place-items: center; flex: none; border-radius: 50%;
    background: var(--_accent-soft); color: var(--_accent); font: 600 1.25rem/1 var(--_display);
  }
  .initial { width: 2.75rem; height: 2.75rem; }
  section > h3 { margin-bottom: 0.75rem; }
  .points { font: 600 1.25rem/1.2 var(--_display); }
  .points strong { font-size: 2.5rem; letter-spacing: -0.01em; }
  .wallets, .tiers { display: grid; gap: 1rem; }
  .tiers li, .missions li { display: grid; gap: 0.375rem; }
  .tier, .mission { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
  .missions ul { display: grid; gap: 1.125rem; }
  .completed .figure { color: var(--_good); font-weight: 600; }
  .completed .bar::before { background: var(--_good); }
  .badges ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); gap: 1rem 0.5rem; }
  .badges li { display: grid; justify-items: center; align-content: start; gap: 0.125rem; text-align: center; }
  .badge-name { font-weight: 600; font-size: 0.875rem; line-height: 1.3; text-wrap: balance; }
  .medal { width: 3.5rem; height: 3.5rem; margin-bottom: 0.375rem; border: 2px solid var(--_accent); object-fit: cover; }
  .open .medal { background: none; border: 2px dashed var(--_line); color: var(--_muted); }
  .feed li {
    display: flex; justify-content: space-between; align-items: baseline; gap: 1rem;
    padding: 0.625rem 0; border-top: 1px solid var(--_line);
  }
  .feed li:first-child { border-top: 0; padding-top: 0; }
  .feed time { flex: none; text-align: end; }
  .rejected p { color: var(--_muted); }
  [hidden] { display: none !important; }
`);

customElements.define("guerdon-member", GuerdonMember);
