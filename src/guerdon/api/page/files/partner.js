/**
 * The partner's page: on one side what a member can redeem with partners, on the other a partner's
 * till. Which member, and whose till, is chosen here; all else is in the two elements.
 *
 * The till needs a partner's key, the member's side a member's token or a key that may read and
 * redeem for members; whoever brings only one of them sees that side alone.
 */

import { linkTo } from "/elements/graphql.js";
import { node } from "/elements/element.js";
import { begin } from "/page/credential.js";

const ENDPOINT = "/graphql";
const WHO = `query Who { viewer { role partner { name } } program { name } }`;
const MEMBER = `query Member($ref: MemberRef!) { member(ref: $ref) { displayName } }`;

const at = (id) => document.getElementById(id);

function ask(why) {
  if (why) at("sign-in-why").textContent = why;
  at("panels").hidden = true;
  at("sign-in").hidden = false;
}

/** Put an element for one credential into `place`. */
function show(place, name, token, attributes = {}) {
  const made = node(name, { endpoint: ENDPOINT, ...attributes });
  made.token = token;
  place.replaceChildren(made);
}

/** Fill a choice, which is shown where there is anything to choose, and follow it. */
function choose(select, field, options, follow) {
  select.replaceChildren(...options.map(({ name }, index) => node("option", { value: index }, name)));
  field.hidden = options.length < 2;
  select.onchange = () => follow(options[Number(select.value)]);
  follow(options[0]);
}

class Page {
  #links = new Set();

  async open({ key, members, tills }) {
    const { viewer, program } = await this.#ask(key, WHO);
    document.title = `${program.name} · partners`;
    at("program").textContent = program.name;
    const isPartner = viewer.role === "PARTNER";
    const isMember = viewer.role === "MEMBER";
    const people = isPartner ? [] : isMember ? [{}] : await this.#people(key, members);
    const counters = await this.#counters(isPartner ? [key] : tills);
    if (people.length + counters.length === 0) {
      throw new Error("Paste a partner's key for its till, or a member's token for the rewards.");
    }
    at("sign-in").hidden = true;
    at("panels").hidden = false;
    at("side").hidden = people.length === 0;
    at("till").hidden = counters.length === 0;
    if (people.length > 0) {
      choose(at("who"), at("who-field"), people, ({ member }) =>
        show(at("rewards"), "guerdon-rewards", key, { member, partners: true }),
      );
    }
    if (counters.length > 0) {
      choose(at("whose"), at("whose-field"), counters, (counter) =>
        show(at("counter"), "guerdon-till", counter.key),
      );
    }
    this.#showState();
  }

  #ask(key, query, variables) {
    const link = linkTo(ENDPOINT, key);
    if (!this.#links.has(link)) {
      this.#links.add(link);
      link.addEventListener("state", () => this.#showState());
    }
    return link.ask(query, variables);
  }

  async #people(key, members) {
    return Promise.all(
      members.map(async (member) => {
        const found = await this.#ask(key, MEMBER, { ref: { externalId: member } });
        return { member, name: found.member?.displayName ?? member };
      }),
    );
  }

  async #counters(keys) {
    return Promise.all(
      keys.map(async (key) => {
        const { viewer } = await this.#ask(key, WHO);
        return { key, name: viewer.partner?.name ?? "" };
      }),
    );
  }

  #showState() {
    const states = [...this.#links].map((link) => link.state).filter((state) => state !== "idle");
    at("live").hidden = states.length === 0 || states.some((state) => state !== "live");
  }
}

begin({
  open: (credential) => new Page().open(credential),
  ask,
  form: at("sign-in-form"),
  field: at("key"),
});
