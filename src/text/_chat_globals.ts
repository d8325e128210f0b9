import { FewbitError } from "../errors.ts";

/** The longest `range` of a template. */
const MAX_RANGE = 100_000;

/** Thrown by `raise_exception` inside templates. */
export class Refusal extends Error {}

/** What transformers gives to every chat template; `now` is what `strftime_now` writes. */
export function chatGlobals(now: Date): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    range,
    raise_exception: (message: unknown) => {
      throw new Refusal(String(message));
    },
    strftime_now: (format: unknown) => strftime(now, String(format)),
  };
}

/** Jinja's `range`, which would allocate whatever a template says. */
function range(start: number, stop?: number, step?: number): number[] {
  const [from, to] = typeof stop === "number" ? [start, stop] : [0, start];
  const by = typeof step === "number" ? step : 1;
  const length = Math.max(0, Math.ceil((to - from) / by));
  if (!(length <= MAX_RANGE) || by === 0) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot render: the chat template counts from ${from} to ${to} by ${by}, at most ${MAX_RANGE} steps are allowed`,
    );
  }
  return Array.from({ length }, (_, i) => from + i * by);
}

const MONTHS =
  "January February March April May June July August September October November December"
    .split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Python's `strftime` in its C locale, whatever the host's: the directives that templates use. */
function strftime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const directives: Readonly<Record<string, () => string>> = {
    "%Y": () => String(date.getFullYear()),
    "%m": () => two(date.getMonth() + 1),
    "%d": () => two(date.getDate()),
    "%H": () => two(date.getHours()),
    "%M": () => two(date.getMinutes()),
    "%S": () => two(date.getSeconds()),
    "%B": () => MONTHS[date.getMonth()],
    "%b": () => MONTHS[date.getMonth()].slice(0, 3),
    "%A": () => DAYS[date.getDay()],
    "%a": () => DAYS[date.getDay()].slice(0, 3),
    "%%": () => "%",
  };
  return format.replace(/%./gs, (directive) => directives[directive]?.() ?? directive);
}
