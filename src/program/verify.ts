/**
 * The verifier: a program that passes can be run with any values of its inputs and run-time symbols
 * without touching memory outside its tensors. `asm/verify.ts` is the same for hosts without
 * JavaScript; both give the same verdict on every file.
 */
import { DimensionKind, instructionOf, parseShape, variablesOf } from "../instructions/mod.ts";
import type { Dimension, InstructionSpec } from "../instructions/mod.ts";
import type { Segment } from "./decode.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "./defaults.ts";
import { rangeOf } from "./expression.ts";
import type { Range } from "./expression.ts";
import { alignUp, planMemory } from "./plan.ts";
import type { Liveness, MemoryPlan } from "./plan.ts";
import { isStored } from "./program.ts";
import type { Expression, Index, Instruction, Program, ProgramTensor, View } from "./program.ts";
import { layoutBytes } from "./layout.ts";
import { ProgramError } from "./verdict.ts";

/** What a loader is willing to spend. */
export interface VerifyOptions {
  /** Values of load-time symbols; the others keep their defaults. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Most bytes for one instance with its constants. Default 4 GiB − 64 KiB. */
  readonly memoryLimitBytes?: number;
  /** Most multiply-accumulates of one run of an entry. Default 2^45. */
  readonly workLimit?: number;
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
  /** Multiply-accumulates of each entry at the largest extents. */
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
  checkExpressions(program);
  const { values, symbolRanges } = checkSymbols(program, options.symbols ?? {});
  const ranges = expressionRanges(program, symbolRanges);
  checkTensors(program, ranges);
  program.views.forEach((view, i) => checkView(program, ranges, view, i));
  const indexLimits = new Map<Index, number>();
  const work = program.instructions.map((instruction, i) =>
    checkInstruction(program, ranges, instruction, i, indexLimits)
  );
  const liveness = checkEntries(program);
  const entryWork = program.entries.map(({ name, first, count }) => {
    const sum = work.slice(first, first + count).reduce((a, b) => a + b, 0);
    if (sum > (options.workLimit ?? DEFAULT_WORK_LIMIT)) {
      throw new ProgramError("too_much_work", `entry ${name}: ${sum} multiply-accumulates`);
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
      if (stored && tensor.encoding === "raw" && terms.length > 0) fail("extent is not constant");
      if (stored && !isLoadTime(program, extent)) fail("extent changes between runs");
    }
    if (tensor.encoding === "zero" && region !== "parameter" && region !== "state") {
      fail("encoding");
    }
    if (layout !== "rows") {
      const of = layout === "panel_8" ? "f32" : "i8";
      if (dtype !== of || tensor.extents.length !== 2) fail("layout");
      if (region !== "constant" && region !== "parameter") fail("layout");
      // Its values are checked once.
      if (layout === "panel_8x4_u7" && region !== "constant") fail("layout");
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

/** Whether expression `a` is expression `b` plus a constant, whatever the symbols are. */
function equals(program: Program, a: Index, b: Index, plus = 0): boolean {
  if (a === b) return plus === 0;
  const left = program.expressions[a];
  const right = program.expressions[b];
  return left.constant === right.constant + plus && sameTerms(left, right) &&
    (plus === 0 || left.modulus < 0);
}

function sameTerms(a: Expression, b: Expression): boolean {
  return a.modulus === b.modulus && a.terms.length === b.terms.length &&
    a.terms.every(([factor, symbol], i) => factor === b.terms[i][0] && symbol === b.terms[i][1]);
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

/** Returns the work. */
function checkInstruction(
  program: Program,
  ranges: readonly Range[],
  instruction: Instruction,
  i: number,
  indexLimits: Map<Index, number>,
): number {
  const spec = instructionOf(instruction.opcode);
  if (
    spec === undefined || instruction.operands.length !== spec.operands.length ||
    instruction.attributes.length !== (spec.attributes?.length ?? 0)
  ) throw new ProgramError("bad_opcode", `instruction ${i}, opcode ${instruction.opcode}`);
  const where = `instruction ${i} ${spec.name}`;
  spec.attributes?.forEach(({ name, min, max }, j) => {
    const value = instruction.attributes[j];
    if (value < min || value > max) {
      throw new ProgramError("bad_attribute", `${where}: ${name} = ${value}`);
    }
  });
  spec.operands.forEach((_, j) => checkOperand(program, spec, instruction, j, where));
  checkAliasing(program, spec, instruction, where);
  checkRules(program, spec, instruction, where);
  const shapes = new ShapeMatcher(program, ranges, spec, instruction, where);
  spec.operands.forEach((operand, j) => shapes.match(operand.shape, j, operand.optional === true));
  shapes.checkExtentRules();
  spec.operands.forEach((_, j) => checkValues(program, spec, instruction, j, shapes, indexLimits));
  return shapes.product(spec.work);
}

function checkOperand(
  program: Program,
  spec: InstructionSpec,
  instruction: Instruction,
  j: number,
  where: string,
): void {
  const { name, role, dtypes, layouts = ["rows"], optional } = spec.operands[j];
  const operand = instruction.operands[j];
  if (operand < 0 && optional) return;
  const fail = (why: string): never => {
    throw new ProgramError("bad_operand", `${where}: ${name}: ${why}`);
  };
  if (operand < 0 || operand >= program.views.length) fail("missing");
  const tensor = program.tensors[program.views[operand].tensor];
  if (!dtypes.includes(tensor.dtype)) fail(`dtype ${tensor.dtype}, expected ${dtypes.join(", ")}`);
  if (!layouts.includes(tensor.layout)) fail(`layout ${tensor.layout}`);
  if (role === "in" ? tensor.region === "output" : isReadOnly(tensor)) {
    fail(`region ${tensor.region}`);
  }
}

function isReadOnly(tensor: ProgramTensor): boolean {
  return tensor.region === "constant" || tensor.region === "input";
}

function checkAliasing(
  program: Program,
  spec: InstructionSpec,
  { operands }: Instruction,
  where: string,
): void {
  spec.operands.forEach(({ role, name }, j) => {
    if (role === "in" || operands[j] < 0) return;
    const tensor = program.views[operands[j]].tensor;
    operands.forEach((other, k) => {
      if (k !== j && other >= 0 && program.views[other].tensor === tensor) {
        throw new ProgramError("aliasing", `${where}: ${name} and ${spec.operands[k].name}`);
      }
    });
  });
}

function checkRules(
  program: Program,
  spec: InstructionSpec,
  { operands }: Instruction,
  where: string,
): void {
  const at = (name: string): Index => operands[spec.operands.findIndex((o) => o.name === name)];
  const dtype = (name: string): string => program.tensors[program.views[at(name)].tensor].dtype;
  const fail = (why: string): never => {
    throw new ProgramError("bad_rule", `${where}: ${why}`);
  };
  for (const { operand, present, then, is } of spec.rules ?? []) {
    if (at(operand) >= 0 !== present) continue;
    const given = at(then) >= 0;
    if (is === "present" ? !given : is === "absent" ? given : given && !includes(is, dtype(then))) {
      fail(`${operand} is ${present ? "" : "not "}there, so ${then} must be ${is}`);
    }
  }
  const [first, ...others] = (spec.sameDtype ?? []).filter((name) => at(name) >= 0);
  if (others.some((name) => dtype(name) !== dtype(first))) {
    fail(`${spec.sameDtype?.join(", ")} differ in dtype`);
  }
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes(value);
}

/** Matches the extents of operands with the shapes of a description, binding its variables. */
class ShapeMatcher {
  readonly #variables: string[];
  readonly #bound: Index[];
  #leading: readonly Index[] | undefined;

  constructor(
    readonly program: Program,
    readonly ranges: readonly Range[],
    readonly spec: InstructionSpec,
    readonly instruction: Instruction,
    readonly where: string,
  ) {
    this.#variables = variablesOf(spec);
    this.#bound = this.#variables.map(() => -1);
  }

  match(shape: string, j: number, optional: boolean): void {
    const operand = this.instruction.operands[j];
    if (operand < 0 && optional) return;
    const extents = this.program.views[operand].extents;
    const dimensions = parseShape(this.spec, shape);
    const last = dimensions.length - 1;
    let at = 0;
    for (let d = 0; d <= last; d++) {
      // Only the first token may stand for several extents.
      const rest = extents.length - (last - d);
      if (dimensions[d].kind === DimensionKind.Leading) {
        if (rest < 1) this.#fail(j, "rank");
        const leading = extents.slice(0, rest);
        if (this.#leading === undefined) this.#leading = leading;
        else if (
          leading.length !== this.#leading.length ||
          leading.some((extent, k) => !equals(this.program, extent, this.#leading![k]))
        ) this.#fail(j, "leading extents");
        at = rest;
      } else if (dimensions[d].kind === DimensionKind.Suffix) {
        const leading = this.#leading ?? [];
        const skip = leading.length - rest;
        if (
          rest < 0 || skip < 0 ||
          extents.slice(0, rest).some((e, k) => !equals(this.program, e, leading[skip + k]))
        ) this.#fail(j, "leading extents");
        at = rest;
      } else if (at >= extents.length || !this.#matches(dimensions[d], extents[at++])) {
        this.#fail(j, `extent ${at - 1}`);
      }
    }
    if (at !== extents.length) this.#fail(j, "rank");
  }

  #matches({ kind, value, second }: Dimension, extent: Index): boolean {
    const { program } = this;
    switch (kind) {
      case DimensionKind.Variable:
        if (this.#bound[value] < 0) this.#bound[value] = extent;
        return equals(program, extent, this.#bound[value]);
      case DimensionKind.OneOr:
        if (this.#constant(extent) === 1) return true;
        return this.#matches({ kind: DimensionKind.Variable, value, second }, extent);
      case DimensionKind.Constant:
        return this.#constant(extent) === value;
      case DimensionKind.Attribute:
        return this.#constant(extent) === this.instruction.attributes[value];
      case DimensionKind.PlusOne:
        if (this.#bound[value] >= 0) return equals(program, extent, this.#bound[value], 1);
        return this.#bindLater(extent, value);
      case DimensionKind.Sum: {
        const first = this.#constant(this.#bound[value]);
        const other = this.#constant(this.#bound[second]);
        const sum = this.#constant(extent);
        return first >= 0 && other >= 0 && sum === first + other;
      }
      default:
        return false;
    }
  }

  /** `B+1` before `B`: finds an expression that is one less among the other operands' extents. */
  #bindLater(extent: Index, variable: number): boolean {
    for (const operand of this.instruction.operands) {
      if (operand < 0) continue;
      for (const candidate of this.program.views[operand].extents) {
        if (equals(this.program, extent, candidate, 1)) {
          this.#bound[variable] = candidate;
          return true;
        }
      }
    }
    return false;
  }

  /** Value of an expression without symbols, else −1. */
  #constant(extent: Index): number {
    if (extent < 0) return -1;
    return this.program.expressions[extent].terms.length === 0 ? this.ranges[extent].max : -1;
  }

  #fail(j: number, why: string): never {
    const { name, shape } = this.spec.operands[j];
    throw new ProgramError("bad_shape", `${this.where}: ${name} is not [${shape}]: ${why}`);
  }

  /** Expression bound to a variable, or −1. */
  bound(variable: string): Index {
    return this.#bound[this.#variables.indexOf(variable)];
  }

  checkExtentRules(): void {
    for (const { rule, left, right } of this.spec.extents ?? []) {
      const [a, b] = [left, right].map((side) =>
        side.reduce((product, token) => {
          const value = token.startsWith("@")
            ? this.instruction
              .attributes[this.spec.attributes!.findIndex((x) => x.name === token.slice(1))]
            : this.#constant(this.bound(token));
          return value < 0 ? NaN : product * value;
        }, 1)
      );
      if (!(rule === "equal" ? a === b : b % a === 0)) {
        throw new ProgramError(
          "bad_shape",
          `${this.where}: ${left.join("·")} ${rule} ${right.join("·")}`,
        );
      }
    }
  }

  /** Product of numbers and of the largest values of extents. */
  product(tokens: readonly string[]): number {
    return tokens.reduce((product, token) => {
      if (/^\d+$/.test(token)) return product * Number(token);
      const extents = token === "*" ? this.#leading ?? [] : [this.bound(token)];
      return extents.reduce((n, extent) => n * this.ranges[extent].max, product);
    }, 1);
  }
}

/** Operands whose values are indices are checked inputs or constants. */
function checkValues(
  program: Program,
  spec: InstructionSpec,
  instruction: Instruction,
  j: number,
  shapes: ShapeMatcher,
  indexLimits: Map<Index, number>,
): void {
  const { check, name } = spec.operands[j];
  const operand = instruction.operands[j];
  if (check === undefined || operand < 0) return;
  const view = program.views[operand];
  const tensor = program.tensors[view.tensor];
  const limit = check.limit === undefined ? -1 : shapes.bound(check.limit);
  if (tensor.region === "constant" && check.kind === "below") {
    const least = shapes.ranges[limit].min;
    indexLimits.set(view.tensor, Math.min(least, indexLimits.get(view.tensor) ?? least));
    return;
  }
  const whole = shapes.ranges[view.offset].max === 0 && view.extents.length === 1 &&
    equals(program, view.extents[0], tensor.extents[0]);
  const checked = tensor.check === check.kind ||
    (check.kind === "below" && tensor.check === "distinct");
  if (
    !whole || !checked || (limit >= 0 && !equals(program, tensor.limit, limit)) ||
    (check.kind === "past" && tensor.offsets !== offsetsOf(program, spec, instruction))
  ) throw new ProgramError("bad_operand", `${shapes.where}: ${name}: unchecked values`);
}

/** Tensor of the operand that holds the bounds of the sequences, to which `past` is added. */
function offsetsOf(program: Program, spec: InstructionSpec, { operands }: Instruction): Index {
  const operand = operands[spec.operands.findIndex(({ check }) => check?.kind === "offsets")];
  return program.views[operand].tensor;
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
  for (const { region, length } of segments) {
    let end = 0;
    program.tensors.forEach((tensor, i) => {
      if (tensor.region !== region || tensor.encoding !== "raw") return;
      end = plan.offsets[i] + alignUp(plan.bytes[i], 64);
    });
    if (end !== length) throw new ProgramError("bad_data", `${length} bytes for ${region}s`);
  }
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
    if (layout === "panel_8x4_u7" && constant(i).some((value) => value > 127)) {
      throw new ProgramError("bad_data", `a weight of tensor ${i} has more than 7 bits`);
    }
  });
}
