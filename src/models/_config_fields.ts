/** Fields of a config.json, checked. */
import { FewbitError } from "../errors.ts";

/** A parsed JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a config holds, as text; not `String`, which an object may have redefined. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

/** The error of a field that has no value it can have. */
export function badField(name: string, value: unknown): FewbitError {
  return new FewbitError("invalid_file", `Config: ${name} is ${textOf(value)}`);
}

/** The error of a field that asks for what is not done. */
export function unsupportedField(name: string, value: unknown, supported: string): FewbitError {
  return new FewbitError(
    "unsupported",
    `Config: ${name} ${JSON.stringify(value)} is not supported; ${supported}`,
  );
}

/** The first of some names that a config has, not null. */
export function given(config: Json, names: readonly string[]): unknown {
  for (const name of names) {
    const value = Object.hasOwn(config, name) ? config[name] : undefined;
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** A positive number. */
export function positive(config: Json, names: readonly string[], fallback: unknown): number {
  const value = given(config, names) ?? fallback;
  if (typeof value === "number" && value > 0 && value <= 1e9) return value;
  throw badField(names.join(" or "), value);
}

/** A positive integer. */
export function count(config: Json, names: readonly string[], fallback?: number): number {
  const value = positive(config, names, fallback);
  if (Number.isInteger(value)) return value;
  throw badField(names.join(" or "), value);
}

/** True or false. */
export function flag(config: Json, name: string, fallback: boolean): boolean {
  const value = given(config, [name]) ?? fallback;
  if (typeof value === "boolean") return value;
  throw badField(name, value);
}

/** Height and width of a number for both, or of the two. */
export function sides(
  config: Json,
  names: readonly string[],
  fallback: unknown,
): readonly [height: number, width: number] {
  const value = given(config, names) ?? fallback;
  const pair = Array.isArray(value) ? value : [value, value];
  const fits = pair.length === 2 && pair.every((n) => Number.isInteger(n) && n > 0 && n <= 1e6);
  if (!fits) throw badField(names.join(" or "), value);
  return [pair[0], pair[1]];
}

/** One number, from a number or two that are equal. */
export function square(config: Json, names: readonly string[], fallback: number): number {
  const [height, width] = sides(config, names, fallback);
  if (height === width) return height;
  throw unsupportedField(names[0], [height, width], "both sides have to be equal");
}

/** Numbers of stages: a list of as many, or one for all. */
export function stages(
  name: string,
  value: unknown,
  length: number | undefined,
  integer = true,
): number[] {
  const list: unknown[] = Array.isArray(value) ? value : Array(length ?? 0).fill(value);
  const isNumber = (n: unknown): n is number =>
    typeof n === "number" && n > 0 && n < 1e6 && (!integer || Number.isInteger(n));
  const fits = list.length > 0 && list.length < 9 &&
    (length === undefined || list.length === length);
  if (!fits || !list.every(isNumber)) throw badField(name, value);
  return list;
}
