/** Python's formats of numbers, exactly rounded, half to even. */
import { unsupported } from "./_errors.ts";

/** Most digits after the point. */
const MAX_DIGITS = 60;

/** Fixed notation with some digits after the point. */
export function fixed(value: number, digits: number): string {
  if (digits > MAX_DIGITS) throw unsupported(`more than ${MAX_DIGITS} digits after the point`);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size >= 1e21) {
    return `${BigInt(value)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  }
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const text = size.toFixed(digits);
  // toFixed rounds exact halves up; a double has at most 100 digits here where it is one.
  const exact = size.toFixed(100);
  const point = exact.indexOf(".");
  const rest = exact.slice(point + 1 + digits);
  const isHalf = /^50*$/.test(rest);
  const kept = BigInt(exact.slice(0, point) + exact.slice(point + 1, point + 1 + digits));
  if (!isHalf || kept % 2n === 1n) return sign + text;
  const even = String(kept).padStart(digits + 1, "0");
  return sign + (digits === 0 ? even : `${even.slice(0, -digits)}.${even.slice(-digits)}`);
}

/** Python's `round` of a float to some digits; fewer than 0 round before the point. */
export function rounded(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  if (digits >= 0) return Number(fixed(value, Math.min(digits, MAX_DIGITS)));
  throw unsupported("a precision below 0");
}
