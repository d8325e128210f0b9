/** Everything there is to see of a program without running it, as plain data. */
import { instructionNamed, instructionOf } from "../instructions/mod.ts";
import type { Category } from "../instructions/mod.ts";
import type { DecodedHead } from "../program/decode.ts";
import { VERSION } from "../program/format.ts";
import { alignUp } from "../program/plan.ts";
import type { Index, Instruction, Metadata, Program, Region } from "../program/program.ts";
import { storedTrits } from "../program/stored_trits.ts";
import type { VerifiedProgram } from "../program/verify.ts";
import { repeatedBlocks } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { edgesOf } from "./edges.ts";
import type { Edge } from "./edges.ts";
import { formatExpression } from "./_format.ts";
import { bytesByKind, tensorKinds } from "./kinds.ts";
import type { KindBytes } from "./kinds.ts";
import { workOf } from "./work.ts";

/** A symbol and its range. */
export interface SymbolSummary {
  readonly name: string;
  readonly kind: "load" | "run";
  readonly min: number;
  /** May name another symbol. */
  readonly max: string;
  readonly default: number;
}

/** A tensor in memory. Sizes are those at the largest extents. */
export interface TensorSummary {
  /** Empty for most constants and what lives in the arena. */
  readonly name: string;
  readonly region: Region;
  readonly dtype: string;
  readonly layout: string;
  readonly shape: readonly string[];
  readonly bytes: number;
  /** Bytes in the file, where they are not those in memory: of ternary weights. */
  readonly storedBytes?: number;
  readonly offset: number;
  /** First and last instruction that touch it; −1 where none does. */
  readonly first: number;
  readonly last: number;
  /** What it is for, where it is stored in the file. */
  readonly kind?: string;
}

/** An operand: all of a tensor, or a part. */
export interface OperandSummary {
  readonly name: string;
  readonly role: "in" | "out" | "inout";
  readonly tensor: Index;
  readonly shape: readonly string[];
  /** First element, where it is not 0. */
  readonly offset?: string;
  /** Elements from row to row, where rows do not follow one another. */
  readonly rowStride?: string;
}

/** An instruction. */
export interface InstructionSummary {
  readonly name: string;
  readonly category: Category;
  readonly operands: readonly OperandSummary[];
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Multiply-accumulates (or elements) at the largest extents. */
  readonly work: number;
}

/** An entry. */
export interface EntrySummary {
  readonly name: string;
  readonly first: number;
  readonly count: number;
  readonly work: number;
  /** Tensors that the caller gives and gets. */
  readonly inputs: readonly Index[];
  readonly outputs: readonly Index[];
  readonly edges: readonly Edge[];
  /** Repeated instructions, numbered in the program. */
  readonly blocks: readonly Block[];
  /** Most bytes of the arena that are alive at once. */
  readonly liveBytes: number;
}

/** A program as plain data. */
export interface ProgramSummary {
  readonly version: number;
  readonly id: string;
  readonly fileBytes: number;
  readonly headBytes: number;
  readonly symbols: readonly SymbolSummary[];
  readonly entries: readonly EntrySummary[];
  readonly instructions: readonly InstructionSummary[];
  readonly tensors: readonly TensorSummary[];
  /** Bytes in memory by region, with guards. */
  readonly regions: Readonly<Record<Region, number>>;
  /** Bytes in the file by kind. */
  readonly kinds: readonly KindBytes[];
  readonly metadata: Metadata;
}

/** Summarises a verified program. */
export function summarize(head: DecodedHead, verified: VerifiedProgram): ProgramSummary {
  const { program, plan, liveness } = verified;
  const fileBytes = head.headBytes + head.blobBytes;
  const kinds = tensorKinds(program);
  const storedBytes = plan.bytes.slice();
  for (const { tensor, bytes } of storedTrits(program)) storedBytes[tensor] = bytes;
  const shapeOf = (extents: readonly Index[]): string[] =>
    extents.map((extent) => formatExpression(program, extent));
  const instructions = program.instructions.map((instruction) =>
    summarizeInstruction(program, instruction, (e) => verified.ranges[e].max, shapeOf)
  );
  return {
    version: VERSION,
    id: head.id,
    fileBytes,
    headBytes: head.headBytes,
    symbols: program.symbols.map(({ name, kind, min, max, default: value }) => ({
      name,
      kind,
      min,
      max: formatExpression(program, max),
      default: value,
    })),
    entries: program.entries.map((_, i) => summarizeEntry(verified, instructions, i)),
    instructions,
    tensors: program.tensors.map(({ name, region, dtype, layout, extents, encoding }, i) => ({
      name,
      region,
      dtype,
      layout,
      shape: shapeOf(extents),
      bytes: plan.bytes[i],
      ...(encoding === "base3" && { storedBytes: storedBytes[i] }),
      offset: plan.offsets[i],
      first: liveness.first[i],
      last: liveness.last[i],
      ...(kinds[i] !== undefined && { kind: kinds[i] }),
    })),
    regions: plan.regionBytes,
    kinds: bytesByKind(kinds, storedBytes, head.headBytes, fileBytes),
    metadata: program.metadata,
  };
}

function summarizeInstruction(
  program: Program,
  instruction: Instruction,
  largest: (expression: Index) => number,
  shapeOf: (extents: readonly Index[]) => string[],
): InstructionSummary {
  const spec = instructionOf(instruction.opcode)!;
  const operands = spec.operands.flatMap(({ name, role }, j): OperandSummary[] => {
    const operand = instruction.operands[j];
    if (operand < 0) return [];
    const { tensor, extents, offset, rowStride } = program.views[operand];
    const start = formatExpression(program, offset);
    const stride = formatExpression(program, rowStride);
    const shape = shapeOf(extents);
    return [{
      name,
      role,
      tensor,
      shape,
      ...(start !== "0" && { offset: start }),
      ...(stride !== shape[shape.length - 1] && { rowStride: stride }),
    }];
  });
  return {
    name: spec.name,
    category: spec.category,
    operands,
    attributes: Object.fromEntries(
      instruction.attributes.map((value, j) => {
        const { name, min, values } = spec.attributes![j];
        return [name, values?.[value - min] ?? value];
      }),
    ),
    work: workOf(program, instruction, largest),
  };
}

function summarizeEntry(
  { program, plan, liveness }: VerifiedProgram,
  instructions: readonly InstructionSummary[],
  i: number,
): EntrySummary {
  const entry = program.entries[i];
  const code = program.instructions.slice(entry.first, entry.first + entry.count);
  const names = code.map(({ opcode }) => instructionOf(opcode)!.name);
  const isNorm = (name: string): boolean => instructionNamed(name).category === "normalization";
  const blocks = repeatedBlocks(names, isNorm).map(({ first, count }) => ({
    first: entry.first + first,
    count,
  }));
  const used = new Set(
    code.flatMap(({ operands }) => operands.filter((o) => o >= 0)).map((o) =>
      program.views[o].tensor
    ),
  );
  const inRegion = (region: Region): Index[] =>
    [...used].filter((t) => program.tensors[t].region === region).sort((a, b) => a - b);
  const delta = new Float64Array(entry.count + 1);
  for (const t of inRegion("arena")) {
    const size = alignUp(plan.bytes[t], 64);
    delta[liveness.first[t] - entry.first] += size;
    delta[liveness.last[t] - entry.first + 1] -= size;
  }
  let [live, liveBytes] = [0, 0];
  for (const change of delta) liveBytes = Math.max(liveBytes, live += change);
  return {
    ...entry,
    work: instructions.slice(entry.first, entry.first + entry.count)
      .reduce((sum, { work }) => sum + work, 0),
    inputs: inRegion("input"),
    outputs: inRegion("output"),
    edges: edgesOf(program, entry),
    blocks,
    liveBytes,
  };
}
