import { FewbitError } from "../errors.ts";
import type { DType, Tensor } from "../tensor.ts";

/**
 * A tensor by its name, of the type that is expected: its `data` needs no cast.
 *
 * @param tensors Outputs of a run, or any tensors by name.
 * @throws {FewbitError} `not_found` without a tensor of that name, `dtype_mismatch` where it has another
 * type; both say what there is.
 *
 * @example
 * ```ts
 * import { expectTensor, load } from "@fewbit/fewbit/runtime";
 *
 * using instance = await load(await fetch("https://example.com/model.fewbit"));
 * const outputs = await instance.run({ pixels: new Uint8Array(28 * 28) });
 * const logits: Float32Array = expectTensor(outputs, "logits", "f32").data;
 * console.log(logits.length); // 10
 * ```
 */
export function expectTensor<D extends DType>(
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  dtype: D,
): Tensor<D> {
  if (!Object.hasOwn(tensors, name)) {
    throw new FewbitError(
      "not_found",
      `No tensor is named "${name}", there are ${Object.keys(tensors).join(", ") || "none"}`,
    );
  }
  return ofType(tensors[name], name, dtype);
}

/** The tensor itself, where it has a type; else throws `dtype_mismatch`. */
export function ofType<D extends DType>(tensor: Tensor, name: string, dtype: D): Tensor<D> {
  if (tensor.dtype === dtype) return tensor as Tensor<D>;
  throw new FewbitError(
    "dtype_mismatch",
    `Tensor "${name}" is ${tensor.dtype}, expected ${String(dtype)}`,
  );
}
