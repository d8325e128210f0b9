import assert from "node:assert/strict";
import { BLOCK_TYPES, decodeBlocks } from "../../src/formats/gguf_blocks/mod.ts";
import { readGguf } from "../../src/formats/gguf.ts";
import { float32 } from "../../src/models/weights.ts";
import type { Tensor } from "../../src/tensor.ts";
import { assertThrows } from "./_assert.ts";
import { ggufFile } from "./_gguf_builder.ts";

interface Sample {
  readonly ggml_type: number;
  readonly block_bytes: number;
  readonly block_values: number;
  readonly two_blocks_base64: string;
  readonly float32_bits: readonly number[];
}

/** Two blocks of each type, and the bits that gguf-py gives for them. */
const SAMPLES: Readonly<Record<string, Sample>> = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/gguf/blocks.json", import.meta.url)),
);

const bitsOf = (values: Float32Array): number[] => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length),
];

for (const [name, sample] of Object.entries(SAMPLES)) {
  Deno.test(`gguf blocks: ${name} has the bits of ggml's Python package`, () => {
    const bytes = Uint8Array.fromBase64(sample.two_blocks_base64);
    const shape = [2, sample.block_values];
    if (BLOCK_TYPES.has(name)) {
      const { values, bytes: blockBytes } = BLOCK_TYPES.get(name)!;
      assert.deepEqual([values, blockBytes], [sample.block_values, sample.block_bytes]);
      const decoded = decodeBlocks(name, bytes, shape);
      assert.deepEqual([decoded.dtype, decoded.shape], ["f32", shape]);
      assert.deepEqual(bitsOf(decoded.data as Float32Array), sample.float32_bits);
    }
    // Ternary tensors stay so, and codes that are no trits are refused there.
    if (name.startsWith("TQ")) return;
    const file = ggufFile({
      tensors: [{ name: "w", extents: shape.toReversed(), type: sample.ggml_type, offset: 0 }],
      data: bytes,
    });
    const { type, decode } = readGguf(file).tensors.get("w")!;
    assert.equal(type, name);
    assert.deepEqual(bitsOf(float32(decode() as Tensor, "w")), sample.float32_bits);
  });
}

Deno.test("gguf blocks: what is no whole number of blocks is refused", () => {
  for (const [name, { values, bytes }] of BLOCK_TYPES) {
    assert.equal(decodeBlocks(name, new Uint8Array(0), [0, values]).data.length, 0);
    for (const [length, shape] of [[bytes - 1, [values]], [bytes + 1, [values]], [0, [values]]]) {
      assertThrows(
        () => decodeBlocks(name, new Uint8Array(length as number), shape as number[]),
        "invalid_file",
        new RegExp(`Cannot read ${name}: ${length} bytes for`),
      );
    }
    assertThrows(
      () => decodeBlocks(name, new Uint8Array(bytes), [2, values / 2]),
      "invalid_file",
      new RegExp(`expected ${bytes} for each ${values}`),
    );
    assertThrows(
      () => decodeBlocks(name, new Uint8Array(0), [2 ** 53, values]),
      "invalid_file",
      /extent|elements/,
    );
  }
  assertThrows(() => decodeBlocks("Q2_K", new Uint8Array(84), [256]), "unsupported", /Q2_K/);
});

Deno.test("gguf blocks: a file that ends early, or whose rows are no blocks, is refused by name", () => {
  const tensor = (extents: number[], length: number) => () =>
    readGguf(ggufFile({
      tensors: [{ name: "w", extents, type: 3, offset: 0 }],
      data: new Uint8Array(length),
    }));
  assert.equal(tensor([32], 20)().tensors.get("w")!.decode().shape[0], 32);
  assertThrows(tensor([32], 19), "invalid_file", /"w" needs 20 bytes at 0/);
  assertThrows(tensor([33], 40), "invalid_file", /rows of 33 elements, expected a multiple of 32/);
  assertThrows(tensor([32, 2 ** 40], 40), "invalid_file", /"w" needs 21990232555520 bytes/);
});
