import { bind } from "./_bind.ts";
import { str } from "./_text.ts";
import { Callable } from "./_values.ts";

/** Thrown by `raise_exception` inside templates. */
export class Refusal extends Error {}

/** What transformers gives to every chat template; `now` is what `strftime_now` writes. */
export function chatGlobals(now: Date): Record<string, unknown> {
  return {
    raise_exception: new Callable("raise_exception", (args) => {
      throw new Refusal(str(bind("raise_exception", args, ["message"], 1)[0]!));
    }),
    strftime_now: new Callable("strftime_now", (args) => {
      return strftime(now, str(bind("strftime_now", args, ["format"], 1)[0]!));
    }),
  };
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
