/** Inputs that satisfy the checks of a program, the same for the same seed. */
import type { Inputs } from "../engines/engine.ts";
import { FewbitError } from "../errors.ts";
import { layoutBytes } from "../layouts/mod.ts";
import type { Entry, Index, Program, ProgramTensor } from "../program/program.ts";
import { viewAs } from "../tensor.ts";
import type { TensorData } from "../tensor.ts";

/**
 * Makes random inputs of an entry.
 *
 * @param program A verified program.
 * @param values Values of its expressions in the run.
 * @param seed A number; 32 bits of it count.
 * @throws {FewbitError} `invalid_argument` where no values satisfy the checks at these extents.
 */
export function randomInputs(
  program: Program,
  entry: Entry,
  values: ArrayLike<number>,
  seed = 1,
): Inputs {
  const used = new Set<Index>();
  for (const { operands } of program.instructions.slice(entry.first, entry.first + entry.count)) {
    for (const view of operands) if (view >= 0) used.add(program.views[view].tensor);
  }
  const inputs: [string, TensorData][] = [];
  program.tensors.forEach((tensor, i) => {
    if (tensor.region !== "input" || !used.has(i)) return;
    const bits = randomBits(seed + 0x9E3779B9 * (i + 1));
    const data = tensor.check === "none"
      ? uncheckedValues(tensor, values, bits)
      : checkedValues(program, tensor, values, bits);
    inputs.push([tensor.name, data]);
  });
  return Object.fromEntries(inputs);
}

/** Marsaglia's xorshift32. */
function randomBits(seed: number): () => number {
  let x = seed | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Floats are small and finite; integers may be any. */
function uncheckedValues(
  { dtype, layout, extents }: ProgramTensor,
  values: ArrayLike<number>,
  bits: () => number,
): TensorData {
  const bytes = new Uint8Array(layoutBytes(layout, dtype, extents.map((e) => values[e])));
  const data = viewAs(dtype, bytes);
  if (data instanceof Float32Array || data instanceof Float64Array) {
    for (let i = 0; i < data.length; i++) data[i] = bits() / 2 ** 30 - 2;
  } else if (dtype === "f16" || dtype === "bf16") {
    // Without the highest bit of the exponent: below 2.
    for (let i = 0; i < data.length; i++) data[i] = bits() & 0xBFFF;
  } else {
    for (let i = 0; i < bytes.length; i++) bytes[i] = bits() >>> (dtype === "bool" ? 31 : 24);
  }
  return data;
}

function checkedValues(
  program: Program,
  tensor: ProgramTensor,
  values: ArrayLike<number>,
  bits: () => number,
): Int32Array {
  const length = values[tensor.extents[0]];
  const limit = values[tensor.limit];
  const result = new Int32Array(length);
  switch (tensor.check) {
    case "offsets":
      for (let i = 0; i < length; i++) result[i] = boundOf(i, length, limit);
      break;
    case "distinct": {
      expectRoom(tensor, limit >= length, `${length} distinct values below ${limit}`);
      // A stride without a common divisor visits every value once.
      const stride = coprime(1 + bits() % limit, limit);
      const start = bits() % limit;
      for (let i = 0; i < length; i++) result[i] = (start + i * stride) % limit;
      break;
    }
    case "past": {
      const total = values[program.tensors[tensor.offsets].limit];
      for (let i = 0; i < length; i++) {
        const taken = boundOf(i + 1, length + 1, total) - boundOf(i, length + 1, total);
        expectRoom(tensor, taken <= limit, `a sequence of ${taken} in ${limit}`);
        result[i] = bits() % (limit - taken + 1);
      }
      break;
    }
    default:
      expectRoom(tensor, limit > 0, `values below ${limit}`);
      for (let i = 0; i < length; i++) result[i] = bits() % limit;
  }
  return result;
}

/** Start of sequence `i` when `limit` rows are shared evenly. */
function boundOf(i: number, length: number, limit: number): number {
  return length < 2 ? 0 : Math.floor(i * limit / (length - 1));
}

function coprime(from: number, to: number): number {
  let value = from;
  while (greatestDivisor(value, to) !== 1) value++;
  return value;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function expectRoom({ name, check }: ProgramTensor, fits: boolean, what: string): void {
  if (fits) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot make an input "${name}" with check "${check}": ${what} do not exist`,
  );
}
