/** Instructions of float32 on 16-bit floats: the bytes of the reference in the module for training, whatever is stored how. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { fromModule } from "../../src/engines/wasm/module.ts";
import { instructionNamed } from "../../src/instructions/mod.ts";
import { narrowed } from "../../src/numeric/half.ts";
import type { HalfType } from "../../src/numeric/half.ts";
import { buildModule, trainingInstructions } from "../../tools/_build_module.ts";
import type { Case } from "./_case.ts";
import { CASES, TRAINING_CASES } from "./cases.ts";
import { compareResults } from "./_compare.ts";
import { prepare, runPrepared } from "./_program.ts";
import { Random } from "./_random.ts";
import { addTraining } from "./training_entry.ts";

const SEED = 20261130;
const WASM = Deno.readFileSync(new URL("../../wasm/fewbit.train.wasm", import.meta.url));
const build = fromModule(new WebAssembly.Module(WASM));
const engine = {
  name: "wasm-train",
  load: (file: Uint8Array<ArrayBuffer>) => loadWasm(file, { build }),
};

/** The module with copies of few blocks at a time: what takes one step there takes many here. */
async function inSmallPieces(): Promise<typeof engine> {
  const path = "asm/mixed.ts";
  const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
  const small = text.replace("AT_ONCE: u64 = 1 << 16", "AT_ONCE: u64 = 300");
  assert.notEqual(small, text);
  const wasm = await buildModule(trainingInstructions(), "simd", new Map([[path, small]]));
  const pieces = fromModule(new WebAssembly.Module(wasm));
  const load = (file: Uint8Array<ArrayBuffer>) => loadWasm(file, { build: pieces });
  return { name: "wasm-train in small pieces", load };
}

const pieces = await inSmallPieces();
const MOST_CASES = 60;

/** The case with some of its float32 operands and results stored in 16 bits; nothing where it has none. */
function stored(c: Case, random: Random): Case | undefined {
  const type: HalfType = random.pick(["f16", "bf16"]);
  const all = random.chance(0.3);
  let any = false;
  const { operands } = instructionNamed(c.instruction);
  const isStored = (name: string, dtype: string, layout = "rows"): boolean => {
    const isFloat = dtype === "f32" && layout === "rows" &&
      operands.some((operand) => operand.name === name && operand.dtypes.includes("f32"));
    const chosen = isFloat && (all || random.chance(0.6));
    any ||= chosen;
    return chosen;
  };
  const given = Object.entries(c.operands).map(([name, value]) => {
    if (value === undefined || !isStored(name, value.dtype, value.layout)) return [name, value];
    return [name, { ...value, dtype: type, elements: narrowed(type, value.elements) }];
  });
  const results = Object.entries(c.results).map(([name, value]) =>
    [name, isStored(name, value.dtype) ? { ...value, dtype: type } : value] as const
  );
  if (!any) return undefined;
  return {
    ...c,
    name: `${c.name}, ${type}`,
    operands: Object.fromEntries(given),
    results: Object.fromEntries(results),
  };
}

for (const { name, family, operands } of trainingInstructions()) {
  if (!operands.some(({ dtypes }) => dtypes.includes("f32"))) continue;
  Deno.test(`${name} gives the same bytes on 16-bit floats`, async () => {
    const make = (family === "train" ? TRAINING_CASES : CASES)[name];
    const random = new Random(SEED);
    let index = 0;
    for (const plain of make(new Random(SEED))) {
      if (index === MOST_CASES) break;
      const c = stored(plain, random);
      if (c === undefined) continue;
      const prepared = await prepare(c, addTraining);
      using reference = await loadReference(prepared.file);
      using instance = await engine.load(prepared.file);
      const expected = runPrepared(reference, prepared);
      const parts = index % 2 === 0 ? 0 : 2 + index % 3;
      compareResults(c, prepared, expected, runPrepared(instance, prepared, parts), engine, index);
      using small = await pieces.load(prepared.file);
      compareResults(c, prepared, expected, runPrepared(small, prepared), pieces, index);
      index++;
    }
    assert.ok(index >= 5, `${index} cases`);
  });
}

Deno.test("16-bit floats in place of float32 are refused in programs that do not train", async () => {
  const [plain] = CASES.gelu_f32(new Random(SEED));
  const c = stored(plain, new Random(3))!;
  assert.notEqual(c, undefined);
  const { file } = await prepare(c);
  for (const load of [() => loadReference(file), () => engine.load(file), () => loadWasm(file)]) {
    await assert.rejects(load, { verdict: "bad_operand" });
  }
  // The modules of inference refuse those that do, too.
  const trains = await prepare(c, addTraining);
  await assert.rejects(() => loadWasm(trains.file), { code: "invalid_file" });
});
