/** Which instruction reads what another one wrote. */
import { instructionOf } from "../instructions/mod.ts";
import type { Entry, Program } from "../program/program.ts";

/** A tensor on its way from one instruction to another, numbered in the program. */
export interface Edge {
  /** −1 where the tensor comes from outside of the entry: an input, parameter or state. */
  readonly from: number;
  readonly to: number;
  readonly tensor: number;
}

/** The data flow of an entry, in the order of the readers. Constants are not part of it. */
export function edgesOf(program: Program, { first, count }: Entry): Edge[] {
  const writers = new Map<number, number[]>();
  const edges: Edge[] = [];
  for (let to = first; to < first + count; to++) {
    const { opcode, operands } = program.instructions[to];
    const roles = instructionOf(opcode)!.operands.map(({ role }) => role);
    const seen = new Set<number>();
    operands.forEach((operand, j) => {
      if (operand < 0 || roles[j] === "out") return;
      const { tensor } = program.views[operand];
      if (program.tensors[tensor].region === "constant" || seen.has(tensor)) return;
      seen.add(tensor);
      for (const from of writers.get(tensor) ?? [-1]) {
        if (edges.length < MAX_EDGES) edges.push({ from, to, tensor });
      }
    });
    operands.forEach((operand, j) => {
      if (operand < 0 || roles[j] === "in") return;
      const { tensor } = program.views[operand];
      // Who writes a part leaves what others wrote beside it.
      const others = isWhole(program, operand) ? [] : writers.get(tensor) ?? [];
      writers.set(tensor, [...others, to].slice(-MAX_WRITERS));
    });
  }
  return edges;
}

/** Writers of one tensor that are kept apart. */
const MAX_WRITERS = 64;
/** More cannot be drawn; only a hostile program has them. */
const MAX_EDGES = 200_000;

function isWhole(program: Program, operand: number): boolean {
  const { tensor, extents, offset } = program.views[operand];
  const own = program.tensors[tensor].extents;
  const start = program.expressions[offset];
  return start.constant === 0 && start.terms.length === 0 && extents.length === own.length &&
    extents.every((extent, i) => extent === own[i]);
}
