/** Llamas with ternary weights against bitnet_ref.py, in all files in which they come, on every engine. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import type { CompileTextOptions } from "../../src/compile/text.ts";
import { readGguf } from "../../src/formats/gguf.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { unpackBase3 } from "../../src/numeric/base3.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { ENGINES } from "../conformance/_engines.ts";
import {
  bitNetMasters,
  isLayer,
  layoutBitNet,
  packedOf,
  quantizationOf,
  tritsOf,
  widened,
} from "../models/_bitnet.ts";
import { encodeTQ1, ggufOfTensors } from "../models/_bitnet_gguf.ts";
import { rowsOf, runBatch } from "../models/_hgrn.ts";
import { absent, readJson, sha256, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/golden/bitnet`;
const ignore = absent(FOLDER);
const SIZES = { vocabulary: 320, width: 256, depth: 2, hidden: 512, heads: 8, kvHeads: 4 };
const SEED = 382;

/** Logits of a variant: all of the last position, some of the first, and the best of each. */
interface Rows {
  readonly argmax: readonly number[];
  readonly first_3_positions_first_8: readonly (readonly number[])[];
  readonly last_position: readonly number[];
}

const golden = ignore ? undefined : readJson("golden/bitnet/bitnet.json");
const masters = bitNetMasters(SIZES, SEED);

/** A checkpoint by the name of its layout, and what its logits are in bitnet.json. */
const LAYOUTS = ["masters", "multiply", "divide", "tq2_0", "tq1_0", "i2_s"] as const;
type LayoutName = (typeof LAYOUTS)[number];

async function writeLayout(name: LayoutName, folder: string): Promise<string> {
  if (name === "tq2_0" || name === "i2_s") return `${FOLDER}/${name}.gguf`;
  if (name === "tq1_0") {
    const { metadata, tensors } = readGguf(Deno.readFileSync(`${FOLDER}/tq2_0.gguf`));
    const path = `${folder}/tq1_0.gguf`;
    const encoded = ggufOfTensors(metadata, tensors, "TQ1_0", encodeTQ1);
    await Deno.writeFile(path, encoded);
    return path;
  }
  const config = { ...golden.config };
  if (name !== "masters") config.quantization_config = quantizationOf(name);
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  const path = `${folder}/model.safetensors`;
  if (name === "masters") await Deno.writeFile(path, writeSafetensors(masters));
  else await Deno.copyFile(`${FOLDER}/packed-${name}.safetensors`, path);
  return folder;
}

/** The program of a layout. */
async function compiled(
  name: LayoutName,
  options: CompileTextOptions,
): Promise<CompiledProgram> {
  const folder = await Deno.makeTempDir();
  try {
    const { weights, ...files } = await openTextCheckpoint(await writeLayout(name, folder));
    return (await compileTextModel(weights, files, options)).program;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({ name: "bitnet: masters from the seed, packed as the oracle's files", ignore }, () => {
  for (const [name, hash] of Object.entries(golden.masters_bf16_sha256)) {
    assert.equal(sha256(masters.get(name)!.data), hash, name);
  }
  assert.equal(masters.size, layoutBitNet(SIZES).length);
  for (const scale of ["multiply", "divide"] as const) {
    const oracle = readSafetensors(Deno.readFileSync(`${FOLDER}/packed-${scale}.safetensors`));
    const own = packedOf(masters, scale);
    assert.deepEqual([...own.keys()].sort(), [...oracle.keys()].sort());
    for (const [name, { shape, data }] of own) {
      assert.deepEqual([...oracle.get(name)!.shape], [...shape], name);
      assert.equal(sha256(oracle.get(name)!.data), sha256(data), name);
    }
  }
});

Deno.test({ name: "bitnet: trits and scales of all layers of all layouts", ignore }, async () => {
  const names = [...masters.keys()].filter(isLayer);
  for (const name of names) {
    const { trits, scales } = tritsOf(masters.get(name)!);
    const expected = golden.trits[name.slice(0, -".weight".length)];
    assert.equal(sha256(trits), expected.t_i8_sha256, name);
    assert.equal(new Uint32Array(scales.buffer)[0], expected.mu_f32_bits, name);
    assert.equal(trits.filter((trit) => trit === 0).length, expected.zeros);
  }
  for (const layout of LAYOUTS) {
    const hashes = new Set(storedTrits(await compiled(layout, { head: "float32" })));
    const wanted = new Set(names.map((name) => golden.trits[name.slice(0, -7)].t_i8_sha256));
    assert.deepEqual(hashes, wanted, layout);
  }
});

/** Hashes of the trits in a program, rows of q and k in the order of the checkpoint. */
function storedTrits({ tensors, data, expressions }: CompiledProgram): string[] {
  const ternary = tensors.flatMap(({ encoding, extents }, i) =>
    encoding === "base3" ? [{ i, shape: extents.map((e) => expressions[e].constant) }] : []
  );
  return ternary.map(({ i, shape: [rows, columns] }, nth) => {
    const trits = unpackBase3(data.get(i)!, rows * columns);
    const half = SIZES.width / SIZES.heads / 2;
    if (nth % 7 > 1) return sha256(trits);
    const apart = new Int8Array(trits.length);
    for (let row = 0; row < rows; row++) {
      const within = row % (2 * half);
      const source = row - within + (within < half ? 2 * within : 2 * (within - half) + 1);
      apart.set(trits.subarray(source * columns, (source + 1) * columns), row * columns);
    }
    return sha256(apart);
  });
}

Deno.test(
  { name: "bitnet: layouts with the same scales are the same program", ignore },
  async () => {
    for (const head of ["float32", "int8"] as const) {
      const hash = async (name: LayoutName): Promise<string> =>
        sha256(await encodeProgram(await compiled(name, { head })));
      const one = await hash("masters");
      assert.equal(await hash("multiply"), one);
      assert.equal(await hash("i2_s"), one);
      const half = await hash("tq2_0");
      assert.equal(await hash("tq1_0"), half);
      assert.notEqual(half, one);
    }
  },
);

/** Logits of the oracle's ids. */
async function logitsOf(
  program: CompiledProgram,
  engine: (typeof ENGINES)[number],
): Promise<Float32Array[]> {
  using instance = await engine.load(await encodeProgram(program), { symbols: { max_rows: 16 } });
  return rowsOf(runBatch(instance, { sequences: [golden.ids] }).logits);
}

/** Largest distance from the oracle; the best of each row must be its. */
function distance(logits: readonly Float32Array[], expected: Rows, what: string): number {
  const best = logits.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b))));
  assert.deepEqual(best, expected.argmax, what);
  const pairs = [
    ...expected.first_3_positions_first_8.map((row, i) => [logits[i].subarray(0, 8), row] as const),
    [logits[logits.length - 1], expected.last_position] as const,
  ];
  return Math.max(...pairs.flatMap(([row, wanted]) => {
    assert.equal(row.length, wanted.length);
    return wanted.map((logit, i) => Math.abs(logit - row[i]));
  }));
}

const VARIANTS: readonly (readonly [LayoutName, "float32" | "int8", key: string])[] = [
  ["masters", "float32", "masters"],
  ["divide", "float32", "masters"],
  ["tq2_0", "float32", "tq2_0"],
  ["multiply", "int8", "int8_table_int8_head"],
];

for (const [layout, head, key] of VARIANTS) {
  Deno.test({ name: `bitnet: logits of ${layout}, head ${head}`, ignore }, async () => {
    const program = await compiled(layout, { head });
    const within = golden.tolerance +
      (layout === "divide" ? golden.logits["packed-divide"].largest_difference_from_masters : 0);
    let first: string | undefined;
    for (const engine of ENGINES) {
      const logits = await logitsOf(program, engine);
      const gap = distance(logits, golden.logits[key], engine.name);
      console.log(`${layout}, ${head}, ${engine.name}: ${gap.toExponential(2)}`);
      assert.ok(gap <= within, `${engine.name}: ${gap}`);
      const hash = logits.map(sha256).join();
      assert.equal(hash, first ??= hash, engine.name);
    }
  });
}

Deno.test({ name: "bitnet: logits of an int8 table under a float head", ignore }, async () => {
  const name = "model.embed_tokens.weight";
  const table = widened(masters.get(name)!);
  const data = new Float32Array(table.length);
  for (let row = 0; row < SIZES.vocabulary; row++) {
    const own = table.subarray(row * SIZES.width, (row + 1) * SIZES.width);
    const most = own.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const scale = Math.fround(most / 127);
    own.forEach((value, i) => {
      const v = Math.fround(Math.fround(1 / scale) * value);
      // Half to even: adding and taking away 1.5·2^52 leaves an integer.
      data[row * SIZES.width + i] = (v + 1.5 * 2 ** 52 - 1.5 * 2 ** 52) * scale;
    });
  }
  const weights = new Map(masters).set(name, {
    dtype: "f32",
    shape: masters.get(name)!.shape,
    data,
  });
  const lazy = new Map([...weights].map(([n, t]) => [n, { ...t, read: () => t }]));
  const { program } = await compileTextModel(lazy, { config: golden.config }, { head: "float32" });
  for (const engine of ENGINES.slice(1)) {
    const gap = distance(await logitsOf(program, engine), golden.logits.int8_table, engine.name);
    assert.ok(gap <= golden.tolerance, `${engine.name}: ${gap}`);
  }
});
