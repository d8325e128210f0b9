import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { readPth } from "../../src/formats/pth.ts";
import { float32 } from "../../src/models/weights.ts";
import type { Tensor } from "../../src/tensor.ts";

/** A file that PyTorch wrote, and what is in it. */
interface Case {
  readonly base64: string;
  readonly tensors: Readonly<Record<string, [shape: number[], values: number[]]>>;
  readonly skipped: readonly string[];
  readonly error: string | null;
}

const CASES: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/checkpoints/pth.json", import.meta.url)),
);

/** Elements as numbers. */
function numbers(tensor: Tensor): number[] {
  return /^b?f/.test(tensor.dtype) ? [...float32(tensor, "")] : Array.from(tensor.data, Number);
}

Deno.test(`pth: ${Object.keys(CASES).length} files of PyTorch with more than tensors in them`, async () => {
  for (const [name, { base64, tensors, skipped, error }] of Object.entries(CASES)) {
    const read = readPth(Uint8Array.fromBase64(base64));
    if (error !== null) {
      await assert.rejects(read, (e) => e instanceof FewbitError && e.code === error, name);
      continue;
    }
    const found = await read;
    assert.deepEqual([...found.keys()], Object.keys(tensors), name);
    assert.deepEqual([...found.skipped.keys()], skipped, name);
    for (const [key, [shape, values]] of Object.entries(tensors)) {
      const tensor = found.get(key)!;
      assert.deepEqual([tensor.shape, numbers(tensor)], [shape, values], name);
    }
  }
});
