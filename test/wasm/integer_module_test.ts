/** `fewbit.int.wasm`: it holds no float, gives the integers of the other engines, and refuses what it does not hold. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { fromModule } from "../../src/engines/wasm/module.ts";
import { integerInstructions } from "../../tools/_build_module.ts";
import { CASES } from "../conformance/cases.ts";
import { prepare, runPrepared } from "../conformance/_program.ts";
import { Random } from "../conformance/_random.ts";
import { disassemble } from "./_disassemble.ts";

const read = (path: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(`../../${path}`, import.meta.url));

const WASM = read("wasm/fewbit.int.wasm");
const build = fromModule(new WebAssembly.Module(WASM));
/** Cases of an instruction that are run. */
const MOST_CASES = 40;

/** Instructions of floats in a module, scalars and vectors. */
async function floatsOf(wasm: Uint8Array): Promise<string[]> {
  return (await disassemble(wasm)).match(/\b(f32|f64|f32x4|f64x2)\.\w+/g) ?? [];
}

Deno.test("the module of integers holds no float opcode", async () => {
  assert.deepEqual(await floatsOf(WASM), []);
  assert.ok((await floatsOf(read("wasm/fewbit.simd.wasm"))).length > 1000);
});

Deno.test("the module of integers refuses a program that needs others", async () => {
  const vit = read("models/vit-fashion-mnist.fewbit");
  await assert.rejects(loadWasm(vit, { build }), { code: "unsupported" });
});

for (const { name } of integerInstructions()) {
  Deno.test(`${name} gives the same bytes in the module of integers`, async () => {
    let count = 0;
    for (const c of CASES[name](new Random(71))) {
      if (count++ === MOST_CASES) break;
      const prepared = await prepare(c);
      using reference = await loadReference(prepared.file);
      using instance = await loadWasm(prepared.file, { build });
      const [expected, actual] = [reference, instance].map((one) => runPrepared(one, prepared));
      assert.deepEqual(actual, expected, c.name);
    }
    assert.ok(count > 10);
  });
}
