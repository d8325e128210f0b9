/** What ops expect of their attributes. */
import { FewbitError } from "../errors.ts";

/** Throws `invalid_argument` unless an attribute is an integer of at least `least`. */
export function expectInteger(value: unknown, least: number, what: string): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw new FewbitError(
    "invalid_argument",
    `${what} has to be an integer of at least ${least}, got ${String(value)}`,
  );
}

/** Throws `invalid_argument` unless an attribute is a finite number, of at least `least`. */
export function expectNumber(value: unknown, what: string, least = -Infinity): void {
  if (Number.isFinite(value) && (value as number) >= least) return;
  throw new FewbitError(
    "invalid_argument",
    `${what} has to be a number${least === -Infinity ? "" : ` of at least ${least}`}, got ${
      String(value)
    }`,
  );
}

/** Throws `invalid_argument` unless an attribute is one of some values. */
export function expectOneOf(value: unknown, values: readonly unknown[], what: string): void {
  if (values.includes(value)) return;
  throw new FewbitError(
    "invalid_argument",
    `${what} has to be ${values.join(" or ")}, got ${String(value)}`,
  );
}
