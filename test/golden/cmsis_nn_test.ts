/**
 * The fully connected layers of CMSIS-NN's tests as `linear_i8` programs with CMSIS's own rounding
 * (`double`), on every engine: no mismatch.
 */
import assert from "node:assert/strict";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { packPanelsI8 } from "../../src/program/pack.ts";
import type { Index } from "../../src/program/program.ts";
import type { DType, TensorData } from "../../src/tensor.ts";
import { ROUNDING } from "../../src/instructions/mod.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { withArchive } from "./_archive.ts";
import { readDefinitions } from "./_c_header.ts";
import type { Definitions } from "./_c_header.ts";
import { eightBits } from "./_eight_bits.ts";

/** Suites that run. */
const SUITES = [
  "fc_per_ch",
  "fully_connected",
  "fully_connected_mve_0",
  "fully_connected_mve_1",
  "fully_connected_null_bias_0",
  "fully_connected_out_activation",
  "fully_connected_w_zp",
];

/** Suites that do not run, why, and how many they are. */
const UNSUPPORTED: readonly (readonly [suites: RegExp, reason: string, count: number])[] = [
  [/_int4(_\d)?$/, "linear_i8 has weights of 8 and 7 bits; 4-bit weights do not exist yet", 6],
  [/_int16(_\w+)?$/, "linear_i8 has 8-bit activations; 16-bit ones do not exist yet", 3],
  [/_f16$/, "float16 does not exist yet", 12],
  [/_f32$/, "float32 layers are held to ONNX's MatMul and Gemm", 12],
];

withArchive(
  "cmsis-nn: fully connected layers",
  "data/cmsis-nn/TestData-headers.tar.xz",
  async (folder, t) => {
    const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name)
      .filter((name) => /^(fully_connected|fc_)/.test(name)).sort();
    const listed = UNSUPPORTED.map(([suites, , count]) => {
      const found = names.filter((name) => suites.test(name));
      assert.equal(found.length, count, String(suites));
      return found;
    });
    assert.deepEqual([...SUITES, ...listed.flat()].sort(), names);
    for (const name of SUITES) {
      await t.step(name, async () => await runSuite(await readDefinitions(`${folder}/${name}`)));
    }
  },
);

async function runSuite({ numbers, arrays }: Definitions): Promise<void> {
  const expected = Int8Array.from(arrays.get("output_ref")!.values);
  const { file, input } = await layer({ numbers, arrays });
  assert.equal(expected.length, numbers.get("dst_size"));
  for (const engine of ENGINES) {
    using instance = await engine.load(file);
    const { y } = await instance.run({ x: input });
    assert.deepEqual(y.data, expected, engine.name);
  }
}

/**
 * `clamp(requantize(Σ (x + input_offset)·(w + filter_offset) + bias) + output_offset)`: offsets of the
 * input go into the bias, those of the weight into the weight (of two parts then, beside each other,
 * on an input that repeats), a narrower clamp into the table.
 */
async function layer(
  { numbers, arrays }: Definitions,
): Promise<{ file: Uint8Array<ArrayBuffer>; input: Int8Array }> {
  const number = (name: string): number => numbers.get(name) ?? 0;
  const array = (name: string) => arrays.get(name)?.values;
  const [batch, n, k] = ["input_batches", "out_ch", "accumulation_depth"].map(number);
  const input = Int8Array.from(array("input")!);
  const weight = array("weights")!.map((w) => w + number("filter_offset"));
  assert.deepEqual([arrays.get("weights")!.type, input.length, weight.length], [
    "int8_t",
    batch * k,
    n * k,
  ]);

  const builder = new ProgramBuilder();
  const constant = (dtype: DType, data: TensorData): Index =>
    builder.whole(builder.tensor({
      region: "constant",
      dtype,
      extents: [builder.expression(data.length)],
      data: new Uint8Array(data.buffer),
    }));
  const words = (values: readonly number[]): Index => constant("i32", Int32Array.from(values));
  const matrix = (name: string, region: "input" | "arena" | "output", columns: number): Index =>
    builder.tensor({
      region,
      name,
      dtype: "i8",
      extents: [batch, columns].map((e) => builder.expression(e)),
    });

  const parts = eightBits(weight);
  const columns = parts.length * k;
  const wide = new Int8Array(n * columns);
  parts.forEach((part, p) =>
    part.forEach((w, i) => wide[(Math.floor(i / k) * parts.length + p) * k + i % k] = w)
  );
  const source = matrix("x", "input", k);
  const x = parts.length === 1
    ? builder.whole(source)
    : repeat(builder, source, batch, k, parts.length);
  const bias = Array.from({ length: n }, (_, row) => {
    const sum = weight.slice(row * k, (row + 1) * k).reduce((a, b) => a + b, 0);
    return (array("biases")?.[row] ?? 0) + number("input_offset") * sum;
  });
  const [low, high] = [number("out_activation_min"), number("out_activation_max")];
  const clamp = Int8Array.from({ length: 256 }, (_, i) => Math.max(low, Math.min(high, i - 128)));
  builder.instruction("linear_i8", {
    x,
    weight: builder.whole(builder.tensor({
      region: "constant",
      dtype: "i8",
      layout: "panel_8x4",
      extents: [n, columns].map((e) => builder.expression(e)),
      data: packPanelsI8(wide, n, columns),
    })),
    bias: words(bias),
    multiplier: words(array("output_mult") ?? [number("output_multiplier")]),
    shift: words((array("output_shift") ?? [number("output_shift")]).map((shift) => 31 - shift)),
    zero_point: words([number("output_offset")]),
    table: low === -128 && high === 127 ? undefined : constant("i8", clamp),
    y: builder.whole(matrix("y", "output", n)),
  }, { rounding: ROUNDING.values!.indexOf("double") });
  builder.entry("main");
  return { file: await encodeProgram(builder.finish()), input };
}

/** The rows of x, each `times` times in a row. */
function repeat(builder: ProgramBuilder, x: Index, batch: number, k: number, times: number): Index {
  const extents = (...values: number[]) => values.map((value) => builder.expression(value));
  const y = builder.tensor({ region: "arena", dtype: "i8", extents: extents(batch, times * k) });
  const rows = (tensor: Index, count: number): Index =>
    builder.view(tensor, extents(batch, count, k), builder.expression(k));
  const index = builder.tensor({
    region: "constant",
    dtype: "i32",
    extents: extents(times),
    data: new Uint8Array(4 * times),
  });
  builder.instruction("gather_rows", {
    x: rows(x, 1),
    index: builder.whole(index),
    y: rows(y, times),
  });
  return builder.whole(y);
}
