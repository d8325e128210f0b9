/** 64 blocks of each quantised type of GGUF files. */
import assert from "node:assert/strict";
import { BLOCK_TYPES, decodeBlocks } from "../../src/formats/gguf_blocks/mod.ts";
import { tensorFromBytes } from "../../src/formats/tensor_bytes.ts";
import { float32 } from "../../src/models/weights.ts";
import { absent, readJson, sha256, SHARED } from "./_shared.ts";

const FILE = "golden/gguf/blocks.json";

Deno.test({
  name: "gguf blocks: twelve types have the SHA-256 of the oracle",
  ignore: absent(`${SHARED}/${FILE}`),
  fn: () => {
    const { blocks, types } = readJson(FILE);
    assert.equal(Object.keys(types).length, 12);
    for (const name of Object.keys(types)) {
      const { block_values, bytes_base64, float32_sha256 } = types[name];
      const bytes = Uint8Array.fromBase64(bytes_base64);
      const shape = [blocks, block_values];
      const tensor = BLOCK_TYPES.has(name)
        ? decodeBlocks(name, bytes, shape)
        : tensorFromBytes("GGUF", name.toLowerCase() as "f16" | "bf16", shape, bytes);
      assert.equal(sha256(float32(tensor, name)), float32_sha256, name);
    }
  },
});
