import assert from "node:assert/strict";
import { crc32c } from "../../src/program/crc32c.ts";
import { decodeHead } from "../../src/program/decode.ts";
import type { Program } from "../../src/program/program.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { files } from "./_build.ts";
import { mutate, random } from "./_mutate.ts";
import type { Random } from "./_mutate.ts";
import { verdictOfTypeScript, verdictOfWasm } from "./_verdict.ts";

const CANARY_BYTES = 4096;

/** Runs all entries with random symbols and inputs; returns how many runs there were. */
function runAll(
  exports: WasmExports,
  context: number,
  model: number,
  program: Program,
  next: Random,
): number {
  const end = context + exports.instance_size(model);
  const missing = end + CANARY_BYTES - exports.memory.buffer.byteLength;
  if (missing > 0) exports.memory.grow(Math.ceil(missing / 65_536));
  const memory = new Uint8Array(exports.memory.buffer);
  memory.fill(0xA5, end, end + CANARY_BYTES);
  const shared = memory.slice(model, context);
  let runs = 0;
  for (let turn = 0; turn < 4; turn++) {
    program.symbols.forEach((symbol, i) => {
      const [min, max] = [exports.symbol_min(model, i), exports.symbol_max(model, i)];
      const value = [min, max, min + next(Math.min(max - min, 100) + 1), next(9)][next(4)];
      if (symbol.kind === "run") exports.symbol_set(context, i, value);
    });
    program.tensors.forEach(({ region, dtype }, i) => {
      if (region !== "input") return;
      const at = exports.tensor_address(context, i);
      const bytes = memory.subarray(at, at + exports.tensor_capacity(context, i));
      // Small integers are often good indices.
      const small = next(2) === 0;
      for (let b = 0; b < bytes.length; b++) {
        bytes[b] = !small ? next(256) : dtype === "i32" ? (b % 4 === 0 ? next(4) : 0) : next(4);
      }
    });
    program.entries.forEach(({ count }, entry) => {
      if (exports.begin(context, entry) < 0) return;
      assert.equal(exports.run(context, entry, 0, 0x7FFFFFFF), count);
      runs++;
    });
  }
  assert.equal(crc32c(memory.subarray(model, context)), crc32c(shared), "model and constants");
  assert.ok(memory.subarray(end, end + CANARY_BYTES).every((b) => b === 0xA5), "beyond the end");
  return runs;
}

Deno.test("a program that passes does not write outside of its instance, whatever it is", async () => {
  let runs = 0;
  for (const [name, bytes] of Object.entries(await files())) {
    for (let seed = 0; seed < 3000; seed++) {
      const next = random(seed);
      const damaged = mutate(bytes, next);
      const { verdict, loaded } = verdictOfTypeScript(damaged);
      if (verdict !== 0 || !loaded) continue;
      const { program } = decodeHead(damaged);
      if (program.instructions.length * damaged.length > 1 << 20) continue;
      const look = (exports: WasmExports, context: number, model: number): void => {
        runs += runAll(exports, context, model, program, next);
      };
      for (const build of ["simd", "relaxed"] as const) {
        assert.equal(verdictOfWasm(damaged, {}, look, build), 0, `${name}, seed ${seed}`);
      }
    }
  }
  assert.ok(runs > 5000, `${runs} runs`);
});
