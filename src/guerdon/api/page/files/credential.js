/**
 * The credential of the pages: it comes in the fragment of their address
 * (`#key=...&members=ada,ben&tills=...`), which browsers send to nobody; it is kept for this tab and
 * taken out of the address at once. `tills` are keys of partners, for the partner's page.
 */

const KEPT = "guerdon-page";

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}

/** What the fragment brought, or what an earlier visit of this tab kept; null: nothing. */
export function credential() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.has("key")) {
    const list = (name) => (fragment.get(name) ?? "").split(",").filter(Boolean);
    const brought = { key: fragment.get("key"), members: list("members"), tills: list("tills") };
    sessionStorage.setItem(KEPT, JSON.stringify(brought));
    history.replaceState(null, "", location.pathname);
  }
  return kept();
}

/** Keep a key that was pasted. */
export function keep(key) {
  const members = kept()?.members ?? [];
  sessionStorage.setItem(KEPT, JSON.stringify({ key, members, tills: [] }));
}

/** Keep nothing any more: what was kept is not accepted. */
export function forget() {
  sessionStorage.removeItem(KEPT);
}

/**
 * Show a page: `open` gets the credential and throws a Refusal, `ask(why)` asks for another one.
 * A key can be pasted into `form`, and a link with another fragment loads the page anew.
 */
export function begin({ open, ask, form, field }) {
  const start = async () => {
    const found = credential();
    if (!found) return ask();
    try {
      await open(found);
    } catch (error) {
      if (error.isAboutRights) {
        forget();
        ask(
          "This key is not accepted: the demo that made it has ended, or it has expired. Open the link that guerdon printed last.",
        );
      } else {
        ask(`${error.message} It may still be starting; load this page again in a moment.`);
      }
    }
  };
  form.addEventListener("submit", (sent) => {
    sent.preventDefault();
    keep(field.value.trim());
    field.value = "";
    start();
  });
  addEventListener("hashchange", () => location.hash.includes("key=") && location.reload());
  return start();
}
