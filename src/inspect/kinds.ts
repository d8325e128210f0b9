/** What the bytes of a file are for. */
import { instructionOf } from "../instructions/mod.ts";
import { PANELS } from "../layouts/mod.ts";
import { isStored } from "../program/program.ts";
import type { Program } from "../program/program.ts";

/** Kind of an instruction, for colours and totals. */
export type Category = "linear" | "attention" | "normalization" | "elementwise" | "movement";

const CATEGORIES: readonly (readonly [RegExp, Category])[] = [
  [/^(linear|conv|embedding)/, "linear"],
  [/^(attention|softmax)/, "attention"],
  [/norm/, "normalization"],
  [/^(patches|copy|.*_rows)$/, "movement"],
];

/** Kind of an instruction by its name. */
export function categoryOf(name: string): Category {
  return CATEGORIES.find(([pattern]) => pattern.test(name))?.[1] ?? "elementwise";
}

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
        ? kindOfOperand(spec.operands[j].name, dtype)
        : `weights, ${PANELS[layout].title}`;
    });
  }
  return kinds;
}

function kindOfOperand(name: string, dtype: string): string {
  if (name === "weight_scale") return "multipliers and shifts";
  if (/gamma|epsilon/.test(name)) return "norms";
  if (name === "lower_bound") return "bounds of gates";
  if (name === "table" && /^b?f/.test(dtype)) return "embeddings";
  if (/weight/.test(name)) return `weights, ${dtype}`;
  if (/bias/.test(name)) return "biases";
  if (/multiplier|shift|zero_point|scale/.test(name)) return "multipliers and shifts";
  if (/table|exponentials|x0/.test(name)) return "tables";
  if (/index/.test(name)) return "indices";
  if (/mask/.test(name)) return "masks";
  return "constant activations";
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
