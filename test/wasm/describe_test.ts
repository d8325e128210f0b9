/** What a host can ask the module about a program is what the decoder in TypeScript says. */
import assert from "node:assert/strict";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { FEATURES } from "../../src/program/format.ts";
import { REGIONS } from "../../src/program/program.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import { DTYPES } from "../../src/tensor.ts";

/** What engines in JavaScript do not call: they have the decoder. */
interface Describing extends WasmExports {
  features(): number;
  symbol_count(model: number): number;
  tensor_count(model: number): number;
  entry_count(model: number): number;
  name_address(model: number, kind: number, index: number): number;
  name_bytes(model: number, kind: number, index: number): number;
  symbol_kind(model: number, symbol: number): number;
  tensor_region(model: number, tensor: number): number;
  tensor_dtype(model: number, tensor: number): number;
  tensor_rank(model: number, tensor: number): number;
  entry_uses(model: number, entry: number, tensor: number): number;
  metadata_address(model: number): number;
  metadata_bytes(model: number): number;
}

const [SYMBOL, TENSOR, ENTRY] = [0, 1, 2];
const models = new URL("../../models/", import.meta.url);

/** A model whose head is decoded. */
function loaded(file: Uint8Array<ArrayBuffer>) {
  const { exports } = new WebAssembly.Instance(pickBuild("simd").module);
  const call = exports as unknown as Describing;
  const head = new DataView(file.buffer).getUint32(8, true);
  const model = call.heap_base();
  call.memory.grow(Math.ceil((model + call.model_size(head)) / 65536));
  new Uint8Array(call.memory.buffer).set(file.subarray(0, head), model + 256);
  assert.equal(call.model_load(model, head), 0);
  const text = (address: number, bytes: number): string =>
    new TextDecoder().decode(new Uint8Array(call.memory.buffer, address, bytes));
  const nameOf = (kind: number, index: number): string =>
    text(call.name_address(model, kind, index), call.name_bytes(model, kind, index));
  return { call, model, text, nameOf };
}

for (const name of ["vit-fashion-mnist.fewbit", "hgrn-shakespeare.fewbit"]) {
  Deno.test(`${name}: names, types, roles and metadata are those of the file`, async () => {
    const file = await Deno.readFile(new URL(name, models));
    const { program } = decodeHead(file);
    const { symbols, tensors, entries, instructions, views } = program;
    const { call, model, text, nameOf } = loaded(file);
    assert.equal(call.features(), FEATURES.trits);
    assert.equal(call.symbol_count(model), symbols.length);
    symbols.forEach((symbol, i) => {
      assert.equal(nameOf(SYMBOL, i), symbol.name);
      assert.equal(call.symbol_kind(model, i), symbol.kind === "load" ? 0 : 1);
    });
    assert.equal(call.tensor_count(model), tensors.length);
    tensors.forEach((tensor, i) => {
      assert.equal(nameOf(TENSOR, i), tensor.name);
      assert.equal(call.tensor_region(model, i), REGIONS[tensor.region]);
      assert.equal(call.tensor_dtype(model, i), DTYPES[tensor.dtype]);
      assert.equal(call.tensor_rank(model, i), tensor.extents.length);
    });
    assert.equal(call.entry_count(model), entries.length);
    assert.equal(call.entry_uses(model, 0, 0), -VERDICTS.bad_argument);
    assert.equal(call.model_plan(model, 0xFFFF0000, 2 ** 45), 0);
    entries.forEach(({ name, first, count }, i) => {
      assert.equal(nameOf(ENTRY, i), name);
      const used = new Set(
        instructions.slice(first, first + count).flatMap(({ operands }) =>
          operands.filter((view) => view >= 0).map((view) => views[view].tensor)
        ),
      );
      const told = tensors.map((_, tensor) => call.entry_uses(model, i, tensor));
      assert.deepEqual(told, tensors.map((_, tensor) => used.has(tensor) ? 1 : 0));
    });
    const metadata = text(call.metadata_address(model), call.metadata_bytes(model));
    assert.deepEqual(JSON.parse(metadata), program.metadata);
  });
}

Deno.test("what is not there has no name, no type and no role", async () => {
  const file = await Deno.readFile(new URL("vit-fashion-mnist.fewbit", models));
  const { call, model } = loaded(file);
  const many = call.tensor_count(model);
  const missing = -VERDICTS.bad_argument;
  for (const [kind, index] of [[SYMBOL, 64], [TENSOR, many], [ENTRY, 64], [3, 0], [-1, 0]]) {
    assert.equal(call.name_address(model, kind, index), 0);
    assert.equal(call.name_bytes(model, kind, index), 0);
  }
  for (const ask of [call.tensor_region, call.tensor_dtype, call.tensor_rank]) {
    assert.equal(ask(model, many), missing);
    assert.equal(ask(model + 256, 0), missing);
  }
  assert.equal(call.symbol_kind(model, 64), missing);
  assert.equal(call.metadata_address(model + 256), 0);
  assert.equal(call.metadata_bytes(model + 256), 0);
});
