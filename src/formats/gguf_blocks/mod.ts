/**
 * Quantised tensors of GGUF files as float32: a file for each block type of ggml.
 *
 * @module
 */
import { FewbitError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";
import { checkedElementCount } from "../tensor_bytes.ts";
import type { BlockType } from "./_block.ts";
import { Q4_0 } from "./q4_0.ts";
import { Q4_1 } from "./q4_1.ts";
import { Q4_K } from "./q4_k.ts";
import { Q5_0 } from "./q5_0.ts";
import { Q5_1 } from "./q5_1.ts";
import { Q5_K } from "./q5_k.ts";
import { Q6_K } from "./q6_k.ts";
import { Q8_0 } from "./q8_0.ts";
import { TQ1_0 } from "./tq1_0.ts";
import { TQ2_0 } from "./tq2_0.ts";

/** The types that become float32, by ggml's names. */
export const BLOCK_TYPES: ReadonlyMap<string, BlockType> = new Map(
  Object.entries({ Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, TQ1_0, TQ2_0 }),
);

/**
 * Decodes the blocks of a tensor to float32, each operation rounded once: the bits that ggml's own
 * Python package gives.
 *
 * @param name One of {@linkcode BLOCK_TYPES}.
 * @param bytes Exactly the blocks.
 * @param shape Extents, outermost first; the last one is a multiple of a block's values.
 * @throws {FewbitError} `unsupported` for another type, `invalid_file` for a wrong number of bytes or
 * rows that are no whole blocks.
 */
export function decodeBlocks(name: string, bytes: Uint8Array, shape: readonly number[]): Tensor {
  const type = BLOCK_TYPES.get(name);
  if (type === undefined) throw new FewbitError("unsupported", `Cannot decode blocks of ${name}`);
  const count = checkedElementCount(name, shape);
  const blocks = count / type.values;
  if ((shape.at(-1) ?? 1) % type.values !== 0 || bytes.length !== blocks * type.bytes) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read ${name}: ${bytes.length} bytes for [${shape}], expected ${type.bytes} ` +
        `for each ${type.values} values of a row`,
    );
  }
  const data = new Float32Array(count);
  for (let i = 0; i < blocks; i++) type.decode(bytes, i * type.bytes, data, i * type.values);
  return { dtype: "f32", shape, data };
}
