/** Checkpoints as I-ViT's training writes them: eight files, one network each for DeiT and Swin. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { readWeightsFile } from "../../src/checkpoints/checkpoint_folder.ts";
import { compileTaps, convertVision } from "../../src/compile/vision.ts";
import { absent, readJson, sha256Int32, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/golden/ivit/tiny`;
const OVERRIDES: Record<string, Record<string, unknown>> = {
  deit: { num_heads: 2 },
  swin: { image_size: 56 },
};

for (const name of ["deit", "swin"]) {
  for (const file of [".safetensors", ".pth", "_legacy.pth", "_wrapped.pth.tar"]) {
    Deno.test({
      name: `golden: tiny/${name}${file} converts and gives the stored integers`,
      ignore: absent(FOLDER),
      fn: async () => {
        const expected = readJson(`golden/ivit/tiny/${name}.json`);
        const weights = await readWeightsFile(`${FOLDER}/${name}${file}`);
        const compiled = convertVision({ config: OVERRIDES[name], weights });
        const image = new Float32Array(
          Uint8Array.from(atob(expected.image_f32_base64), (c) => c.charCodeAt(0)).buffer,
        );
        const [batch] = expected.image_shape;
        for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
          const options = { engine, symbols: { max_batch: batch } };
          using taps = await load(compileTaps(compiled), options);
          const nodes = await taps.run({ image }, { entry: "normalized", symbols: { batch } });
          for (const [node, hash] of Object.entries(expected.node_sha256_le_i32)) {
            assert.equal(sha256Int32(nodes[node].data as Int32Array), hash, node);
          }
          using plain = await load(compiled.program, options);
          const { logits, logits_i32 } = await plain.run({ image }, {
            entry: "normalized",
            symbols: { batch },
          });
          assert.deepEqual([...logits_i32.data as Int32Array], expected.logits_i32.flat());
          const bits = new Uint32Array((logits.data as Float32Array).buffer);
          assert.deepEqual([...bits], expected.logits_f32_bits.flat());
        }
      },
    });
  }
}

Deno.test({
  name: "golden: a damaged checkpoint is refused",
  ignore: absent(FOLDER),
  fn: async () => {
    const good = await readWeightsFile(`${FOLDER}/deit.safetensors`);
    const damage: [string, number][] = [
      ["blocks.0.qact1.act_scaling_factor", 0],
      ["blocks.0.qact1.act_scaling_factor", NaN],
      ["blocks.0.attn.qkv.weight_integer", 0.5],
      ["blocks.0.attn.qkv.weight_integer", 128],
      ["blocks.1.norm1.weight", 0],
      ["blocks.1.norm1.bias_integer", 2 ** 30],
      ["head.fc_scaling_factor", -1],
      ["head.bias_integer", Infinity],
    ];
    for (const [name, value] of damage) {
      const weights = new Map(good);
      const tensor = good.get(name)!;
      const data = Float32Array.from(tensor.data as Float32Array);
      data[0] = value;
      weights.set(name, { dtype: "f32", shape: tensor.shape, data });
      assert.throws(
        () => convertVision({ config: OVERRIDES.deit, weights }),
        (error) => error instanceof FewbitError,
        `${name} = ${value}`,
      );
    }
    const missing = new Map(good);
    missing.delete("blocks.1.mlp.fc2.weight_integer");
    assert.throws(() => convertVision({ config: OVERRIDES.deit, weights: missing }), FewbitError);
  },
});
