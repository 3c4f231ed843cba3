/**
 * The live page: who is looked at, which leaderboard, and the till.
 *
 * The till needs a key that may record purchases: a member's token shows everything and hides the
 * till. Where the credential comes from is the matter of `credential.js`.
 */

import { chance, linkTo } from "/elements/graphql.js";
import { node } from "/elements/element.js";
import { begin } from "/page/credential.js";

const ENDPOINT = "/graphql";
const OTHER = "";
const AMOUNTS = ["1.29", "9.90", "12.50", "18.00", "24.90", "31.50", "89.00"];
const PAUSE_MS = [1_500, 4_000];
const RUN_AT_MOST_MS = 15 * 60_000;

const PROGRAM = `query Page { viewer { role } program { name leaderboards { slug name } } }`;
const WHO = `query Who($ref: MemberRef!) { member(ref: $ref) { displayName } }`;
const RECORD = `mutation Record($input: RecordActivitiesInput!) {
  recordActivities(input: $input) {
    receipts { result reason activity { result reason effects { summary } } }
    problems { message }
  }
}`;

const at = (id) => document.getElementById(id);

function askForKey(why) {
  if (why) at("sign-in-why").textContent = why;
  at("panels").hidden = true;
  at("sign-in").hidden = false;
}

/** The page for one credential. */
class Page {
  #link;
  #key;
  #members;
  #isMember;
  #timer = null;
  #runsUntil = 0;

  constructor({ key, members, tills }) {
    at("partners").hidden = !tills?.length;
    this.#key = key;
    this.#members = members;
    this.#link = linkTo(ENDPOINT, key);
  }

  async open() {
    const { viewer, program } = await this.#link.ask(PROGRAM);
    this.#isMember = viewer.role === "MEMBER";
    document.title = `${program.name} · guerdon`;
    at("program").textContent = program.name;
    at("sign-in").hidden = true;
    at("panels").hidden = false;
    at("till").hidden = this.#isMember;
    this.#link.addEventListener("state", () => this.#showState());
    this.#showState();
    // Whom we look at comes first, so that the leaderboard is read for them at once.
    if (this.#isMember) this.#lookAt(null);
    else this.#openTill();
    this.#showBoards(program.leaderboards);
    if (!this.#isMember) await this.#nameMembers();
  }

  #showState() {
    at("live").hidden = this.#link.state !== "live";
  }

  #element(name, attributes) {
    const made = node(name, { endpoint: ENDPOINT, ...attributes });
    made.token = this.#key;
    if (!this.#isMember)
      made.words = { own: "Shown", moved: "{name} is now number {rank}, with {score}." };
    return made;
  }

  // ------------------------------------------------------------ leaderboards

  #showBoards(boards) {
    const tabs = boards.map(({ slug, name }) => {
      const tab = node(
        "button",
        { type: "button", role: "tab", id: `tab-${slug}`, "aria-controls": "board" },
        name,
      );
      tab.addEventListener("click", () => this.#choose(slug));
      return tab;
    });
    at("boards").replaceChildren(...tabs);
    at("boards").hidden = boards.length < 2;
    at("boards").onkeydown = (pressed) => this.#onArrow(pressed, tabs);
    if (boards.length > 0) this.#choose(boards[0].slug);
  }

  #choose(slug) {
    for (const tab of at("boards").children) {
      const isChosen = tab.id === `tab-${slug}`;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
    }
    const board = this.#element("guerdon-leaderboard", { leaderboard: slug, member: this.member });
    at("board").setAttribute("aria-labelledby", `tab-${slug}`);
    at("board").replaceChildren(board);
  }

  #onArrow(pressed, tabs) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[pressed.key];
    if (!way) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + way + tabs.length) % tabs.length];
    next.focus();
    next.click();
    pressed.preventDefault();
  }

  // ------------------------------------------------------------ whom we look at

  get member() {
    return this.#isMember ? null : at("who").value || at("other").value.trim() || null;
  }

  #openTill() {
    const options = this.#members.map((id) => node("option", { value: id }, id));
    at("who").replaceChildren(...options, node("option", { value: OTHER }, "Another member …"));
    at("who").onchange = () => this.#onWho();
    at("look-up").onclick = () => this.#lookAt(this.member);
    at("purchase").onsubmit = (sent) => {
      sent.preventDefault();
      this.#recordPurchase();
    };
    at("run").onclick = () => this.#run(at("run").getAttribute("aria-checked") !== "true");
    at("run").hidden = this.#members.length === 0;
    this.#onWho();
  }

  /** Let members be chosen by their names; who shows none keeps the id. */
  async #nameMembers() {
    await Promise.all(
      this.#members.map(async (id, index) => {
        const { member } = await this.#link.ask(WHO, { ref: { externalId: id } });
        if (member?.displayName) at("who").options[index].textContent = member.displayName;
      }),
    );
  }

  #onWho() {
    const isOther = at("who").value === OTHER;
    at("other-field").hidden = !isOther;
    if (!isOther) this.#lookAt(at("who").value);
    else if (this.#members.length === 0) at("member").replaceChildren();
  }

  #lookAt(member) {
    at("member").replaceChildren(this.#element("guerdon-member", { member }));
    at("board").firstElementChild?.setAttribute("member", member ?? "");
  }

  // ------------------------------------------------------------ the till

  async #recordPurchase() {
    const button = at("record");
    if (button.getAttribute("aria-disabled") === "true") return;
    if (!this.member) {
      this.#tell("Say which member buys.", true);
      at("other").focus();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    try {
      const { member } = this;
      const amount = new FormData(at("purchase")).get("amount");
      const { sentence, isBad } = await this.#record(member, amount);
      this.#tell(sentence, isBad);
      const shown = at("member").firstElementChild;
      const isShown = shown?.isReady && shown.getAttribute("member") === member;
      if (!isBad && !isShown) this.#lookAt(member); // the purchase may have enrolled them
    } catch (error) {
      this.#tell(error.message, true);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #tell(sentence, isBad = false) {
    at("outcome").classList.toggle("bad", isBad);
    at("outcome").textContent = sentence;
  }

  /** Record a purchase and return a sentence about its outcome. */
  async #record(member, amount) {
    const activity = {
      activityId: `till-${chance()}`,
      type: "purchase",
      member: { externalId: member },
      amount,
    };
    const input = { activities: [activity], wait: "DECIDED" };
    const { recordActivities: answer } = await this.#link.ask(RECORD, { input });
    const [receipt] = answer.receipts;
    const { result, reason, effects = [] } = receipt?.activity ?? receipt ?? {};
    if (result === "ACCEPTED") {
      const sentences = effects.map((effect) => effect.summary);
      return { sentence: sentences.join(" · ") || "Recorded; it earns nothing." };
    }
    if (result === "PENDING") return { sentence: "Recorded; it will be counted in a moment." };
    const why = answer.problems.map((problem) => problem.message).join(" ");
    return { sentence: why || `Not counted: ${reason ?? result}.`, isBad: true };
  }

  /** Let somebody buy something every few seconds, until told otherwise or the page is left alone. */
  #run(isOn) {
    at("run").setAttribute("aria-checked", isOn);
    clearTimeout(this.#timer);
    if (!isOn) return;
    this.#runsUntil = Date.now() + RUN_AT_MOST_MS;
    this.#plan();
  }

  #plan() {
    const [least, most] = PAUSE_MS;
    this.#timer = setTimeout(() => this.#buySomething(), least + Math.random() * (most - least));
  }

  async #buySomething() {
    const pick = (list) => list[Math.floor(Math.random() * list.length)];
    if (document.hidden) return this.#plan();
    if (Date.now() > this.#runsUntil) return this.#run(false);
    try {
      await this.#record(pick(this.#members), pick(AMOUNTS));
    } catch (error) {
      if (error.isAboutRights) return this.#run(false);
    }
    if (at("run").getAttribute("aria-checked") === "true") this.#plan();
  }
}

const prices = new Intl.NumberFormat(navigator.language, { minimumFractionDigits: 2 });
for (const price of document.querySelectorAll(".choices b")) {
  price.textContent = prices.format(price.textContent);
}
begin({
  open: (credential) => new Page(credential).open(),
  ask: askForKey,
  form: at("sign-in-form"),
  field: at("key"),
});
