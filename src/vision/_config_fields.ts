import { FewbitError } from "../errors.ts";
import { type Interpolation, INTERPOLATIONS } from "./resize.ts";

/** A parsed JSON object. */
export type Config = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The error of a field with a value that it cannot have. */
export function badField(name: string, expected: string, value: unknown): FewbitError {
  return new FewbitError(
    "invalid_argument",
    `Cannot read preprocessing: expected ${name} to be ${expected}, got ${show(value)}`,
  );
}

/** JSON, but NaN and Infinity by their names. */
function show(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** The error of a field that asks for a step which is not done here. */
export function unsupportedField(name: string, value: unknown): FewbitError {
  return new FewbitError(
    "unsupported",
    `Cannot read preprocessing: ${name} ${show(value)} is not supported`,
  );
}

/** Height and width from a number for both, `[height, width]` or `{ height, width }`. */
export function readSize(name: string, value: unknown): [height: number, width: number] {
  const pair = Array.isArray(value)
    ? value
    : isConfig(value)
    ? [value.height, value.width]
    : [value, value];
  if (pair.length !== 2) throw badField(name, "a size", value);
  return [readSide(name, pair[0]), readSide(name, pair[1])];
}

/** A positive integer. */
export function readSide(name: string, value: unknown): number {
  if (!Number.isInteger(value) || Number(value) < 1) {
    throw badField(name, "a size in pixels", value);
  }
  return Number(value);
}

/** True or false, or the fallback where the field is missing. */
export function readFlag(config: Config, name: string, fallback: boolean): boolean {
  const value = config[name] ?? fallback;
  if (typeof value !== "boolean") throw badField(name, "true or false", value);
  return value;
}

/** A positive number, or the fallback where the field is missing. */
export function readFraction(config: Config, name: string, fallback: number): number {
  const value = config[name] ?? fallback;
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw badField(name, "a positive number", value);
  }
  return value;
}

/** The name of a filter, or the fallback where the field is missing. */
export function readInterpolation(
  name: string,
  value: unknown,
  fallback: Interpolation,
): Interpolation {
  const found = INTERPOLATIONS.find((filter) => filter === (value ?? fallback));
  if (!found) throw unsupportedField(name, value);
  return found;
}

/** ImageNet's mean and standard deviation, of red, green and blue or of grey. */
const IMAGENET = {
  mean: { 3: [0.485, 0.456, 0.406], 1: [0.449] },
  std: { 3: [0.229, 0.224, 0.225], 1: [0.226] },
} as const;

/** One number a channel, from as many or from one for all; ImageNet's where the field is missing. */
export function readPerChannel(
  config: Config,
  name: string,
  of: "mean" | "std",
  channels: number,
): number[] {
  const value = config[name] ?? IMAGENET[of][channels === 1 ? 1 : 3];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const numbers = values.filter((item) => typeof item === "number");
  if (numbers.length !== values.length || numbers.length !== channels && numbers.length !== 1) {
    throw badField(name, `${channels} numbers`, value);
  }
  return Array.from({ length: channels }, (_, c) => numbers[numbers.length === 1 ? 0 : c]);
}

/** Channels of the input: 1 or 3. */
export function readChannels(name: string, value: unknown): number {
  if (value !== 1 && value !== 3) throw badField(name, "1 or 3", value);
  return value;
}
