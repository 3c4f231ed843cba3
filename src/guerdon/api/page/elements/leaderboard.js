/**
 * <guerdon-leaderboard leaderboard="monthly" member="ada" first="10">: who leads, live.
 *
 * Each update holds the whole visible state, so that one that was missed is no loss. The member in
 * question (the token's, or `member`) is marked, and shown below the list when it is not in it.
 */

import { GuerdonElement, appear, arrange, glide, isStill, node } from "./element.js";
import { styles } from "./looks.js";

const ENTRY =
  "fragment Entry on LeaderboardEntry { id rank score profile { displayName avatarUrl isViewer } }";

const LEADERBOARD = `query Leaderboard($slug: String!, $first: Int!) {
  program { timezone }
  leaderboard(slug: $slug) {
    name
    period { startsAt endsAt total entries(first: $first) { edges { node { ...Entry } } } }
  }
} ${ENTRY}`;

const OWN_ENTRY = `query OwnEntry($slug: String!, $member: MemberRef!) {
  leaderboard(slug: $slug) { period { entry(member: $member) { ...Entry } } }
} ${ENTRY}`;

const ME = "query Me { me { id } }";

const UPDATES = `subscription LeaderboardUpdates($slug: String!, $first: Int!, $around: MemberRef) {
  leaderboardUpdates(slug: $slug, first: $first, around: $around) {
    total entries { ...Entry } around { ...Entry }
  }
} ${ENTRY}`;

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MOVE_SHOWN_MS = 6_000;

/** Four characters that stay the same for the same id, and say nothing else about it. */
function code(id) {
  let hash = 2_166_136_261;
  for (const character of id) hash = Math.imul(hash ^ character.codePointAt(0), 16_777_619);
  return ((hash >>> 0) % 36 ** 4).toString(36).toUpperCase().padStart(4, "0");
}

class GuerdonLeaderboard extends GuerdonElement {
  static observedAttributes = [...GuerdonElement.observedAttributes, "leaderboard", "first"];
  static words = {
    again: "Try again",
    allTime: "All time",
    empty: "Nobody is on this leaderboard yet. The first purchase changes that.",
    loading: "Loading the leaderboard",
    member: "Member",
    moved: "You are now number {rank}, with {score}.",
    nobody: "Member {code}",
    own: "You",
    missing: "There is no leaderboard called “{slug}”.",
    rank: "Rank",
    refused: "This leaderboard cannot be shown: its token is missing, wrong or expired.",
    score: "Score",
    total: "{total} members",
    waiting: "Connection lost. Trying again …",
  };

  #unfollow = null;
  #rollover = null;
  #around = null;
  #own = null;
  #ownRank = null;
  #latest = null;
  #parts = null;

  constructor() {
    super(sheet);
  }

  get #slug() {
    return this.getAttribute("leaderboard") ?? "";
  }

  get #first() {
    return Math.min(100, Math.max(1, Number(this.getAttribute("first")) || 10));
  }

  async start() {
    const link = this.link;
    this.#own = this.#ownRank = this.#latest = null;
    this.#around = this.reference ?? (await this.#me(link));
    if (this.link !== link) return;
    this.#unfollow = link.follow(
      UPDATES,
      () => ({ slug: this.#slug, first: this.#first, around: this.#around }),
      {
        next: (data) => this.#update(data.leaderboardUpdates),
        fail: (refusal) => refusal.isAboutRights && this.showRefusal(refusal),
      },
    );
    await this.#read(link);
  }

  stop() {
    this.#unfollow?.();
    this.#unfollow = null;
    clearTimeout(this.#rollover);
    this.#parts = null;
  }

  /** The reference to the token's member; null where the token belongs to no member. */
  async #me(link) {
    const { me } = await link.ask(ME);
    return me && { id: me.id };
  }

  /** Read name, period and entries; where an update has overtaken the answer, that one is shown. */
  async #read(link) {
    const [data] = await Promise.all([
      link.ask(LEADERBOARD, { slug: this.#slug, first: this.#first }),
      this.#findOwn(link),
    ]);
    if (this.link !== link) return;
    if (!data.leaderboard) throw new Error(this.say("missing", { slug: this.#slug }));
    const { name, period } = data.leaderboard;
    this.useZone(data.program.timezone);
    this.#build(name);
    this.#name(period);
    const entries = period?.entries.edges.map((edge) => edge.node) ?? [];
    const around = this.#own ? [this.#own] : [];
    this.#show(this.#latest ?? { total: period?.total ?? 0, entries, around });
  }

  /** Find which entry is the member's own: entries name no member, because all may read them. */
  async #findOwn(link) {
    if (!this.#around) return;
    const data = await link.ask(OWN_ENTRY, { slug: this.#slug, member: this.#around });
    if (this.link !== link) return;
    this.#own = data.leaderboard?.period?.entry ?? null;
    this.#ownRank ??= this.#own?.rank ?? null;
  }

  async #update(update) {
    this.#latest = update;
    if (!this.#parts) return;
    const link = this.link;
    if (this.#around && !this.#own && update.around.length > 0) {
      await this.#findOwn(link).catch(() => {});
      if (this.link !== link || this.#latest !== update) return;
    }
    this.#show(update);
  }

  /** Build what stays while figures change. */
  #build(name) {
    const columns = ["rank", "member", "score"].map((column) =>
      node("th", { scope: "col", class: column }, this.say(column)),
    );
    const parts = {
      when: node("p", { class: "muted small" }),
      count: node("p", { class: "muted small figure" }),
      rows: node("tbody"),
      ownRow: node("tbody", { class: "own-part", hidden: true }),
      nobody: node("p", { class: "empty", hidden: true }, this.say("empty")),
    };
    parts.table = node(
      "table",
      { "aria-labelledby": "name" },
      node("thead", {}, node("tr", {}, ...columns)),
      parts.rows,
      parts.ownRow,
    );
    const title = node("div", {}, node("h2", { id: "name", part: "title" }, name), parts.when);
    const header = node("header", {}, title, parts.count);
    this.#parts = parts;
    this.showReady(
      node("section", { "aria-labelledby": "name" }, header, parts.table, parts.nobody),
    );
  }

  /** Say which period is shown, and read anew when it is over. */
  #name(period) {
    clearTimeout(this.#rollover);
    const isBounded = period?.startsAt && period?.endsAt;
    this.#parts.when.textContent = isBounded
      ? this.formats.period(period.startsAt, period.endsAt)
      : this.say("allTime");
    const left = isBounded ? new Date(period.endsAt) - Date.now() : Infinity;
    if (left > 0 && left < LONGEST_TIMER_MS) {
      this.#rollover = setTimeout(() => this.restart(), left + 1_000);
    }
  }

  #isOwn(entry) {
    return entry.profile.isViewer || entry.id === this.#own?.id;
  }

  /** The name somebody shows; who shows none is told apart by a code. */
  #nameOf(entry) {
    const own = this.#isOwn(entry) ? this.getAttribute("member") : null;
    return entry.profile.displayName ?? own ?? this.say("nobody", { code: code(entry.id) });
  }

  #show({ total, entries, around }) {
    const { rows, table, nobody, count } = this.#parts;
    const places = new Map([...rows.children].map((it) => [it, it.getBoundingClientRect().top]));
    const fresh = this.#arrange(rows, entries);
    for (const [row, place] of places) {
      if (row.isConnected) glide(row, place);
    }
    if (places.size > 0) fresh.forEach(appear);
    this.#showOwn(entries, around);
    count.textContent = this.say("total", { total: this.formats.number(total) });
    table.hidden = entries.length === 0;
    nobody.hidden = entries.length > 0;
  }

  /** Below the list, the member's own place where it is not among the first. */
  #showOwn(entries, around) {
    const own = [...entries, ...around].find((entry) => this.#isOwn(entry));
    const isOutside = own && !entries.some((entry) => entry.id === own.id);
    this.#arrange(this.#parts.ownRow, isOutside ? [own] : []);
    this.#parts.ownRow.hidden = !isOutside;
    if (!own) return;
    if (this.#ownRank !== null && own.rank !== this.#ownRank) {
      const [rank, score] = [own.rank, own.score].map((figure) => this.formats.number(figure));
      this.announce(this.say("moved", { name: this.#nameOf(own), rank, score }));
    }
    this.#ownRank = own.rank;
  }

  #arrange(part, entries) {
    return arrange(part, entries, {
      key: (entry) => entry.id,
      make: () => this.#row(),
      update: (row, entry) => this.#fill(row, entry),
    });
  }

  #row() {
    const move = node("span", { class: "move", "aria-hidden": "true" });
    const own = node("span", { class: "you", hidden: true }, this.say("own"));
    return node(
      "tr",
      {},
      node("td", { class: "rank figure" }, node("span"), move),
      node("th", { scope: "row", class: "member" }, node("span", { class: "name" }), own),
      node("td", { class: "score figure" }),
    );
  }

  #fill(row, entry) {
    const [rank, member, score] = row.cells;
    const before = row.entry;
    row.entry = entry;
    rank.firstElementChild.textContent = this.formats.number(entry.rank);
    const [name, own] = member.children;
    name.textContent = this.#nameOf(entry);
    name.classList.toggle("muted", !entry.profile.displayName);
    own.hidden = !this.#isOwn(entry);
    row.classList.toggle("own", this.#isOwn(entry));
    score.textContent = this.formats.number(entry.score);
    if (before && before.rank !== entry.rank)
      this.#mark(rank.lastElementChild, before.rank - entry.rank);
    if (before && before.score !== entry.score && !isStill()) {
      score.animate([{ color: "var(--_accent)", fontWeight: 700 }, {}], 1_500);
    }
  }

  /** Show for a moment by how many places somebody moved. */
  #mark(mark, places) {
    mark.textContent = places > 0 ? `▲ ${places}` : `▼ ${-places}`;
    mark.classList.toggle("up", places > 0);
    clearTimeout(mark.timer);
    mark.timer = setTimeout(() => (mark.textContent = ""), MOVE_SHOWN_MS);
  }
}

const sheet = styles(`
  header { display: flex; align-items: end; justify-content: space-between; gap: 1rem; padding-bottom: 0.75rem; }
  table { width: 100%; border-collapse: collapse; table-layout: fixed; }
  thead th {
    padding: 0.25rem 0.75rem; color: var(--_muted); font-size: 0.8125rem; font-weight: 600; text-align: start;
    border-bottom: 1px solid var(--_line);
  }
  td, tbody th { padding: 0.625rem 0.75rem; text-align: start; font-weight: 400; border-bottom: 1px solid var(--_line); }
  tbody:not(.own-part) tr:last-child > * { border-bottom: 0; }
  .rank { width: 5rem; white-space: nowrap; }
  thead .score, .score { width: 7.5rem; text-align: end; }
  tbody .rank { font: 600 1.125rem/1.4 var(--_display); }
  tbody .score { font-weight: 600; }
  tbody:not(.own-part) tr:first-child .rank { color: var(--_accent); }
  .member { overflow-wrap: anywhere; }
  .own > * { background: var(--_accent-soft); }
  .own > :first-child { border-start-start-radius: 0.75rem; border-end-start-radius: 0.75rem; }
  .own > :last-child { border-start-end-radius: 0.75rem; border-end-end-radius: 0.75rem; }
  .own-part::before { content: ""; display: block; height: 0.5rem; }
  .own-part tr > * { border-bottom: 0; }
  .you {
    display: inline-block; margin-inline-start: 0.5rem; padding: 0 0.5rem; border-radius: 1rem;
    white-space: nowrap; background: var(--_accent);
    color: var(--_on-accent); font-size: 0.75rem; font-weight: 600;
  }
  .move { margin-inline-start: 0.5rem; font: 600 0.75rem/1 system-ui, sans-serif; color: var(--_muted); }
  .move.up { color: var(--_good); }
  [hidden] { display: none; }
  @container (max-width: 24rem) {
    td, tbody th, thead th { padding-inline: 0.375rem; }
    .rank { width: 4.25rem; }
    thead .score, .score { width: 5.75rem; }
  }
`);

customElements.define("guerdon-leaderboard", GuerdonLeaderboard);
