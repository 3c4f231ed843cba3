/**
 * Figures and instants as the reader writes them, through the browser's own Intl.
 *
 * The rule: decimals arrive as text and stay exact; they become floats only to measure how full a
 * bar is. Sentences are not here.
 */

const SECOND = 1_000;
const SPANS = [
  ["minute", 60 * SECOND],
  ["hour", 3_600 * SECOND],
  ["day", 86_400 * SECOND],
];
const A_WEEK = 7 * 86_400 * SECOND;

/** Everything that depends on the reader's language and the program's zone. */
export class Formats {
  #language;
  #zone;
  #numbers = new Map();

  constructor(language, zone) {
    this.#language = language || undefined;
    this.#zone = zone || undefined;
  }

  /** "1234.500" as 1,234.50: no digits that say nothing, but never half a cent. */
  number(decimal) {
    const [whole, rest = ""] = String(decimal).split(".");
    const significant = rest.replace(/0+$/, "");
    const digits = significant.length === 1 ? 2 : significant.length;
    if (!this.#numbers.has(digits)) {
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      this.#numbers.set(digits, new Intl.NumberFormat(this.#language, options));
    }
    return this.#numbers.get(digits).format(significant ? `${whole}.${significant}` : whole);
  }

  /** The day of an instant, in the program's zone. */
  day(instant) {
    return this.#date({ dateStyle: "medium" }, instant);
  }

  /** The last day of something that is gone from `instant` on. */
  lastDay(instant) {
    return this.#date({ dateStyle: "medium" }, new Date(instant) - 1);
  }

  /** The whole date and time, for those who want to know exactly. */
  exactly(instant) {
    return this.#date({ dateStyle: "full", timeStyle: "short" }, instant);
  }

  /** The period that begins at `start` and ends before `end`, said as shortly as it can be. */
  period(start, end) {
    const last = new Date(new Date(end) - 1);
    const first = new Date(start);
    const days = (last - first) / 86_400_000;
    if (days > 27 && days < 32) return this.#date({ month: "long", year: "numeric" }, first);
    return new Intl.DateTimeFormat(this.#language, {
      dateStyle: "medium",
      timeZone: this.#zone,
    }).formatRange(first, last);
  }

  /** How long ago, for a week; after that the day. */
  ago(instant, now = Date.now()) {
    const past = now - new Date(instant);
    if (past >= A_WEEK) return this.day(instant);
    const relative = new Intl.RelativeTimeFormat(this.#language, { numeric: "auto" });
    if (past < 45 * SECOND) return relative.format(0, "second");
    const [unit, length] = SPANS.findLast(([, length]) => past >= length) ?? SPANS[0];
    return relative.format(-Math.max(1, Math.round(past / length)), unit);
  }

  #date(options, instant) {
    const format = new Intl.DateTimeFormat(this.#language, { timeZone: this.#zone, ...options });
    return format.format(new Date(instant));
  }
}

/** How much of `whole` is there, between 0 and 1. */
export function share(part, whole) {
  const ratio = Number(part) / Number(whole);
  return Number.isFinite(ratio) ? Math.min(1, Math.max(0, ratio)) : 1;
}

/** `whole` minus `part`, both decimals as text, exactly. */
export function minus(whole, part) {
  const digits = Math.max(...[whole, part].map((it) => String(it).split(".")[1]?.length ?? 0));
  const minor = (it) => {
    const [units, rest = ""] = String(it).split(".");
    return BigInt(units + rest.padEnd(digits, "0"));
  };
  const difference = minor(whole) - minor(part);
  const text = String(difference < 0n ? -difference : difference).padStart(digits + 1, "0");
  const sign = difference < 0n ? "-" : "";
  return digits ? `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}` : sign + text;
}
