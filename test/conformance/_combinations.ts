/** Which types, layouts and absences of operands a description accepts, and which a case has. */
import type { InstructionSpec, PresenceRule } from "../../src/instructions/mod.ts";
import { panelsOf } from "../../src/layouts/mod.ts";
import type { Layout } from "../../src/layouts/mod.ts";
import type { Case } from "./_case.ts";

/** Type and layout by operand, "-" for absent ones. */
type Combination = Readonly<Record<string, string>>;

const ROWS: readonly Layout[] = ["rows"];

/** All combinations that both verifiers accept. */
export function combinationsOf(spec: InstructionSpec): string[] {
  let all: Combination[] = [{}];
  for (const { name, dtypes, layouts = ROWS, optional } of spec.operands) {
    const choices = dtypes.flatMap((dtype) =>
      layouts.filter((layout) => (panelsOf(layout)?.dtype ?? dtype) === dtype)
        .map((layout) => `${dtype} ${layout}`)
    );
    if (optional) choices.push("-");
    all = all.flatMap((one) => choices.map((choice) => ({ ...one, [name]: choice })));
  }
  return all.filter((one) =>
    (spec.rules ?? []).every((rule) => holds(rule, one)) &&
    new Set((spec.sameDtype ?? []).map((name) => dtypeOf(one, name)).filter((x) => x !== "-"))
        .size <= 1
  ).map(text);
}

/** The combination that a case runs. */
export function combinationOf(spec: InstructionSpec, { operands, results }: Case): string {
  return text(Object.fromEntries(spec.operands.map(({ name }) => {
    const { dtype, layout = "rows" } = operands[name] ?? { ...results[name], layout: "rows" };
    return [name, dtype === undefined ? "-" : `${dtype} ${layout}`];
  })));
}

function dtypeOf(combination: Combination, operand: string): string {
  return combination[operand].split(" ")[0];
}

function holds({ operand, present, dtype, then, is }: PresenceRule, one: Combination): boolean {
  if ((one[operand] !== "-") !== present) return true;
  if (dtype !== undefined && dtypeOf(one, operand) !== dtype) return true;
  const given = one[then] !== "-";
  if (is === "present") return given;
  if (is === "absent") return !given;
  return !given || (is as readonly string[]).includes(dtypeOf(one, then));
}

function text(combination: Combination): string {
  return Object.entries(combination).map(([name, value]) => `${name}: ${value}`).join(", ");
}
