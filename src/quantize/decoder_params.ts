/** Parameters of an integer Llama as a JSON file: with the checkpoint, all that it is made from. */
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";

/** What calibration finds, and from which ids. */
export interface DecoderParams {
  /** The grids. */
  readonly grids: DecoderGrids;
  /** Windows of ids, without the prefix. */
  readonly windows: readonly (readonly number[])[];
}

/** What the file says it is. */
const KIND = "fewbit-llama-parameters";
/** Largest of each list: a vocabulary, or what the prefix's rows have. */
const MOST = 2 ** 24;

/** Writes a file: float32 numbers as their bits. */
export function writeDecoderParams({ grids, windows }: DecoderParams): string {
  const bits = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)];
  const { residualBits, prefix, rotation } = grids;
  return JSON.stringify({
    kind: KIND,
    residual_bits: residualBits,
    grids: Object.fromEntries(
      [...grids.grids].map(([site, { scales, zeros, divisors }]) => [site, {
        scales_f32_bits: bits(scales),
        zeros: [...zeros],
        ...divisors && { divisors_f32_bits: bits(divisors) },
      }]),
    ),
    prefix: {
      ids: prefix.ids,
      rows: Object.fromEntries([...prefix.rows].map(([site, rows]) => [site, [...rows]])),
      logits_q12: [...prefix.logits],
    },
    ...rotation && { rotation: { signs: [...rotation.signs] } },
    windows,
  });
}

/**
 * Reads a file.
 *
 * @throws {FewbitError} `invalid_file` where it is not one.
 */
export function readDecoderParams(text: string): DecoderParams {
  const file = object(parseJson("Cannot read parameters", text), "the file");
  if (file.kind !== KIND) throw invalid("kind", `"${KIND}"`, file.kind);
  const prefix = object(file.prefix, "prefix");
  const [residualBits] = numbers([file.residual_bits], "residual_bits", 0, 16);
  const grids = Object.entries(object(file.grids, "grids")).map(([site, value]) =>
    [site, gridOf(object(value, site), site)] as const
  );
  const rows = Object.entries(object(prefix.rows, "prefix.rows")).map(([site, codes]) =>
    [site, Int8Array.from(numbers(codes, site, -128, 127))] as const
  );
  const windows = list(file.windows, "windows");
  const signs = file.rotation === undefined
    ? undefined
    : numbers(object(file.rotation, "rotation").signs, "rotation.signs", -1, 1);
  if (signs?.includes(0)) throw invalid("rotation.signs", "1 or -1", 0);
  return {
    grids: {
      residualBits,
      grids: new Map(grids),
      prefix: {
        ids: numbers(prefix.ids, "prefix.ids", 0, 2 ** 31 - 1),
        rows: new Map(rows),
        logits: Int32Array.from(
          numbers(prefix.logits_q12, "prefix.logits_q12", -(2 ** 31), 2 ** 31 - 1),
        ),
      },
      ...signs && { rotation: { signs: Int8Array.from(signs) } },
    },
    windows: windows.map((ids, i) => numbers(ids, `windows[${i}]`, 0, 2 ** 31 - 1)),
  };
}

function gridOf(grid: Readonly<Record<string, unknown>>, site: string): DecoderGrid {
  const { divisors_f32_bits: divisors } = grid;
  return {
    scales: floats(grid.scales_f32_bits, `scales of ${site}`),
    zeros: Int32Array.from(numbers(grid.zeros, `zeros of ${site}`, -(2 ** 31), 2 ** 31 - 1)),
    ...divisors !== undefined && { divisors: floats(divisors, `divisors of ${site}`) },
  };
}

/** Positive finite float32 numbers from their bits. */
function floats(value: unknown, what: string): Float32Array {
  const words = Uint32Array.from(numbers(value, what, 0, 2 ** 32 - 1));
  const values = new Float32Array(words.buffer);
  const bad = values.findIndex((x) => !(x > 0 && x < Infinity));
  if (bad >= 0) throw invalid(`${what}[${bad}]`, "a positive number", values[bad]);
  return values;
}

function numbers(value: unknown, what: string, least: number, most: number): number[] {
  const all = list(value, what);
  const bad = all.findIndex((x) =>
    !(Number.isInteger(x) && Number(x) >= least && Number(x) <= most)
  );
  if (bad >= 0) throw invalid(`${what}[${bad}]`, `an integer from ${least} to ${most}`, all[bad]);
  return all as number[];
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= MOST) return value;
  throw invalid(what, "a list", value);
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(what, "an object", value);
}

function invalid(what: string, expected: string, got: unknown): FewbitError {
  const shown = typeof got === "object" ? "something else" : JSON.stringify(String(got));
  return new FewbitError(
    "invalid_file",
    `Cannot read parameters: ${what} is ${shown}, expected ${expected}`,
  );
}
