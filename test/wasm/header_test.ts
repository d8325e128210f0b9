/** `wasm/fewbit.h` declares what the module exports, with the numbers that the code has. */
import assert from "node:assert/strict";
import { ABI_VERSION } from "../../src/engines/wasm/_exports.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import { FEATURES } from "../../src/program/format.ts";
import { REGIONS } from "../../src/program/program.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import { DTYPES } from "../../src/tensor.ts";

const header = await Deno.readTextFile(new URL("../../wasm/fewbit.h", import.meta.url));
const code = header.replaceAll(/\/\*[^]*?\*\//g, "");

/** Names and numbers of the macros that begin with a prefix. */
function macros(prefix: string): Record<string, number> {
  return Object.fromEntries(
    [...code.matchAll(new RegExp(`^#define FEWBIT_${prefix}(\\w+) (\\d+)`, "gm"))].map((
      [, name, value],
    ) => [name.toLowerCase(), Number(value)]),
  );
}

Deno.test("header: every export is declared, with as many parameters", () => {
  const declared = new Map(
    [...code.matchAll(/^u?int32_t (\w+)\(([^)]*)\);/gm)].map(([, name, parameters]) => [
      name,
      parameters === "void" ? 0 : parameters.split(",").length,
    ]),
  );
  const { exports } = new WebAssembly.Instance(pickBuild("simd").module);
  const functions = Object.entries(exports).filter(([, value]) => typeof value === "function");
  assert.ok(functions.length > 40);
  assert.deepEqual(
    [...declared].toSorted(),
    functions.map(([name, value]) => [name, (value as () => void).length]).toSorted(),
  );
});

Deno.test("header: numbers are those of the code", () => {
  const { bad_magic: _, ok, ...verdicts } = VERDICTS;
  assert.equal(ok, 0);
  const all = macros("");
  for (const [name, value] of Object.entries(verdicts)) assert.equal(all[name], value, name);
  assert.equal(all.abi_version, ABI_VERSION);
  assert.deepEqual(macros("DTYPE_"), DTYPES);
  assert.deepEqual(macros("REGION_"), REGIONS);
  assert.deepEqual(macros("FEATURE_"), FEATURES);
  assert.deepEqual(macros("SYMBOL_"), { load: 0, run: 1 });
});
