/** The fields of a request, one by one: what is wrong is told by name, and so is what is not known. */
import { quote } from "./_quote.ts";
import { Refusal } from "./_refusal.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads fields of an object. A field that is null counts as left out, as clients send it. */
export class Fields {
  readonly #object: JsonObject;
  /** Where it is in the body, such as `stream_options.`. */
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(object: JsonObject, path = "") {
    this.#object = object;
    this.#path = path;
  }

  /** A field of any type. */
  any(name: string): unknown {
    this.#read.add(name);
    return this.#object[name] ?? undefined;
  }

  /** A finite number within bounds, an integer where the least one is told so. */
  number(
    name: string,
    [least, most]: readonly [number, number],
    isInteger = false,
  ): number | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    const good = typeof value === "number" && value >= least && value <= most &&
      (!isInteger || Number.isInteger(value));
    if (good) return value;
    const kind = isInteger ? "an integer" : "a number";
    throw this.wrong(name, `${kind} from ${least} to ${most}`);
  }

  /** An integer within bounds. */
  integer(name: string, bounds: readonly [number, number]): number | undefined {
    return this.number(name, bounds, true);
  }

  flag(name: string): boolean | undefined {
    const value = this.any(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.wrong(name, "true or false");
  }

  text(name: string): string | undefined {
    const value = this.any(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.wrong(name, "a string");
  }

  object(name: string): Fields | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (isObject(value)) return new Fields(value, `${this.#path}${name}.`);
    throw this.wrong(name, "an object");
  }

  /** What is not done here may be left out, or say so itself: `tools: []`, `echo: false`. */
  notDone(name: string, ...neutral: readonly unknown[]): void {
    const value = this.any(name);
    if (value === undefined) return;
    if (neutral.some((one) => JSON.stringify(one) === JSON.stringify(value))) return;
    throw this.refusal(name, `${this.#path}${name} is not supported here; leave it out.`);
  }

  /** Refuses a field that nothing asked for. */
  end(ignored: readonly string[] = []): void {
    for (const name of Object.keys(this.#object)) {
      if (this.#read.has(name) || ignored.includes(name)) continue;
      throw new Refusal(400, `There is no field ${quote(`${this.#path}${name}`)}.`, {
        param: `${this.#path}${name}`.slice(0, 100),
        code: "unknown_parameter",
      });
    }
  }

  /** A refusal for a value that is not what it should be. */
  wrong(name: string, expected: string): Refusal {
    const value = this.#object[name];
    return this.refusal(name, `${this.#path}${name} is ${quote(value)}; expected ${expected}.`);
  }

  /** A refusal that names the field. */
  refusal(name: string, message: string): Refusal {
    return new Refusal(400, message, { param: `${this.#path}${name}` });
  }
}
