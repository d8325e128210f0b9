/** Weights that suit a program. */
import { FewbitError } from "../errors.ts";
import { checkType } from "../engines/check_type.ts";
import { isHalf } from "../numeric/half.ts";
import type { Program } from "../program/program.ts";
import { bytesOf, denseBytes } from "../tensor.ts";
import type { Tensor, TensorData } from "../tensor.ts";
import { storedParts } from "./stored_weights.ts";

/**
 * The elements of parameters and states of these names.
 *
 * @throws {FewbitError} `not_found`, `shape_mismatch` or `dtype_mismatch`.
 */
export function checkedWeights(
  program: Program,
  tensors: ReadonlyMap<string, Tensor>,
  names: readonly string[],
): (readonly [name: string, data: TensorData])[] {
  const wanted = program.tensors.filter(({ name, region }) =>
    (region === "parameter" || region === "state") && names.includes(name)
  );
  return wanted.flatMap(({ name, region, dtype: stored, extents }) => {
    // Parameters are float32 outside, however they are kept.
    const dtype = region === "parameter" && isHalf(stored) ? "f32" : stored;
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new FewbitError("not_found", `Cannot load weights: there is no ${name}`);
    }
    const shape = extents.map((extent) => program.expressions[extent].constant);
    if (shape.join() !== tensor.shape.join()) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot load weights: ${name} is [${tensor.shape}], expected [${shape}]`,
      );
    }
    checkType(`Cannot load weights: ${name}`, dtype, tensor.data);
    if (bytesOf(tensor.data).length !== denseBytes(dtype, shape)) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot load weights: ${name} has ${tensor.data.length} elements, expected [${shape}]`,
      );
    }
    return storedParts(program, name, tensor.data);
  });
}
