/** Parameters of an integer Llama as a JSON file: with the checkpoint, all that it is made from. */
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { bytesOf } from "../tensor.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";
import { areSmall, readLearned, writeLearned } from "./learned_params.ts";
import { RANGE_FACTORS } from "./range_factors.ts";

/** What calibration finds, and from which ids. */
export interface DecoderParams {
  /** The grids. */
  readonly grids: DecoderGrids;
  /** Windows of ids, without the prefix. */
  readonly windows: readonly (readonly number[])[];
  /** Of weights of 4 bits by the names of their layers: which range factor each group has. */
  readonly ranges?: ReadonlyMap<string, Uint8Array>;
}

/** What the file says it is. */
const KIND = "fewbit-llama-parameters";
/** Largest of each list: a vocabulary, or what the prefix's rows have. */
const MOST = 2 ** 24;

/**
 * Writes a file: float32 numbers as their bits, divisors and range factors as base64, the latter two a byte.
 *
 * @param windowsFile Name of a file beside it that has the windows. Default: they are in it.
 */
export function writeDecoderParams(
  { grids, windows, ranges }: DecoderParams,
  windowsFile?: string,
): string {
  const bits = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)];
  const { residualBits, prefix, rotation, biases } = grids;
  return JSON.stringify({
    kind: KIND,
    residual_bits: residualBits,
    grids: Object.fromEntries(
      [...grids.grids].map(([site, { scales, zeros, divisors, bits: of }]) => [site, {
        ...of && { bits: of },
        scales_f32_bits: bits(scales),
        zeros: [...zeros],
        ...divisors?.some((divisor) => divisor !== 1) && {
          divisors_f32_base64: encodeBase64(bytesOf(divisors)),
        },
      }]),
    ),
    prefix: {
      ids: prefix.ids,
      rows: Object.fromEntries([...prefix.rows].map(([site, rows]) => [site, [...rows]])),
      logits_q12: [...prefix.logits],
    },
    ...rotation && { rotation: { signs: [...rotation.signs] } },
    ...writeLearned(grids),
    ...biases && !areSmall(biases) && {
      row_biases: Object.fromEntries([...biases].map(([layer, of]) => [layer, [...of]])),
    },
    ...ranges && {
      range_factors_u4_base64: Object.fromEntries(
        [...ranges].map(([layer, of]) => [layer, encodeBase64(packNibbles(of))]),
      ),
    },
    ...windowsFile === undefined ? { windows } : { windows_file: windowsFile },
  });
}

/** Parameters, and which file has the windows if they have none. */
export interface ReadParams extends DecoderParams {
  /** A name beside the file of the parameters. */
  readonly windowsFile?: string;
}

/**
 * Reads a file.
 *
 * @throws {FewbitError} `invalid_file` where it is not one.
 */
export function readDecoderParams(text: string): ReadParams {
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
  const { windows_file: windowsFile, range_factors_u4_base64: ranges, row_biases: biases } = file;
  // A file beside this one, not one elsewhere.
  const isName = typeof windowsFile === "string" && /^[\w.-]+$/.test(windowsFile);
  if (windowsFile !== undefined && !isName) {
    throw invalid("windows_file", "the name of a file beside it", windowsFile);
  }
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
      ...readLearned(file),
      ...biases !== undefined && { biases: biasesOf(biases) },
    },
    windows: windowsFile === undefined ? readWindows(file.windows) : [],
    ...isName && { windowsFile },
    ...ranges !== undefined && {
      ranges: new Map(
        Object.entries(object(ranges, "range_factors_u4_base64"))
          .map(([layer, of]) => [layer, rangesOf(of, `range factors of ${layer}`)]),
      ),
    },
  };
}

/**
 * Windows of ids as a file has them.
 *
 * @throws {FewbitError} `invalid_file` where they are none.
 */
export function readWindows(windows: unknown): number[][] {
  return list(windows, "windows").map((ids, i) => numbers(ids, `windows[${i}]`, 0, 2 ** 31 - 1));
}

function biasesOf(value: unknown): Map<string, Int32Array> {
  return new Map(
    Object.entries(object(value, "row_biases")).map(([layer, of]) => [
      layer,
      Int32Array.from(numbers(of, `row biases of ${layer}`, -(2 ** 31), 2 ** 31 - 1)),
    ]),
  );
}

/** Two to a byte, the first in its lower half. */
function packNibbles(values: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 2));
  values.forEach((value, i) => packed[i >> 1] |= value << 4 * (i & 1));
  return packed;
}

/** The second of the last byte may stand for nothing: whoever knows the layer cuts it off. */
function rangesOf(value: unknown, what: string): Uint8Array {
  const packed = bytes(value, what);
  const all = Uint8Array.from(
    { length: 2 * packed.length },
    (_, i) => packed[i >> 1] >> 4 * (i & 1) & 15,
  );
  const bad = all.findIndex((range) => range >= RANGE_FACTORS.length);
  if (bad >= 0) throw invalid(`${what}[${bad}]`, `less than ${RANGE_FACTORS.length}`, all[bad]);
  return all;
}

function bytes(value: unknown, what: string): Uint8Array<ArrayBuffer> {
  const read = typeof value === "string" ? decodeBase64(value) : undefined;
  if (read !== undefined && read.length <= MOST) return read;
  throw invalid(what, "base64", value);
}

function gridOf(grid: Readonly<Record<string, unknown>>, site: string): DecoderGrid {
  const { divisors_f32_base64: divisors, bits } = grid;
  if (bits !== undefined && bits !== 12 && bits !== 8) {
    throw invalid(`bits of ${site}`, "8 or 12", bits);
  }
  return {
    scales: floats(grid.scales_f32_bits, `scales of ${site}`),
    zeros: Int32Array.from(numbers(grid.zeros, `zeros of ${site}`, -(2 ** 31), 2 ** 31 - 1)),
    ...bits !== undefined && { bits },
    ...divisors !== undefined &&
      { divisors: positive(divisorsOf(divisors, site), `divisors of ${site}`) },
  };
}

function divisorsOf(value: unknown, site: string): Float32Array {
  const raw = bytes(value, `divisors of ${site}`);
  if (raw.length % 4 === 0) return new Float32Array(raw.buffer);
  throw invalid(`divisors of ${site}`, "bytes of float32 numbers", `${raw.length} bytes`);
}

/** Positive finite float32 numbers from their bits. */
function floats(value: unknown, what: string): Float32Array {
  const words = Uint32Array.from(numbers(value, what, 0, 2 ** 32 - 1));
  return positive(new Float32Array(words.buffer), what);
}

function positive(values: Float32Array, what: string): Float32Array {
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
