/**
 * The fully connected layers and the dense convolutions of CMSIS-NN's int8 tests as programs of
 * `linear_i8` with CMSIS's own rounding (`double`), on every engine: no mismatch.
 */
import assert from "node:assert/strict";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { withArchive } from "./_archive.ts";
import { readDefinitions } from "./_c_header.ts";
import type { Definitions } from "./_c_header.ts";
import { cmsisLayer } from "./_cmsis_layer.ts";

/** Names of the suites of such layers, of all types. */
const FAMILY = /^(fully_connected|fc_|conv_|kernel1x1|stride2pad1|basic|in_ch_one)/;

/** Suites that run. */
const SUITES = [
  "basic",
  "conv_1_x_n_1",
  "conv_1_x_n_2",
  "conv_1_x_n_3",
  "conv_1_x_n_4",
  "conv_1_x_n_5",
  "conv_1_x_n_6_generic",
  "conv_1_x_n_7",
  "conv_1_x_n_8",
  "conv_2",
  "conv_2x2_dilation",
  "conv_2x2_dilation_5x5_input",
  "conv_2x3_dilation",
  "conv_3",
  "conv_3x2_dilation",
  "conv_3x3_dilation_5x5_input",
  "conv_4",
  "conv_5",
  "conv_dilation_golden",
  "conv_out_activation",
  "fc_per_ch",
  "fully_connected",
  "fully_connected_mve_0",
  "fully_connected_mve_1",
  "fully_connected_null_bias_0",
  "fully_connected_out_activation",
  "fully_connected_w_zp",
  "in_ch_one_out_ch_larger_one",
  "kernel1x1",
  "kernel1x1_stride_x",
  "kernel1x1_stride_x_y",
  "kernel1x1_stride_x_y_1",
  "kernel1x1_stride_x_y_2",
  "stride2pad1",
];

/** Suites that do not run, why, and how many they are. */
const UNSUPPORTED: readonly (readonly [suites: RegExp, reason: string, count: number])[] = [
  [/_int4(_\d)?$/, "linear_i8 has weights of 8 and 7 bits; 4-bit weights do not exist yet", 32],
  [/_int16(_\w+)?$/, "linear_i8 has 8-bit activations; 16-bit ones do not exist yet", 3],
  [/_f16(_\w+)?$/, "float16 does not exist yet", 47],
  [/_f32(_\w+)?$/, "float32 layers are held to ONNX's MatMul, Gemm and Conv", 47],
];

withArchive("cmsis-nn: layers", "data/cmsis-nn/TestData-headers.tar.xz", async (folder, t) => {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name)
    .filter((name) => FAMILY.test(name)).sort();
  const listed = UNSUPPORTED.map(([suites, , count]) => {
    const found = names.filter((name) => suites.test(name));
    assert.equal(found.length, count, String(suites));
    return found;
  });
  assert.deepEqual([...SUITES, ...listed.flat()].sort(), names);
  let outputs = 0;
  let told = 0;
  for (const name of SUITES) {
    await t.step(name, async () => {
      const definitions = await readDefinitions(`${folder}/${name}`);
      const expected = Int8Array.from(definitions.arrays.get("output_ref")!.values);
      const actual = await results(definitions, cmsisLayer(definitions));
      for (const [engine, y] of actual) assert.deepEqual(y, expected, engine);
      const [[, other]] = await results(definitions, cmsisLayer(definitions, "half_even"));
      outputs += expected.length;
      told += expected.filter((code, i) => code !== other[i]).length;
    });
  }
  console.log(`${outputs} codes, of which ${told} tell "double" from "half_even"`);
  assert.ok(told > 0);
});

/** What each engine gives. */
async function results(
  { arrays }: Definitions,
  program: CompiledProgram,
): Promise<(readonly [engine: string, y: Int8Array])[]> {
  const x = Int8Array.from(arrays.get("input")!.values);
  const file = await encodeProgram(program);
  return await Promise.all(ENGINES.map(async (engine) => {
    using instance = await engine.load(file);
    return [engine.name, (await instance.run({ x })).y.data as Int8Array] as const;
  }));
}
