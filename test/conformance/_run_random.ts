/**
 * Runs of a random program on the reference and, through the exports, on a module: whole, in slices, or
 * in parts in any order. After each instruction nothing but its results, its scratch memory and the head
 * of the instance may have changed; after each run outputs, state and parameters are the reference's.
 */
import assert from "node:assert/strict";
import { instructionOf } from "../../src/instructions/mod.ts";
import type { InstructionSpec } from "../../src/instructions/mod.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { evaluateExpressions } from "../../src/program/expression.ts";
import type { Index, Program } from "../../src/program/program.ts";
import { DTYPE_BYTES } from "../../src/tensor.ts";
import { CONTEXT_SCRATCH } from "../../tools/operand_records.ts";
import { verdictOfTypeScript, verdictOfWasm } from "../program/_verdict.ts";
import { compilePlainDot, DOT_FORMS } from "../wasm/plain_dot.ts";
import type { RandomProgram } from "./_random_program.ts";
import { drawRuns } from "./_random_runs.ts";
import type { RandomRun } from "./_random_runs.ts";
import type { Random } from "./_random.ts";
import { wayOf } from "./_way.ts";
import type { Extents } from "./_way.ts";

/** What is done wrong on purpose, to see that it is found. */
export interface Fault {
  /** After an instance was made. */
  start?(host: Host): void;
  /** After an instruction. */
  instruction?(host: Host, index: Index): void;
  /** Instead of setting a symbol; returns whether to leave it out. */
  skipSymbol?(run: number): boolean;
  /** The parts to run of `parts`. */
  parts?(order: number[]): number[];
  /** Between two runs. */
  between?(host: Host): void;
}

/** A module with a program in it. */
export interface Host {
  readonly exports: WasmExports;
  readonly model: number;
  readonly context: number;
  readonly program: Program;
  /** Values of the expressions in the present run. */
  values: Float64Array;
}

/** What was run: instructions by name and way. */
export type Tally = Map<string, number>;

/** A module to run on. */
interface TestModule {
  readonly name: string;
  readonly build: "simd" | "relaxed" | WebAssembly.Module;
  /** Number of a form of the dot product; default: the host's own. */
  readonly dot?: number;
}

const plainDot = await compilePlainDot();
const SHIPPED: readonly TestModule[] = [
  { name: "simd", build: "simd" },
  { name: "relaxed", build: "relaxed" },
];
/** Every program runs on one of these too. */
const FORMS: readonly TestModule[] = [
  { name: "relaxed, seven", build: "relaxed", dot: DOT_FORMS.indexOf("seven") + 1 },
  ...DOT_FORMS.map((name, i) => ({ name: `plain dot, ${name}`, build: plainDot, dot: i + 1 })),
];

/** Runs of a program. */
const RUNS = 4;
const CANARY_BYTES = 1024;
const CANARY = 0xA5;

/** Runs a program everywhere. Throws where anything differs. */
export async function runEverywhere(
  random: Random,
  made: RandomProgram,
  tally: Tally,
  fault: Fault = {},
): Promise<void> {
  const { file, entries } = made;
  const { verdict } = verdictOfTypeScript(file);
  assert.equal(verdict, 0, "the program is not valid");
  using reference = await loadReference(file);
  const { program } = decodeHead(file);
  const runs = drawRuns(random, made, RUNS);
  const kept = program.tensors.flatMap(({ region, name }) =>
    region === "state" || region === "parameter" ? [name] : []
  );
  const expected = runs.map(({ entry, symbols: [rows, turn], given }) => {
    const outputs = reference.runSync(given, { entry: entries[entry], symbols: { rows, turn } });
    return {
      outputs,
      kept: Object.fromEntries(kept.map((name) => [name, reference.readSync(name)])),
    };
  });
  for (const { name, build, dot } of [...SHIPPED, random.pick(FORMS)]) {
    // What is tallied is what the shipped modules run.
    const counts = dot === undefined ? tally : new Map();
    const status = verdictOfWasm(file, { dot }, (exports, context, model) => {
      const host: Host = { exports, context, model, program, values: new Float64Array(0) };
      const end = context + exports.instance_size(model);
      const missing = end + CANARY_BYTES - exports.memory.buffer.byteLength;
      if (missing > 0) exports.memory.grow(Math.ceil(missing / 65_536));
      bytesOf(host).fill(CANARY, end, end + CANARY_BYTES);
      fault.start?.(host);
      runs.forEach((run, r) => {
        const where = `${name}, run ${r}, entry ${run.entry}, way ${run.way}`;
        if (r > 0) fault.between?.(host);
        runOne(host, run, r, where, { random, tally: counts, fault });
        for (const [name, { data }] of Object.entries(expected[r].outputs)) {
          compare(host, name, "output", data, where);
        }
        for (const [name, { data }] of Object.entries(expected[r].kept)) {
          compare(host, name, "kept", data, where);
        }
      });
    }, build);
    assert.equal(status, 0);
  }
}

interface How {
  readonly random: Random;
  readonly tally: Tally;
  readonly fault: Fault;
}

function bytesOf({ exports }: Host): Uint8Array<ArrayBuffer> {
  return new Uint8Array(exports.memory.buffer as ArrayBuffer);
}

function tensorNamed({ program }: Host, name: string, kind: "input" | "output" | "kept"): Index {
  return program.tensors.findIndex((tensor) =>
    tensor.name === name &&
    (kind === "kept"
      ? tensor.region === "state" || tensor.region === "parameter"
      : tensor.region === kind)
  );
}

function runOne(host: Host, run: RandomRun, r: number, where: string, how: How): void {
  const { exports, context, program } = host;
  const { random, fault } = how;
  run.symbols.forEach((value, i) => {
    if (!fault.skipSymbol?.(r)) assert.equal(exports.symbol_set(context, i, value), 0);
  });
  host.values = evaluateExpressions(program, run.symbols);
  for (const [name, bytes] of Object.entries(run.given)) {
    bytesOf(host).set(bytes, exports.tensor_address(context, tensorNamed(host, name, "input")));
  }
  assert.equal(exports.begin(context, run.entry), 0, `${where}: begin`);
  const { first, count } = program.entries[run.entry];
  for (let i = 0; i < count; i++) {
    const spec = instructionOf(program.instructions[first + i].opcode)!;
    const { name } = spec;
    const end = context + exports.instance_size(host.model) + CANARY_BYTES;
    const before = bytesOf(host).slice(0, end);
    const parts = run.way === 2 ? random.integer(1, 5) : 0;
    if (parts > 0) {
      let order = Array.from({ length: parts }, (_, part) => part);
      order.sort(() => random.unit() - 0.5);
      order = fault.parts?.(order) ?? order;
      for (const part of order) {
        assert.equal(exports.run_part(context, run.entry, i, part, parts), 0);
      }
    } else assert.equal(exports.run(context, run.entry, i, 1), i + 1);
    fault.instruction?.(host, first + i);
    checkWritten(host, before, first + i, `${where}: instruction ${i} ${name}`, i === count - 1);
    const { axes, blocks } = wayOf(spec, extentsOf(host, spec, first + i));
    const key = `${name} ${
      parts < 2 ? "whole" : blocks < 2 ? "in one block" : `parts along ${axes}`
    }`;
    how.tally.set(key, (how.tally.get(key) ?? 0) + 1);
  }
}

/** What the present run has for the operands of an instruction. */
function extentsOf({ program, values }: Host, spec: InstructionSpec, index: Index): Extents {
  const { operands, attributes } = program.instructions[index];
  return {
    operands: Object.fromEntries(
      spec.operands.map(({ name }, j) => [
        name,
        operands[j] < 0
          ? undefined
          : program.views[operands[j]].extents.map((extent) => values[extent]),
      ]),
    ),
    attributes: Object.fromEntries(
      (spec.attributes ?? []).map(({ name }, j) => [name, attributes[j]]),
    ),
  };
}

/** Bytes that an instruction may change, as ranges of addresses. */
function mayChange(host: Host, index: Index, isLast: boolean): [from: number, to: number][] {
  const { exports, context, model, program, values } = host;
  const words = new DataView(exports.memory.buffer);
  // The head of the instance ends where its first region begins; scratch memory lies behind the last.
  const headEnd = words.getUint32(context + 8 + 4, true);
  const scratch = words.getUint32(context + CONTEXT_SCRATCH, true);
  const ranges: [number, number][] = [
    [context, headEnd],
    [scratch, context + exports.instance_size(model)],
  ];
  const { opcode, operands } = program.instructions[index];
  instructionOf(opcode)!.operands.forEach(({ role }, j) => {
    if (operands[j] < 0) return;
    const { tensor, offset, extents, rowStride } = program.views[operands[j]];
    const { dtype, region } = program.tensors[tensor];
    const size = DTYPE_BYTES[dtype];
    const base = exports.tensor_address(context, tensor);
    // What nobody has written yet becomes zero.
    const isFresh = region === "arena" || region === "output";
    if (isFresh && isFirst(program, index, tensor)) {
      ranges.push([base, base + exports.tensor_capacity(context, tensor)]);
    }
    if (role === "in") return;
    const columns = values[extents[extents.length - 1]] * size;
    const rows = extents.slice(0, -1).reduce((n, extent) => n * values[extent], 1);
    for (let row = 0; row < rows; row++) {
      const from = base + (values[offset] + row * values[rowStride]) * size;
      ranges.push([from, from + columns]);
    }
  });
  // The end of an entry makes NaNs canonical.
  if (isLast) {
    program.tensors.forEach(({ region, dtype }, i) => {
      if (region !== "output" || dtype !== "f32") return;
      const base = exports.tensor_address(context, i);
      ranges.push([base, base + exports.tensor_capacity(context, i)]);
    });
  }
  return ranges;
}

/** Whether an instruction is the first of its entry that names a tensor. */
function isFirst(program: Program, index: Index, tensor: Index): boolean {
  const entry = program.entries.find(({ first, count }) =>
    index >= first && index < first + count
  )!;
  return program.instructions.slice(entry.first, index).every(({ operands }) =>
    operands.every((view) => view < 0 || program.views[view].tensor !== tensor)
  );
}

function checkWritten(
  host: Host,
  before: Uint8Array,
  index: Index,
  where: string,
  isLast: boolean,
): void {
  const after = bytesOf(host);
  const words = (bytes: Uint8Array) => new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  const [a, b] = [words(before), words(after)];
  const allowed = mayChange(host, index, isLast);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    for (let at = 4 * i; at < 4 * i + 4; at++) {
      if (before[at] === after[at]) continue;
      if (!allowed.some(([from, to]) => at >= from && at < to)) {
        assert.fail(`${where} wrote at ${at}, which is not its own`);
      }
    }
  }
}

function compare(
  host: Host,
  name: string,
  kind: "output" | "kept",
  data: ArrayBufferView,
  where: string,
): void {
  const { exports, context } = host;
  const tensor = tensorNamed(host, name, kind);
  if (kind === "kept") exports.canonicalize(context, tensor);
  const at = exports.tensor_address(context, tensor);
  const actual = bytesOf(host).subarray(at, at + data.byteLength);
  const expected = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) {
      assert.fail(`${where}: ${kind} ${name}, byte ${i}: ${actual[i]}, expected ${expected[i]}`);
    }
  }
}
