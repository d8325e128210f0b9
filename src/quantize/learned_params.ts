/** What a file of parameters has of what was learned: 16 bits for each factor and bias, as base64. */
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { FewbitError } from "../errors.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import { bytesOf } from "../tensor.ts";
import { LEARNED_STEP } from "./decoder_grids.ts";
import type { DecoderGrids } from "./decoder_grids.ts";

/** Factors by name. */
type Factors = ReadonlyMap<string, Float32Array>;

/** The fields of a file. */
export interface LearnedFields {
  /** Multiples of {@linkcode LEARNED_STEP}. */
  readonly row_factors_i16_base64?: unknown;
  readonly gains_i16_base64?: unknown;
  readonly row_biases_i16_base64?: unknown;
}

/** Whether all biases have 16 bits. */
export function areSmall(biases: DecoderGrids["biases"]): boolean {
  return biases !== undefined &&
    [...biases.values()].every((of) => of.every((bias) => bias << 16 >> 16 === bias));
}

/** Writes them; biases where all have 16 bits. */
export function writeLearned(
  { rowFactors, gains, biases }: Pick<DecoderGrids, "rowFactors" | "gains" | "biases">,
): LearnedFields {
  const text = (words: Int16Array): string => encodeBase64(bytesOf(words));
  const all = (factors: Factors) =>
    Object.fromEntries(
      [...factors].map(([name, of]) => [
        name,
        text(Int16Array.from(of, (factor) => roundHalfEven(factor / LEARNED_STEP))),
      ]),
    );
  return {
    ...rowFactors && { row_factors_i16_base64: all(rowFactors) },
    ...gains && { gains_i16_base64: all(gains) },
    ...areSmall(biases) && {
      row_biases_i16_base64: Object.fromEntries(
        [...biases!].map(([name, of]) => [name, text(Int16Array.from(of))]),
      ),
    },
  };
}

/**
 * Reads them.
 *
 * @throws {FewbitError} `invalid_file` where they are something else.
 */
export function readLearned(
  fields: LearnedFields,
): Pick<DecoderGrids, "rowFactors" | "gains" | "biases"> {
  const factors = (value: unknown, what: string): Factors =>
    new Map(
      [...wordsOf(value, what)].map(([name, words]) => [
        name,
        Float32Array.from(words, (word) => word * LEARNED_STEP),
      ]),
    );
  const { row_factors_i16_base64: rows, gains_i16_base64: gains, row_biases_i16_base64: biases } =
    fields;
  return {
    ...rows !== undefined && { rowFactors: factors(rows, "row factors") },
    ...gains !== undefined && { gains: factors(gains, "gains") },
    ...biases !== undefined && {
      biases: new Map(
        [...wordsOf(biases, "row biases")].map(([name, words]) => [name, Int32Array.from(words)]),
      ),
    },
  };
}

function wordsOf(value: unknown, what: string): Map<string, Int16Array> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(what);
  return new Map(
    Object.entries(value).map(([name, text]) => {
      const bytes = typeof text === "string" ? decodeBase64(text) : undefined;
      if (bytes === undefined || bytes.length % 2 !== 0) throw invalid(`${what} of ${name}`);
      return [name, new Int16Array(bytes.buffer)];
    }),
  );
}

function invalid(what: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read parameters: ${what}: expected base64`);
}
