import { FewbitError } from "../../errors.ts";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An `invalid_file` error about tokenizer.json. */
export function invalid(what: string, options?: ErrorOptions): FewbitError {
  return new FewbitError("invalid_file", `Cannot read tokenizer.json: ${what}`, options);
}
