/**
 * How the work of an instruction is cut into parts (`run_part`). A way to cut is a row of axes,
 * outermost first: `B @heads Q/4` are pairs of a batch member and a head, and for each pair blocks
 * of 4 queries. A part has consecutive blocks of that product. `|` stands between two ways.
 *
 * | axis       | what it is                                                                        |
 * | ---------- | --------------------------------------------------------------------------------- |
 * | `*`        | all leading extents as one: rows. An operand `~` is cut where its rows repeat     |
 * | `N/8`      | a variable in blocks of 8 (of 1 by default): no part begins within one            |
 * | `H/@group` | in blocks of as many as an attribute says                                         |
 * | `@heads`   | an attribute, which in a part is the number of its own                            |
 * | `B%W`      | a variable along which the operand whose first extent is W repeats: b uses b mod W |
 *
 * Of several ways a run takes the one with the most blocks: it repeats the least work, such as packing,
 * and its parts differ the least. No sum is ever cut, and no two parts write the same byte, so the
 * bits do not depend on the number of parts.
 */
import { attributeIndex, DimensionKind, parseShape, variablesOf } from "./_define.ts";
import type { InstructionSpec } from "./_define.ts";

/** An axis of a way to cut. */
export interface Axis {
  /** `*`, a variable, or `@attribute`. */
  readonly extent: string;
  /** Elements of a block: a number, or `@attribute`. */
  readonly block: string;
  /** What repeats along it: `~`, or a variable. */
  readonly repeats: string | undefined;
  /** Variables that are cut where it is, in proportion to their extents. */
  readonly variables: readonly string[];
}

/** The ways to cut an instruction. */
export function parseSplit(spec: InstructionSpec): Axis[][] {
  return spec.split.split(" | ").map((way) => way.split(" ").map((axis) => parseAxis(spec, axis)));
}

function parseAxis(spec: InstructionSpec, axis: string): Axis {
  const [, extent, block = "1", modulus] = /^([^/%]+)(?:\/([^/%]+))?(?:%(\w))?$/.exec(axis) ?? [];
  if (extent === undefined || /^0|^[^@\d]/.test(block)) {
    throw new Error(`${spec.name}: no axis ${axis}`);
  }
  for (const name of [extent, block]) if (name.startsWith("@")) attributeIndex(spec, name);
  const variables = extent === "*" ? [] : cutWith(spec, extent);
  for (const variable of variables) checkVariable(spec, variable);
  const isRepeated = extent === "*" && spec.operands.some(({ shape }) => shape.startsWith("~"));
  const repeats = isRepeated ? "~" : modulus;
  if (repeats !== undefined && block !== "1") throw new Error(`${spec.name}: blocks of ${extent}`);
  return { extent, block, repeats, variables };
}

/** Variables that are a multiple of an extent, and of which it is one, as the rules say; with it itself. */
function cutWith(spec: InstructionSpec, extent: string): string[] {
  const found = new Set([extent]);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const { rule, left, right } of spec.extents ?? []) {
      const factors = [left, right].map((side) =>
        side.filter((name) => found.has(name) || !name.startsWith("@"))
      );
      // `@heads` divides C; H times a number is C.
      if (factors.some((side) => side.length !== 1)) continue;
      const [[a], [b]] = factors;
      if (found.has(a)) found.add(b);
      if (found.has(b) && rule === "equal") found.add(a);
    }
  }
  return [...found].filter((name) => !name.startsWith("@"));
}

/** An extent that is a sum cannot be cut. Its value is that of the first operand that has it. */
function checkVariable(spec: InstructionSpec, variable: string): void {
  const index = variablesOf(spec).indexOf(variable);
  const { Variable, OneOr, PlusOne, Sum } = DimensionKind;
  const uses = spec.operands.flatMap(({ shape }) => parseShape(spec, shape)).filter((dimension) => {
    const { kind, value, second } = dimension;
    if (kind === Sum) return value === index || second === index;
    return value === index && (kind === Variable || kind === OneOr || kind === PlusOne);
  });
  const [first, ...others] = uses.map(({ kind }) => kind);
  if (first !== Variable || others.some((kind) => kind === Sum || kind === PlusOne)) {
    throw new Error(`${spec.name}: cannot cut ${variable}`);
  }
}
