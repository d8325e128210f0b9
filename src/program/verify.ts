/**
 * The verifier: a program that passes can be run with any values of its inputs and run-time symbols
 * without touching memory outside its tensors. `asm/verify.ts` is the same for hosts without
 * JavaScript; both give the same verdict on every file.
 */
import { holdsHalves, instructionOf } from "../instructions/mod.ts";
import type { Segment } from "./decode.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "./defaults.ts";
import { equals } from "./_same_expression.ts";
import { checkInstruction } from "./_verify_instruction.ts";
import { rangeOf } from "./expression.ts";
import type { Range } from "./expression.ts";
import { TENSOR_ALIGNMENT } from "./format.ts";
import { alignUp, planMemory } from "./plan.ts";
import type { Liveness, MemoryPlan } from "./plan.ts";
import { isStored } from "./program.ts";
import type { Expression, Index, Program, ProgramTensor, View } from "./program.ts";
import { layoutBytes, panelsOf } from "../layouts/mod.ts";
import { storedTrits } from "./stored_trits.ts";
import { ProgramError } from "./verdict.ts";

/** What a loader is willing to spend. */
export interface VerifyOptions {
  /** Values of load-time symbols; the others keep their defaults. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Most bytes for one instance with its constants. Default 4 GiB − 64 KiB. */
  readonly memoryLimitBytes?: number;
  /** Most multiply-accumulates of one run of an entry. Default 2^45. */
  readonly workLimit?: number;
  /** Names of the instructions that an engine has. Default: all of the format. */
  readonly instructions?: ReadonlySet<string>;
}

/** What verification finds out. */
export interface VerifiedProgram {
  readonly program: Program;
  /** Values of the load-time symbols, and of the run-time ones their defaults. */
  readonly symbols: readonly number[];
  /** Range of every symbol. */
  readonly symbolRanges: readonly Range[];
  /** Range of every expression. */
  readonly ranges: readonly Range[];
  readonly liveness: Liveness;
  readonly plan: MemoryPlan;
  /** Work of each entry at the largest extents: multiply-accumulates, and elements of operands. */
  readonly work: readonly number[];
  /** Constants whose values are indices, and what they must stay below. */
  readonly indexLimits: ReadonlyMap<Index, number>;
}

const MAX_VALUE = 2 ** 31 - 1;
/** Expressions whose terms may add up to more could be rounded. */
const MAX_MAGNITUDE = 2 ** 52;

/**
 * Verifies a decoded program.
 *
 * @throws {ProgramError} With the first reason found.
 */
export function verify(
  program: Program,
  segments: readonly Segment[],
  options: VerifyOptions = {},
): VerifiedProgram {
  if (options.instructions !== undefined) checkHeld(program, options.instructions);
  checkExpressions(program);
  const { values, symbolRanges } = checkSymbols(program, options.symbols ?? {});
  const ranges = expressionRanges(program, symbolRanges);
  checkTensors(program, ranges);
  program.views.forEach((view, i) => checkView(program, ranges, view, i));
  const indexLimits = new Map<Index, number>();
  const halves = holdsHalves(program.instructions.map(({ opcode }) => opcode));
  const work = program.instructions.map((instruction, i) =>
    checkInstruction(program, ranges, instruction, i, indexLimits, halves)
  );
  const liveness = checkEntries(program);
  const entryWork = program.entries.map(({ name, first, count }) => {
    const sum = work.slice(first, first + count).reduce((a, b) => a + b, 0);
    if (sum > (options.workLimit ?? DEFAULT_WORK_LIMIT)) {
      throw new ProgramError("too_much_work", `entry ${name}: ${sum} operations`);
    }
    return sum;
  });
  const plan = planMemory(program, ranges, liveness);
  const bytes = Object.values(plan.regionBytes).reduce((a, b) => a + b, 0);
  if (bytes > (options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES)) {
    throw new ProgramError("too_much_memory", `${bytes} bytes`);
  }
  checkSegments(program, segments, plan);
  return {
    program,
    symbols: values,
    symbolRanges,
    ranges,
    liveness,
    plan,
    work: entryWork,
    indexLimits,
  };
}

/** Whether an engine has all instructions of a program; unknown ones are refused later. */
function checkHeld(program: Program, names: ReadonlySet<string>): void {
  program.instructions.forEach(({ opcode }, i) => {
    const name = instructionOf(opcode)?.name;
    if (name !== undefined && !names.has(name)) {
      throw new ProgramError("unsupported_instruction", `instruction ${i}, ${name}`);
    }
  });
}

function checkExpressions(program: Program): void {
  program.expressions.forEach(({ terms, modulus }, i) => {
    if (terms.some(([, symbol]) => symbol >= program.symbols.length)) {
      throw new ProgramError("bad_expression", `expression ${i} names an unknown symbol`);
    }
    if (modulus < 0) return;
    // Later expressions may use earlier ones as modulus, so that one pass evaluates all.
    if (
      modulus >= i || program.expressions[modulus].modulus >= 0 || !isLoadTime(program, modulus)
    ) throw new ProgramError("bad_expression", `modulus of expression ${i}`);
  });
}

/** Whether an expression has the same value in every run. */
function isLoadTime(program: Program, index: Index): boolean {
  return program.expressions[index].terms.every(([, symbol]) =>
    program.symbols[symbol].kind === "load"
  );
}

function checkSymbols(
  program: Program,
  given: Readonly<Record<string, number>>,
): { values: number[]; symbolRanges: Range[] } {
  const { symbols, expressions } = program;
  const names = new Set<string>();
  symbols.forEach((symbol, i) => {
    if (symbol.name === "" || names.has(symbol.name)) {
      throw new ProgramError("bad_name", `symbol ${i}`);
    }
    names.add(symbol.name);
    if (symbol.max >= expressions.length || symbol.min > MAX_VALUE || symbol.default > MAX_VALUE) {
      throw new ProgramError("bad_symbol", symbol.name);
    }
    const max = expressions[symbol.max];
    const constant = max.terms.length === 0;
    if (
      max.modulus >= 0 || !(symbol.kind === "load" ? constant : isLoadTime(program, symbol.max))
    ) {
      throw new ProgramError("bad_symbol", `largest value of ${symbol.name}`);
    }
  });
  for (const name of Object.keys(given)) {
    if (!symbols.some((symbol) => symbol.name === name && symbol.kind === "load")) {
      throw new ProgramError("bad_argument", `no load-time symbol ${name}`);
    }
  }
  const values = symbols.map(({ name, kind, default: value }) =>
    kind === "load" && Object.hasOwn(given, name) ? given[name] : value
  );
  const symbolRanges = symbols.map((symbol, i): Range => {
    const { constant, terms } = expressions[symbol.max];
    const max = terms.reduce((sum, [factor, other]) => sum + factor * values[other], constant);
    if (max < symbol.min || max > MAX_VALUE) throw new ProgramError("bad_symbol", symbol.name);
    const value = values[i];
    if (symbol.kind === "run") {
      // A default beyond a smaller load-time bound is not an error: runs give their own values.
      values[i] = Math.max(symbol.min, Math.min(value, max));
      return { min: symbol.min, max };
    }
    if (!Number.isInteger(value) || value < symbol.min || value > max) {
      throw new ProgramError(
        "bad_argument",
        `${symbol.name} = ${value}, expected ${symbol.min} to ${max}`,
      );
    }
    return { min: value, max: value };
  });
  return { values, symbolRanges };
}

function expressionRanges(program: Program, symbolRanges: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  program.expressions.forEach((expression, i) => {
    if (expression.modulus >= 0 && ranges[expression.modulus].min < 1) {
      throw new ProgramError("bad_expression", `modulus of expression ${i}`);
    }
    const range = rangeOf(expression, symbolRanges, ranges);
    if (
      range.min < 0 || range.max > MAX_VALUE ||
      magnitudeOf(expression, symbolRanges) > MAX_MAGNITUDE
    ) throw new ProgramError("bad_expression", `expression ${i}: ${range.min} to ${range.max}`);
    ranges.push(range);
  });
  return ranges;
}

/** Bound of every partial sum of an expression. */
function magnitudeOf({ constant, terms }: Expression, symbolRanges: readonly Range[]): number {
  return terms.reduce(
    (sum, [factor, symbol]) => sum + Math.abs(factor) * symbolRanges[symbol].max,
    Math.abs(constant),
  );
}

function checkTensors(program: Program, ranges: readonly Range[]): void {
  const names = new Set<string>();
  program.tensors.forEach((tensor, i) => {
    const { region, layout, dtype } = tensor;
    const fail = (why: string): never => {
      throw new ProgramError("bad_tensor", `tensor ${i} ${tensor.name}: ${why}`);
    };
    if (region !== "constant" && region !== "arena") {
      if (tensor.name === "" || names.has(tensor.name)) {
        throw new ProgramError("bad_name", `tensor ${i} ${tensor.name}`);
      }
      names.add(tensor.name);
    }
    const stored = isStored(region);
    for (const extent of tensor.extents) {
      if (extent >= ranges.length || ranges[extent].min < 1) fail("extent");
      const { terms } = program.expressions[extent];
      if (stored && tensor.encoding !== "zero" && terms.length > 0) fail("extent is not constant");
      if (stored && !isLoadTime(program, extent)) fail("extent changes between runs");
    }
    if (tensor.encoding === "zero" && region !== "parameter" && region !== "state") {
      fail("encoding");
    }
    const panels = panelsOf(layout);
    if ((tensor.encoding === "base3") !== (panels?.stored === "base3")) fail("encoding");
    if (panels !== undefined) {
      if (dtype !== panels.dtype || tensor.extents.length !== 2) fail("layout");
      if (region !== "constant" && region !== "parameter") fail("layout");
      if (panels.constantOnly && region !== "constant") fail("layout");
    }
    const bytes = layoutBytes(layout, dtype, tensor.extents.map((e) => ranges[e].max));
    if (bytes > MAX_VALUE) throw new ProgramError("too_much_memory", `tensor ${i}: ${bytes} bytes`);
    if (tensor.check !== "none") checkCheck(program, tensor, fail);
  });
}

function checkCheck(program: Program, tensor: ProgramTensor, fail: (why: string) => never): void {
  const { region, dtype, extents, limit, offsets, check } = tensor;
  if (region !== "input" || dtype !== "i32" || extents.length !== 1) fail("check");
  if (limit < 0 || limit >= program.expressions.length) fail("limit");
  if (check !== "past") return;
  if (offsets < 0 || offsets >= program.tensors.length) fail("offsets");
  const other = program.tensors[offsets];
  if (other.region !== "input" || other.check !== "offsets" || other.extents.length !== 1) {
    fail("offsets");
  }
  // It may come later in the file, where nothing has been checked yet.
  if (other.extents[0] >= program.expressions.length) fail("offsets");
  if (!equals(program, other.extents[0], extents[0], 1)) fail("offsets");
}

function checkView(program: Program, ranges: readonly Range[], view: View, i: number): void {
  const fail = (why: string): never => {
    throw new ProgramError("bad_view", `view ${i}: ${why}`);
  };
  if (view.tensor >= program.tensors.length) fail("tensor");
  if (view.offset >= ranges.length || view.rowStride >= ranges.length) fail("expression");
  for (const extent of view.extents) {
    if (extent >= ranges.length || ranges[extent].min < 1) fail("extent");
  }
  const tensor = program.tensors[view.tensor];
  if (tensor.layout !== "rows") {
    const whole = ranges[view.offset].max === 0 && view.extents.length === 2 &&
      view.extents.every((extent, j) => equals(program, extent, tensor.extents[j]));
    if (!whole) fail("part of a panel");
    return;
  }
  const last = view.extents[view.extents.length - 1];
  const stride = ranges[view.rowStride];
  if (!equals(program, view.rowStride, last) && stride.min < ranges[last].max) fail("row stride");
  const rows = view.extents.slice(0, -1).reduce((n, extent) => n * ranges[extent].max, 1);
  const elements = tensor.extents.reduce((n, extent) => n * ranges[extent].max, 1);
  const end = ranges[view.offset].max + (rows - 1) * stride.max + ranges[last].max;
  if (rows > MAX_VALUE || end > elements) {
    throw new ProgramError("out_of_bounds", `view ${i}: ${end} of ${elements} elements`);
  }
}

/** Entries follow one another without gaps; arena memory belongs to one entry and is written first. */
function checkEntries(program: Program): Liveness {
  const first = new Int32Array(program.tensors.length).fill(-1);
  const last = new Int32Array(program.tensors.length).fill(-1);
  const names = new Set<string>();
  let end = 0;
  for (const entry of program.entries) {
    if (entry.name === "" || names.has(entry.name)) throw new ProgramError("bad_name", "entry");
    names.add(entry.name);
    if (entry.first !== end || entry.count < 1) throw new ProgramError("bad_entry", entry.name);
    end += entry.count;
    if (end > program.instructions.length) throw new ProgramError("bad_entry", entry.name);
    for (let i = entry.first; i < end; i++) {
      const { opcode, operands } = program.instructions[i];
      operands.forEach((operand, j) => {
        if (operand < 0) return;
        const { tensor } = program.views[operand];
        if (first[tensor] < 0) first[tensor] = i;
        last[tensor] = i;
        if (program.tensors[tensor].region !== "arena") return;
        if (first[tensor] < entry.first) {
          throw new ProgramError("bad_entry", `tensor ${tensor} is used by two entries`);
        }
        if (first[tensor] === i && instructionOf(opcode)!.operands[j].role !== "out") {
          throw new ProgramError("uninitialised", `tensor ${tensor} in instruction ${i}`);
        }
      });
    }
  }
  if (end !== program.instructions.length || program.entries.length < 1) {
    throw new ProgramError("bad_entry", "instructions outside of entries");
  }
  return { first, last };
}

/** The stored bytes are those that the tensors need. */
function checkSegments(
  program: Program,
  segments: readonly Segment[],
  plan: MemoryPlan,
): void {
  for (const kind of ["constant", "parameter", "state"] as const) {
    let end = 0;
    program.tensors.forEach((tensor, i) => {
      if (tensor.region !== kind || tensor.encoding !== "raw") return;
      end = plan.offsets[i] + alignUp(plan.bytes[i], TENSOR_ALIGNMENT);
    });
    const length = lengthOf(segments, kind);
    if (end !== length) throw new ProgramError("bad_data", `${length} bytes for ${kind}s`);
  }
  const trits = storedTrits(program).reduce((sum, { bytes }) => sum + bytes, 0);
  const length = lengthOf(segments, "trits");
  if (alignUp(trits, TENSOR_ALIGNMENT) !== length) {
    throw new ProgramError("bad_data", `${length} bytes for trits, which take ${trits}`);
  }
}

function lengthOf(segments: readonly Segment[], kind: Segment["kind"]): number {
  return segments.find((segment) => segment.kind === kind)?.length ?? 0;
}

/**
 * Checks the values of constants once the blob is there: indices are in range, and stored 7-bit weights
 * below 128, beyond which relaxed SIMD differs from host to host.
 */
export function verifyConstants(
  verified: VerifiedProgram,
  constant: (tensor: Index) => Uint8Array,
): void {
  for (const [tensor, limit] of verified.indexLimits) {
    const bytes = constant(tensor);
    const values = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const value = values.getInt32(at, true);
      if (value < 0 || value >= limit) {
        throw new ProgramError("bad_data", `index ${value} in tensor ${tensor}, limit ${limit}`);
      }
    }
  }
  verified.program.tensors.forEach(({ layout }, i) => {
    const panels = panelsOf(layout);
    if (panels?.isValid !== undefined && !panels.isValid(constant(i))) {
      throw new ProgramError("bad_data", `a weight of tensor ${i} is not ${panels.title}`);
    }
  });
}
