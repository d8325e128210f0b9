/** How the products of an instruction add up. */
import type { HalfType } from "../../numeric/half.ts";
import type { Operands } from "./_operands.ts";

/** The types of sums, by the value of the attribute. */
const TYPES: readonly (HalfType | undefined)[] = [undefined, "bf16", "f16"];

/** Sums of an instruction. */
export interface Sums {
  /** Whether they are kept in 16 bits, in one accumulator from the first product to the last. */
  readonly areHalves: boolean;
  /** A sum with one product more. */
  add(sum: number, product: number): number;
}

/** The sums of an instruction with the attribute `sums`. */
export function sumsOf(op: Operands): Sums {
  const { arithmetic } = op;
  const type = TYPES[op.attribute("sums")];
  return {
    areHalves: type !== undefined,
    add: type === undefined
      ? (sum, product) => arithmetic.round(sum + product)
      : (sum, product) => arithmetic.accumulate16(type, sum, product),
  };
}
