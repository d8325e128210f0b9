/** Matches the extents of operands with the shapes of a description. */
import { DimensionKind, parseShape, variablesOf } from "../instructions/mod.ts";
import type { Dimension, InstructionSpec } from "../instructions/mod.ts";
import { equals } from "./_same_expression.ts";
import type { Range } from "./expression.ts";
import type { Index, Instruction, Program } from "./program.ts";
import { ProgramError } from "./verdict.ts";

/** Matches the extents of operands with the shapes of a description, binding its variables. */
export class ShapeMatcher {
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
