/** What the verifier checks of one instruction. */
import { attributeCounts, computedDtype, instructionOf } from "../instructions/mod.ts";
import type { InstructionSpec } from "../instructions/mod.ts";
import { equals } from "./_same_expression.ts";
import { ShapeMatcher } from "./_shape_matcher.ts";
import type { Range } from "./expression.ts";
import type { Index, Instruction, Program, ProgramTensor, View } from "./program.ts";
import { ProgramError } from "./verdict.ts";

/**
 * Returns the work: multiply-accumulates, and the elements of the operands, which loops go over too.
 *
 * @param halves Whether operands of float32 may be stored as 16-bit floats.
 */
export function checkInstruction(
  program: Program,
  ranges: readonly Range[],
  instruction: Instruction,
  i: number,
  indexLimits: Map<Index, number>,
  halves: boolean,
): number {
  const spec = instructionOf(instruction.opcode);
  if (
    spec === undefined || instruction.operands.length !== spec.operands.length ||
    !attributeCounts(spec).includes(instruction.attributes.length)
  ) throw new ProgramError("bad_opcode", `instruction ${i}, opcode ${instruction.opcode}`);
  const where = `instruction ${i} ${spec.name}`;
  spec.attributes?.forEach(({ name, min, max }, j) => {
    const value = instruction.attributes[j] ?? min;
    if (value < min || value > max) {
      throw new ProgramError("bad_attribute", `${where}: ${name} = ${value}`);
    }
  });
  spec.operands.forEach((_, j) => checkOperand(program, spec, instruction, j, where, halves));
  checkAliasing(program, spec, instruction, where);
  checkRules(program, spec, instruction, where);
  const shapes = new ShapeMatcher(program, ranges, spec, instruction, where);
  spec.operands.forEach((operand, j) => shapes.match(operand.shape, j, operand.optional === true));
  shapes.checkExtentRules();
  spec.operands.forEach((_, j) => checkValues(program, spec, instruction, j, shapes, indexLimits));
  return instruction.operands.reduce(
    (work, operand) => operand < 0 ? work : work + elements(program.views[operand], ranges),
    shapes.product(spec.work),
  );
}

/** Elements of a view at its largest extents. */
function elements(view: View, ranges: readonly Range[]): number {
  return view.extents.reduce((product, extent) => product * ranges[extent].max, 1);
}

function checkOperand(
  program: Program,
  spec: InstructionSpec,
  instruction: Instruction,
  j: number,
  where: string,
  halves: boolean,
): void {
  const { name, role, dtypes, layouts = ["rows"], optional } = spec.operands[j];
  const operand = instruction.operands[j];
  if (operand < 0 && optional) return;
  const fail = (why: string): never => {
    throw new ProgramError("bad_operand", `${where}: ${name}: ${why}`);
  };
  if (operand < 0 || operand >= program.views.length) fail("missing");
  const tensor = program.tensors[program.views[operand].tensor];
  const dtype = halves ? computedDtype(spec.operands[j], tensor.dtype) : tensor.dtype;
  if (!dtypes.includes(dtype)) fail(`dtype ${tensor.dtype}, expected ${dtypes.join(", ")}`);
  if (!layouts.includes(tensor.layout)) fail(`layout ${tensor.layout}`);
  if (role === "in" ? tensor.region === "output" : isReadOnly(tensor)) {
    fail(`region ${tensor.region}`);
  }
}

function isReadOnly(tensor: ProgramTensor): boolean {
  return tensor.region === "constant" || tensor.region === "input";
}

function checkAliasing(
  program: Program,
  spec: InstructionSpec,
  { operands }: Instruction,
  where: string,
): void {
  spec.operands.forEach(({ role, name }, j) => {
    if (role === "in" || operands[j] < 0) return;
    const tensor = program.views[operands[j]].tensor;
    operands.forEach((other, k) => {
      if (k !== j && other >= 0 && program.views[other].tensor === tensor) {
        throw new ProgramError("aliasing", `${where}: ${name} and ${spec.operands[k].name}`);
      }
    });
  });
}

function checkRules(
  program: Program,
  spec: InstructionSpec,
  { operands }: Instruction,
  where: string,
): void {
  const at = (name: string): Index => operands[spec.operands.findIndex((o) => o.name === name)];
  const dtype = (name: string): string => {
    const operand = spec.operands.find((o) => o.name === name)!;
    return computedDtype(operand, program.tensors[program.views[at(name)].tensor].dtype);
  };
  const fail = (why: string): never => {
    throw new ProgramError("bad_rule", `${where}: ${why}`);
  };
  for (const { operand, present, dtype: only, then, is } of spec.rules ?? []) {
    if (at(operand) >= 0 !== present) continue;
    if (only !== undefined && dtype(operand) !== only) continue;
    const given = at(then) >= 0;
    if (is === "present" ? !given : is === "absent" ? given : given && !includes(is, dtype(then))) {
      fail(`${operand} is ${only ?? (present ? "there" : "not there")}, so ${then} must be ${is}`);
    }
  }
  const [first, ...others] = (spec.sameDtype ?? []).filter((name) => at(name) >= 0);
  if (others.some((name) => dtype(name) !== dtype(first))) {
    fail(`${spec.sameDtype?.join(", ")} differ in dtype`);
  }
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes(value);
}

/** Operands whose values are indices are checked inputs or constants. */
function checkValues(
  program: Program,
  spec: InstructionSpec,
  instruction: Instruction,
  j: number,
  shapes: ShapeMatcher,
  indexLimits: Map<Index, number>,
): void {
  const { check, name } = spec.operands[j];
  const operand = instruction.operands[j];
  if (check === undefined || operand < 0) return;
  const view = program.views[operand];
  const tensor = program.tensors[view.tensor];
  const limit = check.limit === undefined ? -1 : shapes.bound(check.limit);
  if (tensor.region === "constant" && check.kind === "below") {
    const least = shapes.ranges[limit].min;
    indexLimits.set(view.tensor, Math.min(least, indexLimits.get(view.tensor) ?? least));
    return;
  }
  const whole = shapes.ranges[view.offset].max === 0 && view.extents.length === 1 &&
    equals(program, view.extents[0], tensor.extents[0]);
  const checked = tensor.check === check.kind ||
    (check.kind === "below" && tensor.check === "distinct");
  if (
    !whole || !checked || (limit >= 0 && !equals(program, tensor.limit, limit)) ||
    (check.kind === "past" && tensor.offsets !== offsetsOf(program, spec, instruction))
  ) throw new ProgramError("bad_operand", `${shapes.where}: ${name}: unchecked values`);
}

/** Tensor of the operand that holds the bounds of the sequences, to which `past` is added. */
function offsetsOf(program: Program, spec: InstructionSpec, { operands }: Instruction): Index {
  const operand = operands[spec.operands.findIndex(({ check }) => check?.kind === "offsets")];
  return program.views[operand].tensor;
}
