/** Every instruction that trains: the bytes of the reference in the module for training, whole and in parts. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { fromModule } from "../../src/engines/wasm/module.ts";
import { INSTRUCTIONS } from "../../src/instructions/mod.ts";
import { trainingInstructions } from "../../tools/_build_module.ts";
import { combinationOf, combinationsOf } from "./_combinations.ts";
import { compareResults } from "./_compare.ts";
import { CASES, TRAINING_CASES } from "./cases.ts";
import { prepare, runPrepared } from "./_program.ts";
import { Random } from "./_random.ts";

const SEED = 20261129;
const WASM = Deno.readFileSync(new URL("../../wasm/fewbit.train.wasm", import.meta.url));
const build = fromModule(new WebAssembly.Module(WASM));
const engine = {
  name: "wasm-train",
  load: (file: Uint8Array<ArrayBuffer>) => loadWasm(file, { build }),
};
/** Cases of instructions of inference, which the other modules run all of. */
const MOST_CASES = 40;

Deno.test("every instruction that trains has cases, of every combination that it accepts", () => {
  const trained = INSTRUCTIONS.filter(({ family }) => family === "train");
  assert.deepEqual(Object.keys(TRAINING_CASES), trained.map(({ name }) => name));
  for (const spec of trained) {
    const run = new Set<string>();
    for (const c of TRAINING_CASES[spec.name](new Random(SEED))) run.add(combinationOf(spec, c));
    assert.deepEqual(combinationsOf(spec).filter((one) => !run.has(one)), [], spec.name);
  }
});

Deno.test("the module for training has at most 160 kB, and no relaxed opcode", () => {
  assert.ok(WASM.length <= 160_000, `${WASM.length} bytes`);
});

for (const { name, family } of trainingInstructions()) {
  const make = (family === "train" ? TRAINING_CASES : CASES)[name];
  Deno.test(`${name} gives the same bytes in the module for training`, async () => {
    let index = 0;
    for (const c of make(new Random(SEED))) {
      if (family !== "train" && index === MOST_CASES) break;
      const prepared = await prepare(c);
      using reference = await loadReference(prepared.file);
      using instance = await engine.load(prepared.file);
      const expected = runPrepared(reference, prepared);
      const parts = index % 2 === 0 ? 0 : 2 + index % 3;
      compareResults(c, prepared, expected, runPrepared(instance, prepared, parts), engine, index);
      index++;
    }
    assert.ok(index > 10, `${index} cases`);
  });
}
