/** Safetensors files that are read tensor by tensor, beside those that are read whole. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { openSafetensors, openShardedSafetensors } from "../../src/formats/safetensors_file.ts";

const TINY = new URL("../vectors/tiny/", import.meta.url);

Deno.test("safetensors file: every tensor is that of the whole file", async () => {
  const path = new URL("deit.safetensors", TINY).pathname;
  const whole = readSafetensors(await Deno.readFile(path));
  const opened = openSafetensors(path);
  assert.deepEqual([...opened.keys()], [...whole.keys()]);
  for (const [name, { dtype, shape, read }] of opened) {
    const tensor = read();
    assert.deepEqual(tensor, whole.get(name));
    assert.deepEqual({ dtype, shape }, { dtype: tensor.dtype, shape: tensor.shape });
  }
});

Deno.test("safetensors file: an index gives the tensors that it lists", () => {
  const weight_map = { cls_token: "deit.safetensors" };
  const tensors = openShardedSafetensors(JSON.stringify({ weight_map }), TINY.pathname);
  assert.deepEqual([...tensors.keys()], ["cls_token"]);
  const index = JSON.stringify({ weight_map: { missing: "deit.safetensors" } });
  const code = { code: "invalid_file" };
  assert.throws(() => openShardedSafetensors(index, TINY.pathname), code);
  const outside = JSON.stringify({ weight_map: { missing: "../deit.safetensors" } });
  assert.throws(() => openShardedSafetensors(outside, TINY.pathname), code);
});

Deno.test("safetensors file: a file that is not there is a typed error", () => {
  assert.throws(() => openSafetensors("missing.safetensors"), { code: "not_found" });
});
