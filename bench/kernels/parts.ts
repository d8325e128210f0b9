/**
 * Times the parts of the instructions of the models that ship, each alone on one thread: how equal they
 * are, and how much all of them cost beside the whole.
 *
 *     deno run -A bench/kernels/parts.ts [--parts 2] [--rounds 15] [--least 1]
 */
import { parseArgs } from "node:util";
import { evaluateExpressions } from "../../src/program/expression.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { WasmInstance } from "../../src/engines/wasm/instance.ts";
import { interleave } from "../interleave.ts";
import { table } from "../../tools/markdown_table.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "2" },
    rounds: { type: "string", default: "15" },
    least: { type: "string", default: "1" },
  },
});
const [parts, rounds, leastUs] = [values.parts, values.rounds, values.least].map(Number);

/** Tokens of one session. */
function tokens(count: number): Record<string, Int32Array> {
  return {
    ids: Int32Array.from({ length: count }, (_, i) => i * 37 % 1024),
    offsets: Int32Array.of(0, count),
    slot: Int32Array.of(0),
    past: Int32Array.of(0),
    rows: Int32Array.of(count - 1),
  };
}

const RUNS = [
  { title: "One picture", model: "vit-fashion-mnist", inputs: { pixels: new Uint8Array(784) } },
  { title: "A prompt of 64 tokens", model: "hgrn-shakespeare", inputs: tokens(64) },
  { title: "One token", model: "hgrn-shakespeare", inputs: tokens(1) },
];

for (const { title, model, inputs } of RUNS) {
  const file = await Deno.readFile(new URL(`../../models/${model}.fewbit`, import.meta.url));
  using instance = await loadWasm(file);
  // Parts may run again once their instruction has.
  instance.begin(inputs).advance();
  console.log(`${title}, ${instance.engine}, ${parts} parts, µs\n`);
  console.log(await timeParts(instance, shapesOf(instance, inputs)), "\n");
}

/** Instructions of the entry by name and extents: their indices. */
function shapesOf(
  { program }: WasmInstance,
  inputs: Readonly<Record<string, ArrayBufferView>>,
): Map<string, number[]> {
  const lengths: Record<string, number> = {
    batch: 1,
    tokens: (inputs.ids as Int32Array | undefined)?.length ?? 1,
  };
  const symbols = program.symbols.map(({ name }) => lengths[name] ?? 1);
  const extents = evaluateExpressions(program, symbols);
  const found = new Map<string, number[]>();
  const { first, count } = program.entries[0];
  for (let i = 0; i < count; i++) {
    const { opcode, operands } = program.instructions[first + i];
    const spec = instructionOf(opcode)!;
    const shape = (j: number): string =>
      `[${program.views[operands[j]].extents.map((extent) => extents[extent])}]`;
    const weight = spec.operands.findIndex(({ name }) => name === "weight");
    const result = spec.operands.findIndex(({ role }) => role === "out");
    const key = `${spec.name} ${weight < 0 ? "" : `${shape(weight)} → `}${shape(result)}`;
    found.set(key, [...found.get(key) ?? [], i]);
  }
  return found;
}

/** A row for each instruction whose whole takes long enough to be cut. */
async function timeParts(
  instance: WasmInstance,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<string> {
  const rows: string[][] = [];
  for (const [name, [index, ...others]] of shapes) {
    const part = (part: number, parts: number) => ({
      name: `${part} of ${parts}`,
      run: () => instance.runPart(0, index, part, parts),
    });
    const each = Array.from({ length: parts }, (_, i) => part(i, parts));
    const timings = await interleave([part(0, 1), ...each], { rounds, leastMs: 2 });
    const us = (name: string): number => timings.best(name) * 1000;
    const whole = us("0 of 1");
    if (whole < leastUs) continue;
    const times = each.map(({ name }) => us(name));
    const [most, least] = [Math.max(...times), Math.min(...times)];
    rows.push([
      name,
      `${others.length + 1}`,
      whole.toFixed(1),
      ...times.map((time) => time.toFixed(1)),
      (most / least).toFixed(2),
      (whole / most).toFixed(2),
    ]);
  }
  return table(
    [
      "instruction",
      "times",
      "whole",
      ...Array.from({ length: parts }, (_, i) => `part ${i}`),
      "longest / shortest",
      "whole / longest",
    ],
    rows,
  );
}
