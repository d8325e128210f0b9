/** What the bytes of a file are for. */
import { instructionOf } from "../instructions/mod.ts";
import type { OperandSpec } from "../instructions/mod.ts";
import { PANELS } from "../layouts/mod.ts";
import { isStored } from "../program/program.ts";
import type { Program } from "../program/program.ts";
import type { DType } from "../tensor.ts";

/** Bytes of one kind. */
export interface KindBytes {
  readonly kind: string;
  readonly tensors: number;
  readonly bytes: number;
}

/** Kind of each tensor that is stored in the file, by the first operand that reads it. */
export function tensorKinds(program: Program): (string | undefined)[] {
  const kinds = program.tensors.map(({ region, encoding }): string | undefined =>
    isStored(region) && encoding !== "zero" ? "unused" : undefined
  );
  for (const { opcode, operands } of program.instructions) {
    const spec = instructionOf(opcode)!;
    operands.forEach((operand, j) => {
      if (operand < 0) return;
      const { tensor } = program.views[operand];
      if (kinds[tensor] !== "unused") return;
      const { region, dtype, layout } = program.tensors[tensor];
      kinds[tensor] = region === "state"
        ? "state"
        : layout === "rows"
        ? kindOfOperand(spec.operands[j], dtype)
        : `weights, ${PANELS[layout].title}`;
    });
  }
  return kinds;
}

function kindOfOperand({ holds }: OperandSpec, dtype: DType): string {
  switch (holds) {
    case undefined:
      return "constant activations";
    case "weights":
      return `weights, ${dtype}`;
    case "factors":
      return "multipliers and shifts";
    case "bounds":
      return "bounds of gates";
    default:
      return holds;
  }
}

/** Bytes of a file by kind, largest first; they add up to the file. `storedBytes` are those of each tensor. */
export function bytesByKind(
  kinds: readonly (string | undefined)[],
  storedBytes: ArrayLike<number>,
  headBytes: number,
  fileBytes: number,
): KindBytes[] {
  const sums = new Map<string, { kind: string; tensors: number; bytes: number }>();
  kinds.forEach((kind, i) => {
    if (kind === undefined) return;
    const sum = sums.get(kind) ?? { kind, tensors: 0, bytes: 0 };
    sum.tensors++;
    sum.bytes += storedBytes[i];
    sums.set(kind, sum);
  });
  const stored = [...sums.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...sums.values(),
    { kind: "instructions and metadata", tensors: 0, bytes: headBytes },
    { kind: "alignment", tensors: 0, bytes: fileBytes - headBytes - stored },
  ].sort((a, b) => b.bytes - a.bytes);
}
