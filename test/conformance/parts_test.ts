/**
 * Parts own their bytes: no two write the same one, together they write what a whole run writes, and
 * there are as many with work as there are blocks. The bits are compared in `conformance_test.ts`.
 */
import assert from "node:assert/strict";
import { INFERENCE_INSTRUCTIONS, instructionNamed } from "../../src/instructions/mod.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { verdictOfWasm } from "../program/_verdict.ts";
import type { Case } from "./_case.ts";
import { CASES } from "./cases.ts";
import { prepare } from "./_program.ts";
import { Random } from "./_random.ts";
import { wayOf, waysOf } from "./_way.ts";

const SEED = 20261129;
/** Elements of a result: large cases show nothing that small ones do not. */
const MOST_ELEMENTS = 5000;
/** What results are filled with. As float32 neither is a NaN, which the end of an entry would change. */
const FILLS = [0x55, 0xAA];

/** Bytes of the results, one behind the other, that were written: 1 or 0. */
type Written = Uint8Array;

/** Runs a case in parts, each on its own: what a whole run and what each part writes. */
async function writtenBy(c: Case, parts: number): Promise<{ whole: Written; each: Written[] }> {
  const { file, inputs, symbols } = await prepare(c);
  const { program } = decodeHead(file);
  let whole: Written = new Uint8Array();
  const each: Written[] = [];
  const status = verdictOfWasm(file, {}, (exports, context, model) => {
    const bytes = (): Uint8Array => new Uint8Array(exports.memory.buffer);
    const tensorOf = (name: string) => program.tensors.findIndex((tensor) => tensor.name === name);
    program.symbols.forEach(({ name }, i) => exports.symbol_set(context, i, symbols[name]));
    for (const [name, data] of Object.entries(inputs)) {
      bytes().set(data as Uint8Array, exports.tensor_address(context, tensorOf(name)));
    }
    assert.equal(exports.begin(context, 0), 0);
    const begun = bytes().slice(context, context + exports.instance_size(model));
    const results = instructionNamed(c.instruction).operands.flatMap(({ name, role }) => {
      const tensor = tensorOf(name);
      if (role === "in" || tensor < 0) return [];
      const from = exports.tensor_address(context, tensor);
      return [{ role, from, to: from + exports.tensor_capacity(context, tensor) }];
    });
    const written = (part: number, count: number): Written => {
      const after = FILLS.map((fill) => {
        bytes().set(begun, context);
        for (const { role, from, to } of results) {
          if (role === "out") bytes().fill(fill, from, to);
        }
        assert.equal(exports.run_part(context, 0, 0, part, count), 0);
        return bytes().slice();
      });
      return Uint8Array.from(
        results.flatMap(({ role, from, to }) =>
          Array.from({ length: to - from }, (_, i) => {
            const [a, b] = after.map((memory) => memory[from + i]);
            // What is read, too, is not filled: written is what has changed.
            return (role === "out" ? a === b : a !== begun[from + i - context]) ? 1 : 0;
          })
        ),
      );
    };
    whole = written(0, 1);
    for (let part = 0; part < parts; part++) each.push(written(part, parts));
  });
  assert.equal(status, 0);
  return { whole, each };
}

for (const spec of INFERENCE_INSTRUCTIONS) {
  Deno.test(`${spec.name}: parts along ${spec.split} write bytes of their own, together all`, async () => {
    const cutAlong = new Map<string, number>();
    const isPure = spec.operands.every(({ role }) => role !== "inout");
    let index = 0;
    for (const c of CASES[spec.name](new Random(SEED))) {
      const shapes = [...Object.entries(c.operands), ...Object.entries(c.results)];
      const sizes = shapes.map(([, value]) => value?.extents.reduce((a, b) => a * b, 1) ?? 0);
      const parts = 2 + index++ % 4;
      if (Math.max(...sizes) > MOST_ELEMENTS) continue;
      const run = {
        operands: Object.fromEntries(shapes.map(([name, value]) => [name, value?.extents])),
        attributes: c.attributes ?? {},
      };
      const { axes, blocks } = wayOf(spec, run);
      const where = `case ${index}: ${c.name}, ${parts} parts along ${axes}`;
      const { whole, each } = await writtenBy(c, parts);
      const times = whole.map((_, i) => each.reduce((sum, written) => sum + written[i], 0));
      assert.deepEqual(times, whole, `${where}: bytes by how many parts write them`);
      const busy = each.filter((written) => written.includes(1)).length;
      if (isPure) assert.equal(busy, Math.min(blocks, parts), `${where}: parts with work`);
      if (busy > 1) cutAlong.set(axes, (cutAlong.get(axes) ?? 0) + 1);
    }
    for (const axes of waysOf(spec)) {
      assert.ok((cutAlong.get(axes) ?? 0) >= 3, `${cutAlong.get(axes)} cases cut along ${axes}`);
    }
  });
}
