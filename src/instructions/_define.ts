/**
 * How an instruction is described. One description feeds the encoder, the verifiers of both
 * languages (`tools/generate_tables.ts` writes `asm/generated/tables.ts` from it), `inspect`, the
 * conformance suite and the documentation.
 *
 * A shape is a string of extents, outermost first, the last one contiguous:
 *
 * | token  | meaning                                                                    |
 * | ------ | -------------------------------------------------------------------------- |
 * | `K`    | a variable: equal wherever it occurs in one instruction                    |
 * | `256`  | exactly that number                                                        |
 * | `*`    | any number of leading extents (at least one), the same in every operand    |
 * | `~`    | a suffix of `*`, possibly empty: the operand repeats over the other rows   |
 * | `1\|N` | either one element or `N`                                                  |
 * | `B+1`  | one more than the variable                                                 |
 * | `P+L`  | the sum of two variables                                                   |
 * | `@heads` | the value of an attribute                                                |
 */
import { DTYPES } from "../tensor.ts";
import type { DType } from "../tensor.ts";
import type { Check } from "./codes.ts";
import type { Layout } from "../layouts/mod.ts";

/** Who reads and writes an operand. Only `inout` may name the same memory as another operand. */
export type Role = "in" | "out" | "inout";

/** What a constant operand is, for listings. */
export type ConstantKind =
  | "biases"
  | "bounds"
  | "embeddings"
  | "indices"
  | "masks"
  | "factors"
  | "norms"
  | "tables"
  | "weights";

/** What an instruction does, for colours and totals of listings. */
export type Category = "linear" | "attention" | "normalization" | "elementwise" | "movement";

/** One operand of an instruction. */
export interface OperandSpec {
  readonly name: string;
  readonly role: Role;
  readonly dtypes: readonly DType[];
  /** Extents, in the language above. */
  readonly shape: string;
  /** Default `["rows"]`. */
  readonly layouts?: readonly Layout[];
  readonly optional?: boolean;
  /** What a constant here is. Default: activations that do not change. */
  readonly holds?: ConstantKind;
  /**
   * `[sessions, rows, …]` of which a session has as many rows as it has had tokens: what is in the
   * others is never read before it is written.
   */
  readonly cached?: boolean;
  /** The values must be checked: only an input with this check, or a constant, may stand here. */
  readonly check?: CheckSpec;
}

/** What `run` (for inputs) and the loader (for constants) assure of the values of an operand. */
export interface CheckSpec {
  readonly kind: Exclude<Check, "none">;
  /** The variable that is the limit. */
  readonly limit?: string;
}

/** An integer attribute and its range, both ends included. */
export interface AttributeSpec {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values `min`, `min + 1`, …, for listings. */
  readonly values?: readonly string[];
  /** Whether it may be left out and is then `min`: one that came later than the instruction, as its last. */
  readonly optional?: true;
}

/** A rule that involves the presence of one operand, or its type. */
export interface PresenceRule {
  readonly operand: string;
  readonly present: boolean;
  /** With `present`: only where it has this type. */
  readonly dtype?: DType;
  /** Then this operand … */
  readonly then: string;
  /** … must be there (`"present"`), must not (`"absent"`), or has one of these types. */
  readonly is: "present" | "absent" | readonly DType[];
}

/** `left` and `right` multiply to the same number; `left divides right`. All extents are constant. */
export interface ExtentRule {
  readonly rule: "equal" | "divides";
  /** Variables, or `@attribute`. */
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/**
 * What networks an instruction was made for. A wasm module may be built without some families
 * (`wasm/README.md`); `core` is in all networks of integers, `train` in no module of inference.
 */
export const FAMILIES = [
  "core",
  "vision",
  "encoder",
  "language",
  "float",
  "integer",
  "train",
] as const;

/** Name of a family. */
export type Family = (typeof FAMILIES)[number];

/** Everything there is to know about an instruction but its meaning. */
export interface InstructionSpec {
  readonly name: string;
  /** Never reused. */
  readonly opcode: number;
  readonly family: Family;
  /** What it does. */
  readonly category: Category;
  readonly operands: readonly OperandSpec[];
  readonly attributes?: readonly AttributeSpec[];
  /** Operands of one type. */
  readonly sameDtype?: readonly string[];
  readonly rules?: readonly PresenceRule[];
  readonly extents?: readonly ExtentRule[];
  /** Multiply-accumulates: a product of numbers and extents (`*` for all leading ones). */
  readonly work: readonly string[];
  /** The ways to cut its work into parts, in the language of `split.ts`. */
  readonly split: string;
}

/** How a requantisation rounds. The number is the attribute's value. */
export const ROUNDING: AttributeSpec = {
  name: "rounding",
  min: 0,
  max: 3,
  values: ["half_even", "half_up", "half_away", "double"],
};

/** Checks a description once, when the module loads. */
export function defineInstruction<const S extends InstructionSpec>(spec: S): S {
  const names = new Set(spec.operands.map((operand) => operand.name));
  if (names.size !== spec.operands.length) throw new Error(`${spec.name}: operand named twice`);
  for (const rule of spec.rules ?? []) {
    if (!names.has(rule.operand) || !names.has(rule.then)) {
      throw new Error(`${spec.name}: rule on an unknown operand`);
    }
  }
  if (spec.attributes?.slice(0, -1).some(({ optional }) => optional)) {
    throw new Error(`${spec.name}: only the last attribute may be left out`);
  }
  spec.operands.forEach((operand) => parseShape(spec, operand.shape));
  return spec;
}

/** A parsed extent; `kind` is its code in the generated tables. */
export interface Dimension {
  readonly kind: DimensionKind;
  readonly value: number;
  readonly second: number;
}

/** Codes of the extent tokens in the generated tables. */
export enum DimensionKind {
  Variable = 0,
  Constant = 1,
  Leading = 2,
  Suffix = 3,
  OneOr = 4,
  PlusOne = 5,
  Sum = 6,
  Attribute = 7,
}

/** The variables of an instruction in the order in which its operands name them. */
export function variablesOf(spec: InstructionSpec): string[] {
  const found = new Set<string>();
  for (const operand of spec.operands) {
    for (const token of operand.shape.split(" ")) {
      for (const name of token.match(/(?<!@)\b[A-Z]\b/g) ?? []) found.add(name);
    }
  }
  return [...found];
}

/** Parses a shape of an instruction. */
export function parseShape(spec: InstructionSpec, shape: string): Dimension[] {
  const variables = variablesOf(spec);
  const variable = (name: string): number => {
    const index = variables.indexOf(name);
    if (index < 0) throw new Error(`${spec.name}: unknown extent ${name}`);
    return index;
  };
  return shape.split(" ").map((token): Dimension => {
    if (token === "*") return { kind: DimensionKind.Leading, value: 0, second: 0 };
    if (token === "~") return { kind: DimensionKind.Suffix, value: 0, second: 0 };
    if (token.startsWith("@")) {
      return { kind: DimensionKind.Attribute, value: attributeIndex(spec, token), second: 0 };
    }
    if (token.startsWith("1|")) {
      return { kind: DimensionKind.OneOr, value: variable(token.slice(2)), second: 0 };
    }
    if (token.endsWith("+1")) {
      return { kind: DimensionKind.PlusOne, value: variable(token[0]), second: 0 };
    }
    if (token.includes("+")) {
      const [a, b] = token.split("+");
      return { kind: DimensionKind.Sum, value: variable(a), second: variable(b) };
    }
    if (/^\d+$/.test(token)) {
      return { kind: DimensionKind.Constant, value: Number(token), second: 0 };
    }
    return { kind: DimensionKind.Variable, value: variable(token), second: 0 };
  });
}

/** How many attributes an instruction may have: all of them, or without one that may be left out. */
export function attributeCounts(
  { attributes = [] }: Pick<InstructionSpec, "attributes">,
): number[] {
  const all = attributes.length;
  return attributes.at(-1)?.optional ? [all, all - 1] : [all];
}

/** Index of the attribute that `@name` names. */
export function attributeIndex(spec: InstructionSpec, token: string): number {
  const index = (spec.attributes ?? []).findIndex((a) => a.name === token.slice(1));
  if (index < 0) throw new Error(`${spec.name}: unknown attribute ${token}`);
  return index;
}

/** Bit mask of element types, as in the generated tables. */
export function dtypeMask(dtypes: readonly DType[]): number {
  return dtypes.reduce((mask, dtype) => mask | 1 << DTYPES[dtype], 0);
}
