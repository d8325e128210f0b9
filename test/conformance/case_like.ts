/** Finds a case of a certain kind, for benchmarks. */
import { instructionNamed } from "../../src/instructions/mod.ts";
import type { Layout } from "../../src/layouts/mod.ts";
import type { DType } from "../../src/tensor.ts";
import type { Case } from "./_case.ts";
import { Random } from "./_random.ts";
import { CASES } from "./cases.ts";

/** What a case is like; what is left out may be anything. */
export interface Likeness {
  /** The optional operands that are there, all others not. */
  readonly has?: readonly string[];
  readonly types?: Readonly<Record<string, DType>>;
  readonly layouts?: Readonly<Record<string, Layout>>;
}

/** Cases are drawn anew until one fits. */
const MOST_DRAWS = 50;

/**
 * A case with ordinary numbers: finite, none of them denormal or huge, the first operand not of one number.
 *
 * @throws Where none is found.
 */
export function caseLike(instruction: string, like: Likeness): Case {
  for (let seed = 1; seed <= MOST_DRAWS; seed++) {
    for (const c of CASES[instruction](new Random(seed))) {
      if (fits(c, like) && isOrdinary(c)) return c;
    }
  }
  throw new Error(`${instruction} has no case like ${JSON.stringify(like)}`);
}

function fits(c: Case, { has, types = {}, layouts = {} }: Likeness): boolean {
  const optional = instructionNamed(c.instruction).operands.filter((each) => each.optional);
  return (has === undefined ||
    optional.every(({ name }) => has.includes(name) === (c.operands[name] !== undefined))) &&
    Object.entries(types).every(([name, dtype]) =>
      (c.operands[name] ?? c.results[name])?.dtype === dtype
    ) &&
    Object.entries(layouts).every(([name, layout]) => c.operands[name]?.layout === layout);
}

function isOrdinary(c: Case): boolean {
  const values = Object.values(c.operands).filter((value) => value !== undefined);
  const { elements } = values[0];
  return elements.some((element) => element !== elements[0]) &&
    values.every(({ dtype, elements }) =>
      dtype !== "f32" ||
      elements.every((x) => x === 0 || Math.abs(x) > 1e-7 && Math.abs(x) < 1e6)
    );
}
