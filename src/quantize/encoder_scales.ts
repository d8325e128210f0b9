/** Scales of an integer encoder: what calibration finds, as a JSON file. */
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";

/** What calibration finds. */
export interface EncoderScales {
  /** float32 scale of each activation. */
  readonly scales: ReadonlyMap<string, number>;
  /** SmoothQuant's divisors of each channel of some activations. */
  readonly smooth: ReadonlyMap<string, Float32Array>;
}

/**
 * Reads a scales file: `scales_f32_bits` has the float32 bits of a scale by the name of its
 * activation, `smooth_f32_bits` those of the divisors of each channel.
 *
 * @throws {FewbitError} `invalid_file` where it is not one.
 */
export function readEncoderScales(text: string): EncoderScales {
  const file = parseJson("Cannot read scales", text);
  const { scales_f32_bits: scales, smooth_f32_bits: smooth = {} } = (file ?? {}) as Record<
    string,
    unknown
  >;
  return {
    scales: mapOf(scales, "scales_f32_bits", (bits, name) => floats([bits], name)[0]),
    smooth: mapOf(smooth, "smooth_f32_bits", (bits, name) => {
      if (Array.isArray(bits)) return floats(bits, name);
      throw invalid(name, "numbers", bits);
    }),
  };
}

/** Writes a scales file. */
export function writeEncoderScales({ scales, smooth }: EncoderScales): string {
  const bits = (values: Float32Array): number[] => [...new Uint32Array(values.buffer)];
  return JSON.stringify({
    scales_f32_bits: Object.fromEntries(
      [...scales].map(([name, scale]) => [name, bits(Float32Array.of(scale))[0]]),
    ),
    smooth_f32_bits: Object.fromEntries(
      [...smooth].map(([name, divisors]) => [name, bits(divisors.slice())]),
    ),
  });
}

function mapOf<T>(
  values: unknown,
  what: string,
  read: (value: unknown, name: string) => T,
): Map<string, T> {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw invalid(what, "an object", values);
  }
  return new Map(Object.entries(values).map(([name, value]) => [name, read(value, name)]));
}

/** Positive finite float32 numbers from their bits. */
function floats(bits: readonly unknown[], name: string): Float32Array {
  const words = Uint32Array.from(bits, (word) => {
    if (Number.isInteger(word) && Number(word) > 0 && Number(word) < 0x7F800000) {
      return Number(word);
    }
    throw invalid(name, "bits of positive float32 numbers", word);
  });
  return new Float32Array(words.buffer);
}

function invalid(name: string, expected: string, value: unknown): FewbitError {
  return new FewbitError(
    "invalid_file",
    `Cannot read scales: expected ${name} to be ${expected}, got ${shown(value)}`,
  );
}

/** A value in a message: a hostile one may be long, or nested. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null
    ? Array.isArray(value) ? "a list" : "an object"
    : String(JSON.stringify(value)).slice(0, 80);
}
