/** Parameters that are kept in 16 bits, as float32 outside: what is below a bfloat16 belongs to it. */
import { isHalf, narrowed, widened } from "../numeric/half.ts";
import { highHalf, lowHalf, mergedBits } from "../numeric/split_master.ts";
import type { Program, ProgramTensor } from "../program/program.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor, TensorData } from "../tensor.ts";
import { LOW, REST } from "./half_precision.ts";

/** Names of the tensors of a region; what is below a parameter is no tensor of its own. */
export function storedNames(program: Program, of: "parameter" | "state"): string[] {
  const named = program.tensors.filter(({ region }) => region === of).map(({ name }) => name);
  return of === "parameter" ? named : named.filter((name) => !isPart(program, name));
}

/** Names of what was rounded away of parameters. */
export function restNames(program: Program): string[] {
  return storedNames(program, "state").filter((name) => name.endsWith(REST));
}

/** Whether a state is the lower half of a parameter. */
function isPart(program: Program, name: string): boolean {
  if (!name.endsWith(LOW)) return false;
  const parameter = parameterNamed(program, name.slice(0, -LOW.length));
  return parameter !== undefined && isHalf(parameter.dtype);
}

function parameterNamed(program: Program, name: string): ProgramTensor | undefined {
  return program.tensors.find((tensor) => tensor.region === "parameter" && tensor.name === name);
}

function hasLow(program: Program, name: string): boolean {
  return program.tensors.some((tensor) => tensor.region === "state" && tensor.name === name + LOW);
}

/** A parameter as float32, a state as it is. */
export function wholeTensor(
  program: Program,
  name: string,
  read: (name: string) => Tensor,
): Tensor {
  const tensor = read(name);
  const { dtype, shape, data } = tensor;
  if (!isHalf(dtype) || parameterNamed(program, name) === undefined) return tensor;
  if (!hasLow(program, name)) return tensorOf("f32", shape, widened(dtype, data as Uint16Array));
  const low = read(name + LOW).data as Int16Array;
  const bits = Uint32Array.from(data as Uint16Array, (high, i) => mergedBits(high, low[i]));
  return tensorOf("f32", shape, new Float32Array(bits.buffer));
}

/** A parameter or state, and what belongs to it, as they are kept. */
export function storedParts(
  program: Program,
  name: string,
  data: TensorData,
): (readonly [name: string, data: TensorData])[] {
  const dtype = parameterNamed(program, name)?.dtype;
  if (dtype === undefined || !isHalf(dtype)) return [[name, data]];
  const values = data as Float32Array<ArrayBuffer>;
  if (!hasLow(program, name)) return [[name, narrowed(dtype, values)]];
  const bits = new Uint32Array(values.slice().buffer);
  return [[name, Uint16Array.from(bits, highHalf)], [name + LOW, Int16Array.from(bits, lowHalf)]];
}
