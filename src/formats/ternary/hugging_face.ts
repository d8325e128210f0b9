/**
 * The packed ternary weights of Hugging Face's `bitnet` quantisation. A weight `[R, K]` is a uint8
 * tensor `[R/4, K]`: bits 2p and 2p+1 of row r have the codes `t + 1` of row `p·R/4 + r`. Its scale
 * is the tensor `weight_scale` beside it.
 *
 * @module
 */
import { FewbitError } from "../../errors.ts";
import { bfloat16ToFloat } from "../../numeric/bfloat16.ts";
import { halfToFloat } from "../../numeric/float16.ts";
import type { Tensor } from "../../tensor.ts";
import { quote } from "../quote.ts";
import { checkedElementCount } from "../tensor_bytes.ts";
import { packQuads, unpackQuads } from "./_quads.ts";
import { checkTernary, invalidTernary, onlyScale, type TernaryTensor } from "./ternary_tensor.ts";

/** What a layer does with `weight_scale`. */
export type HuggingFaceScale = "multiply" | "divide";

const FORMAT = "packed bitnet weights";
const SHIFTS = [0, 2, 4, 6];
const WEIGHT = ".weight";

/**
 * What the layers of a checkpoint do with `weight_scale`: `BitLinear` (the default) divides by it,
 * `AutoBitLinear` multiplies.
 *
 * @param config The content of config.json.
 * @throws {FewbitError} `unsupported` where its `quantization_config` is not of packed bitnet
 * weights: another method or class, or the online mode, which keeps weights as they are.
 */
export function huggingFaceScale(config: Readonly<Record<string, unknown>>): HuggingFaceScale {
  const quantization = Object(config.quantization_config) as Readonly<Record<string, unknown>>;
  expectOneOf(quantization.quant_method, "quant_method", ["bitnet"]);
  expectOneOf(quantization.quantization_mode ?? "offline", "quantization_mode", ["offline"]);
  const linearClass = quantization.linear_class ?? "bitlinear";
  expectOneOf(linearClass, "linear_class", ["bitlinear", "autobitlinear"]);
  return linearClass === "bitlinear" ? "divide" : "multiply";
}

/**
 * Decodes one weight.
 *
 * @param packed The uint8 tensor `[R/4, …]`.
 * @param weightScale One float.
 * @param scale What the layer does with it.
 * @returns A tensor `[R, …]` with one scale to multiply by, `1/weightScale` in float32 where the
 * layer divides.
 */
export function decodeHuggingFace(
  packed: Tensor,
  weightScale: Tensor,
  { scale }: { readonly scale: HuggingFaceScale },
): TernaryTensor {
  const { dtype, shape: [rows, ...rest], data } = packed;
  if (dtype !== "u8" || rows === undefined) {
    throw new FewbitError(
      "dtype_mismatch",
      `Cannot read ${FORMAT}: ${dtype} [${packed.shape}], expected u8 of rank 1 or more`,
    );
  }
  const shape = [4 * rows, ...rest];
  const trits = new Int8Array(checkedElementCount(FORMAT, shape));
  if (data.length * 4 !== trits.length) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot read ${FORMAT}: ${data.length} bytes, expected [${packed.shape}]`,
    );
  }
  // One group over the whole tensor: its quarters are the four blocks of rows.
  unpackQuads(FORMAT, data as Uint8Array, trits, data.length, SHIFTS);
  const value = scalar(weightScale);
  const factor = Math.fround(scale === "multiply" ? value : 1 / value);
  if (!Number.isFinite(factor)) {
    throw invalidTernary(FORMAT, `weight_scale is ${value}, which gives a scale of ${factor}`);
  }
  return {
    dtype: "ternary",
    shape,
    trits,
    scales: Float32Array.of(factor),
    blockSize: trits.length,
  };
}

/**
 * Packs the trits of a weight `[R, …]`, R a multiple of 4; its one scale is for `weight_scale`.
 *
 * @returns A uint8 tensor `[R/4, …]`.
 */
export function encodeHuggingFace(tensor: TernaryTensor): Tensor {
  checkTernary(FORMAT, tensor);
  onlyScale(FORMAT, tensor);
  const { shape: [rows, ...rest], trits } = tensor;
  if (rows === undefined || rows % 4 !== 0) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write ${FORMAT}: [${tensor.shape}], expected a multiple of 4 rows`,
    );
  }
  const data = new Uint8Array(trits.length / 4);
  packQuads(trits, data, data.length, SHIFTS);
  return { dtype: "u8", shape: [rows / 4, ...rest], data };
}

/**
 * Decodes all packed weights of a checkpoint: every `NAME.weight` of uint8 with its
 * `NAME.weight_scale`.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readHuggingFaceTernary, readSafetensors } from "@fewbit/fewbit";
 *
 * const weights = readSafetensors(await readFile("model.safetensors"));
 * const config = JSON.parse(await readFile("config.json", "utf8"));
 * console.log(readHuggingFaceTernary(weights, config).keys());
 * ```
 *
 * @param weights Tensors by name, such as those of a safetensors file.
 * @param config The content of config.json, for {@linkcode huggingFaceScale}.
 * @returns The ternary weights by name; what is not packed is left out.
 */
export function readHuggingFaceTernary(
  weights: ReadonlyMap<string, Tensor>,
  config: Readonly<Record<string, unknown>>,
): Map<string, TernaryTensor> {
  const scale = huggingFaceScale(config);
  const ternary = new Map<string, TernaryTensor>();
  for (const [name, tensor] of weights) {
    if (tensor.dtype !== "u8" || !name.endsWith(WEIGHT)) continue;
    const weightScale = weights.get(`${name}_scale`);
    if (weightScale === undefined) {
      throw new FewbitError(
        "not_found",
        `Cannot read ${FORMAT}: ${quote(name)} has no ${quote(`${name}_scale`)} beside it`,
      );
    }
    ternary.set(name, decodeHuggingFace(tensor, weightScale, { scale }));
  }
  return ternary;
}

function scalar({ dtype, shape, data }: Tensor): number {
  if (data.length !== 1) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot read ${FORMAT}: weight_scale is [${shape}], expected one element`,
    );
  }
  const value = Number(data[0]);
  switch (dtype) {
    case "f32":
    case "f64":
      return value;
    case "f16":
      return halfToFloat(value);
    case "bf16":
      return bfloat16ToFloat(value);
    default:
      throw new FewbitError(
        "dtype_mismatch",
        `Cannot read ${FORMAT}: weight_scale is ${dtype}, expected a float type`,
      );
  }
}

function expectOneOf(value: unknown, key: string, expected: readonly string[]): void {
  if (typeof value === "string" && expected.includes(value)) return;
  const shown = typeof value === "string" ? quote(value) : typeof value;
  throw new FewbitError(
    "unsupported",
    `Cannot read ${FORMAT}: ${key} of the quantization_config is ${shown}, ` +
      `expected ${expected.map((name) => `"${name}"`).join(" or ")}`,
  );
}
