/** Along which axes an instruction is cut into parts, and into how many blocks. */
import { parseSplit } from "../../src/instructions/mod.ts";
import type { InstructionSpec } from "../../src/instructions/mod.ts";

/** A way to cut, as the description writes it, and the blocks of a run. */
export interface Way {
  readonly axes: string;
  readonly blocks: number;
}

/** What a run has: extents of the operands that are there, and attributes, by name. */
export interface Extents {
  readonly operands: Readonly<Record<string, readonly number[] | undefined>>;
  readonly attributes: Readonly<Record<string, number>>;
}

/** The first of the ways with the most blocks. */
export function wayOf(spec: InstructionSpec, run: Extents): Way {
  const ways = parseSplit(spec).map((axes, i) => ({
    axes: waysOf(spec)[i],
    blocks: axes.reduce((blocks, { extent, block }) => {
      const size = block.startsWith("@") ? run.attributes[block.slice(1)] : Number(block);
      return blocks * Math.ceil(extentOf(spec, run, extent) / size);
    }, 1),
  }));
  return ways.reduce((best, way) => way.blocks > best.blocks ? way : best);
}

/** All ways to cut an instruction. */
export function waysOf({ split }: InstructionSpec): string[] {
  return split.split(" | ");
}

function extentOf(spec: InstructionSpec, { operands, attributes }: Extents, name: string): number {
  if (name.startsWith("@")) return attributes[name.slice(1)];
  for (const operand of spec.operands) {
    const extents = operands[operand.name];
    const tokens = operand.shape.split(" ");
    const i = tokens.indexOf(name);
    if (extents === undefined || i < 0) continue;
    if (name === "*") return extents.slice(0, 1 - tokens.length).reduce((a, b) => a * b, 1);
    return extents[extents.length - tokens.length + i];
  }
  throw new Error(`${spec.name}: no extent ${name}`);
}
