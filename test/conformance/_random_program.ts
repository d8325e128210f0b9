/**
 * Random valid programs: up to ten instructions with the operands of their cases, chained where types
 * fit, through views with offsets and strides into tensors of the arena, outputs and state; two entries;
 * rows that are a run-time symbol; rings; state across runs.
 */
import { INFERENCE_INSTRUCTIONS, instructionNamed } from "../../src/instructions/mod.ts";
import type { OperandSpec } from "../../src/instructions/mod.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Index, Region } from "../../src/program/program.ts";
import type { DType } from "../../src/tensor.ts";
import type { Case, ResultValue, Value } from "./_case.ts";
import { CASES } from "./cases.ts";
import { packedBytes } from "./_program.ts";
import { Random } from "./_random.ts";
import { elements } from "./_values.ts";

/** Most rows of a run, and most turns of a ring. */
export const MOST_ROWS = 5;
const RING_PLACES = 3;
const MOST_STEPS = 10;
/** Elements of one operand, so that a program stays small. */
const MOST_ELEMENTS = 1500;
const CASES_EACH = 40;

/** Operands whose values may be any of their type: they may come from another instruction. */
const LINKABLE = new Set(
  ["x", "a", "b", "q", "k", "v", "p", "u", "z", "gate", "up", "identity", "first"],
);

/** An input of a program. */
export interface RandomInput {
  readonly name: string;
  readonly dtype: DType;
  /** Elements at the most rows. */
  readonly bytes: Uint8Array;
  /** Elements of a row where the rows are those of the run, else 0: always all. */
  readonly rowElements: number;
  /** Whether any values will do. */
  readonly free: boolean;
  readonly entry: number;
}

/** A program and what may be given to it. */
export interface RandomProgram {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly RandomInput[];
  readonly entries: readonly string[];
  /** Whether it has an operand in a ring. */
  readonly hasRing: boolean;
}

let pool: readonly (readonly Case[])[] | undefined;

/** Cases that are small enough, by instruction. */
function casesByInstruction(): readonly (readonly Case[])[] {
  pool ??= INFERENCE_INSTRUCTIONS.map(({ name }) => {
    const exact = [...CASES[name](new Random(77))].filter((c) =>
      c.bound === undefined && c.attributes?.precision !== 1
    );
    const small = exact.filter((c) => largestOf(c) <= MOST_ELEMENTS);
    // Tables are large whatever else is small.
    const few = small.length >= CASES_EACH
      ? small
      : exact.toSorted((x, y) => largestOf(x) - largestOf(y)).slice(0, CASES_EACH);
    const step = Math.max(1, Math.floor(few.length / CASES_EACH));
    return few.filter((_, i) => i % step === 0);
  });
  return pool;
}

/** Elements of the largest operand of a case. */
function largestOf(c: Case): number {
  const values = [...Object.values(c.operands), ...Object.values(c.results)];
  return Math.max(...values.map((value) => value?.extents.reduce((a, b) => a * b, 1) ?? 0));
}

/** A tensor that later instructions may read or write. */
interface Known {
  readonly tensor: Index;
  readonly dtype: DType;
  readonly region: Region;
  readonly elements: number;
  readonly entry: number;
}

/** Makes a program from random numbers. */
export async function randomProgram(random: Random): Promise<RandomProgram> {
  return await new Generator(random).program();
}

class Generator {
  readonly #b = new ProgramBuilder();
  readonly #known: Known[] = [];
  readonly #inputs: RandomInput[] = [];
  readonly #rows: Index;
  readonly #turn: Index;
  #entry = 0;
  #names = 0;
  #hasRing = false;

  constructor(readonly random: Random) {
    const b = this.#b;
    this.#rows = b.symbol({
      name: "rows",
      kind: "run",
      min: 1,
      max: b.expression(MOST_ROWS),
      default: 1,
    });
    this.#turn = b.symbol({ name: "turn", kind: "run", min: 0, max: b.expression(9), default: 0 });
  }

  async program(): Promise<RandomProgram> {
    const { random } = this;
    const pools = casesByInstruction();
    const entries = random.chance(0.4) ? ["main", "other"] : ["main"];
    for (const entry of entries) {
      const steps = random.integer(1, MOST_STEPS / entries.length);
      for (let i = 0; i < steps; i++) this.#step(random.pick(random.pick(pools)));
      this.#b.entry(entry);
      this.#entry++;
    }
    const file = await encodeProgram(this.#b.finish());
    return { file, inputs: this.#inputs, entries, hasRing: this.#hasRing };
  }

  #step(c: Case): void {
    const spec = instructionNamed(c.instruction);
    const symbolic = this.random.chance(0.5) && canFollowRows(spec.operands, c);
    const taken = new Set<Index>();
    const views: Record<string, Index> = {};
    let offsets: Index | undefined;
    for (const operand of spec.operands) {
      const value = c.operands[operand.name];
      const shape = value ?? c.results[operand.name];
      if (shape === undefined) continue;
      const follows = symbolic && /^[*B] /.test(operand.shape);
      const view = operand.role === "in"
        ? this.#read(operand, value!, follows, offsets)
        : this.#write(operand, shape, value, follows, taken);
      if (operand.check?.kind === "offsets") offsets = this.#b.tensorOf(view);
      taken.add(this.#b.tensorOf(view));
      views[operand.name] = view;
    }
    this.#b.instruction(c.instruction, views, c.attributes);
  }

  #name(): string {
    return `t${this.#names++}`;
  }

  /** The extents of an operand, the first one the run's rows where it follows them. */
  #extents(extents: readonly number[], follows: boolean): Index[] {
    const b = this.#b;
    return extents.map((n, i) =>
      follows && i === 0 ? b.expression(0, [[1, this.#rows]]) : b.expression(n)
    );
  }

  #read(
    operand: OperandSpec,
    value: Value,
    follows: boolean,
    offsets: Index | undefined,
  ): Index {
    const b = this.#b;
    const rows = value.layout === undefined || value.layout === "rows";
    const linkable = rows && LINKABLE.has(operand.name) && value.check === undefined;
    const size = sizeOf(value.extents, follows);
    if (linkable && this.random.chance(0.6)) {
      const columns = value.extents[value.extents.length - 1];
      const linked = this.#place(
        value.dtype,
        columns,
        size,
        (known) =>
          known.region !== "output" && (known.region !== "arena" || known.entry === this.#entry),
      );
      if (linked !== undefined) {
        return b.view(
          linked.known.tensor,
          this.#extents(value.extents, follows),
          b.expression(linked.stride),
          b.expression(linked.offset),
        );
      }
    }
    const isConstant = !rows || value.constant === true ||
      (!follows && value.check === undefined && !linkable && this.random.chance(0.3));
    const bytes = packedBytes(value);
    const name = this.#name();
    const tensor = b.tensor({
      region: isConstant ? "constant" : "input",
      name: isConstant ? "" : name,
      dtype: value.dtype,
      layout: value.layout ?? "rows",
      extents: this.#extents(value.extents, follows),
      encoding: value.layout === "panel_8x16_t2" ? "base3" : "raw",
      check: isConstant ? undefined : value.check,
      limit: value.limit === undefined || isConstant ? undefined : b.expression(value.limit),
      offsets: value.check === "past" && !isConstant ? offsets : undefined,
      data: isConstant ? bytes : undefined,
    });
    if (!isConstant) {
      this.#inputs.push({
        name,
        dtype: value.dtype,
        bytes: follows ? repeated(bytes, value.extents[0]) : bytes,
        rowElements: follows ? size / MOST_ROWS : 0,
        free: linkable,
        entry: this.#entry,
      });
    }
    return b.whole(tensor);
  }

  #write(
    operand: OperandSpec,
    shape: ResultValue,
    value: Value | undefined,
    follows: boolean,
    taken: ReadonlySet<Index>,
  ): Index {
    const b = this.#b;
    const { random } = this;
    const extents = this.#extents(shape.extents, follows);
    const size = sizeOf(shape.extents, follows);
    const columns = shape.extents[shape.extents.length - 1];
    const isState = operand.role === "inout";
    if (!isState && random.chance(0.3)) {
      // Into a tensor that is there, over what it has.
      const old = this.#place(
        shape.dtype,
        columns,
        size,
        (known) =>
          known.region !== "parameter" && !taken.has(known.tensor) &&
          (known.region === "state" || known.entry === this.#entry),
      );
      if (old !== undefined) {
        return b.view(
          old.known.tensor,
          extents,
          b.expression(old.stride),
          b.expression(old.offset),
        );
      }
    }
    const region: Region = isState
      ? random.pick(["state", "parameter"])
      : random.pick(["arena", "arena", "arena", "output", "state"]);
    if (isState) {
      // Caches and sums have the extents of the case: their first one may be a number of sessions.
      const tensor = b.tensor({
        region,
        name: this.#name(),
        dtype: shape.dtype,
        extents: this.#extents(shape.extents, false),
        ...value === undefined ? { encoding: "zero" as const } : { data: packedBytes(value) },
      });
      this.#remember(tensor, shape.dtype, region, sizeOf(shape.extents, false));
      return b.whole(tensor);
    }
    const gap = random.chance(0.4) ? random.integer(1, 5) : 0;
    const stride = columns + gap;
    const rows = size / columns;
    const spread = (rows - 1) * stride + columns;
    if (region === "state" && random.chance(0.5)) return this.#ring(shape, extents, stride, spread);
    const before = random.chance(0.4) ? random.integer(1, 4) : 0;
    const behind = random.chance(0.4) ? random.integer(1, 20) : 0;
    const plain = follows && gap === 0 && before === 0 && region !== "state";
    const tensor = b.tensor({
      region,
      name: region === "arena" ? "" : this.#name(),
      dtype: shape.dtype,
      extents: plain ? extents : [b.expression(before + spread + behind)],
      ...region === "state" && { encoding: "zero" as const },
    });
    this.#remember(tensor, shape.dtype, region, plain ? size : before + spread + behind);
    return b.view(tensor, extents, b.expression(stride), b.expression(before));
  }

  /** A place of a ring: the turn decides which. */
  #ring({ dtype }: ResultValue, extents: Index[], stride: number, spread: number): Index {
    const b = this.#b;
    this.#hasRing = true;
    const length = spread * RING_PLACES;
    const tensor = b.tensor({
      region: "state",
      name: this.#name(),
      dtype,
      extents: [b.expression(length)],
      encoding: "zero",
    });
    this.#remember(tensor, dtype, "state", length);
    const offset = b.expression(0, [[spread, this.#turn]], b.expression(length));
    return b.view(tensor, extents, b.expression(stride), offset);
  }

  #remember(tensor: Index, dtype: DType, region: Region, elements: number): void {
    this.#known.push({ tensor, dtype, region, elements, entry: this.#entry });
  }

  /** Room for rows of some columns in a tensor that is there. */
  #place(
    dtype: DType,
    columns: number,
    size: number,
    may: (known: Known) => boolean,
  ): { known: Known; stride: number; offset: number } | undefined {
    const fitting = this.#known.filter((known) =>
      known.dtype === dtype && known.elements >= size && may(known)
    );
    if (fitting.length === 0) return undefined;
    const known = this.random.pick(fitting);
    const rows = size / columns;
    const most = rows > 1 ? Math.floor((known.elements - size) / (rows - 1)) : 0;
    const gap = this.random.integer(0, Math.min(most, 4));
    const spare = known.elements - (size + gap * (rows - 1));
    return { known, stride: columns + gap, offset: this.random.integer(0, spare) };
  }
}

/** Elements at the most rows. */
function sizeOf(extents: readonly number[], follows: boolean): number {
  return extents.reduce((n, extent, i) => n * (follows && i === 0 ? MOST_ROWS : extent), 1);
}

/** The rows over and over, up to the most. */
function repeated(bytes: Uint8Array, rows: number): Uint8Array {
  const size = bytes.length / rows;
  const all = new Uint8Array(size * MOST_ROWS);
  for (let row = 0; row < MOST_ROWS; row++) {
    const from = row % rows * size;
    all.set(bytes.subarray(from, from + size), row * size);
  }
  return all;
}

/** Whether the first extents of `*` and `B` may be any number: no other operand depends on it. */
function canFollowRows(operands: readonly OperandSpec[], c: Case): boolean {
  const shapes = operands.filter(({ name }) => c.operands[name] ?? c.results[name]);
  if (!shapes.some(({ shape }) => /^[*B] /.test(shape))) return false;
  return shapes.every(({ shape, name, role }) => {
    const value = c.operands[name] ?? c.results[name]!;
    if (/^[*B] /.test(shape)) return role !== "inout" && !("constant" in value && value.constant);
    // A suffix that is as long as all leading extents has the first one too.
    if (shape.startsWith("~")) return value.extents.length < leadingOf(operands, c);
    return !/\bB\b/.test(shape);
  });
}

/** Extents of an operand of shape `* …`. */
function leadingOf(operands: readonly OperandSpec[], c: Case): number {
  const first = operands.find(({ shape, name }) => shape.startsWith("*") && c.operands[name]);
  return first === undefined ? 0 : c.operands[first.name]!.extents.length;
}

/** New values for an input of which any will do. */
export function redraw(random: Random, { dtype, bytes, free }: RandomInput): Uint8Array {
  if (!free || random.chance(0.3)) return bytes;
  const styles = dtype === "f32"
    ? ["any", "special", "small"] as const
    : ["any", "extreme"] as const;
  const size = dtype === "f32" || dtype === "i32" ? 4 : dtype === "i16" ? 2 : 1;
  const values = elements(random, dtype, bytes.length / size, random.pick(styles));
  return new Uint8Array(values.buffer);
}
