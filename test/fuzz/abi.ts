/**
 * Calls of the exports in any order, with any indices, and with addresses at which there may be
 * nothing: none traps, statuses are verdicts, and what was called before does not change what a good
 * load and run give.
 *
 *     deno run -A test/fuzz/abi.ts --count 100000 --seed 1
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import { files } from "../program/_build.ts";
import { randomOf } from "./_random.ts";
import type { Random } from "./_random.ts";

/** What is not called through the engine, but by other hosts. */
interface AllExports extends WasmExports {
  symbol_count(model: number): number;
  tensor_count(model: number): number;
  entry_count(model: number): number;
  entry_length(model: number, entry: number): number;
  entry_uses(model: number, entry: number, tensor: number): number;
  name_address(model: number, kind: number, index: number): number;
  name_bytes(model: number, kind: number, index: number): number;
  symbol_kind(model: number, symbol: number): number;
  tensor_region(model: number, tensor: number): number;
  tensor_dtype(model: number, tensor: number): number;
  tensor_rank(model: number, tensor: number): number;
  metadata_address(model: number): number;
  metadata_bytes(model: number): number;
  find(model: number, kind: number, name: number, bytes: number): number;
  instance_reset(context: number): number;
  tensor_bytes(context: number, tensor: number): number;
  tensor_extent(context: number, tensor: number, axis: number): number;
}

/** Calls of one order. */
const CALLS = 40;
/** Bytes of a place for a model or an instance; larger than any of the programs needs. */
const PLACE = 1 << 19;
const VERDICT_CODES: ReadonlySet<number> = new Set(Object.values(VERDICTS));

/** Counts of what was called and what it returned. */
export interface AbiSummary {
  readonly calls: number;
  /** Calls that did something. */
  readonly effects: number;
  /** Of these, calls of `run` that ran instructions. */
  readonly runs: number;
}

/** Makes orders of calls; throws at the first that traps or returns what it should not. */
export async function abiCampaign(
  { count, seed, first = 0 }: {
    readonly count: number;
    readonly seed: number;
    readonly first?: number;
  },
): Promise<AbiSummary> {
  const programs = Object.values(await files());
  const machines = (["simd", "relaxed"] as const).map((name) => new Host(name));
  let effects = 0;
  const expected = machines.map((host) => programs.map((file) => host.goodRun(file)));
  for (let index = first; index < first + count; index++) {
    const which = index % 2;
    const random = randomOf(seed, index);
    try {
      effects += machines[which].order(programs, random);
    } catch (cause) {
      throw new Error(`order ${index}: --seed ${seed} --first ${index} --count 1`, { cause });
    }
    if (index % 64 !== 0) continue;
    const file = random.integer(0, programs.length - 1);
    assert.deepEqual(machines[which].goodRun(programs[file]), expected[which][file]);
  }
  return { calls: count * CALLS, effects, runs: machines[0].runs + machines[1].runs };
}

/** A module's memory with places for three models and three instances. */
class Host {
  readonly #exports: AllExports;
  readonly #models: number[];
  readonly #contexts: number[];
  /** Whether inputs were written since the last begin; then `run` has to wait for one. */
  readonly #written = new Set<number>();
  /** Calls of `run` that ran an instruction. */
  runs = 0;

  constructor(build: "simd" | "relaxed") {
    const { exports } = new WebAssembly.Instance(pickBuild(build).module);
    this.#exports = exports as unknown as AllExports;
    const base = this.#exports.heap_base() >>> 0;
    const places = Array.from({ length: 7 }, (_, i) => base + i * PLACE);
    this.#models = places.slice(0, 3);
    this.#contexts = places.slice(3, 6);
    this.#exports.memory.grow(Math.ceil((base + 7 * PLACE) / 65536));
  }

  /** Loads and runs as a host should; returns the first output of each entry. */
  goodRun(file: Uint8Array): number[][] {
    const { memory, ...call } = this.#exports;
    const bytes = () => new Uint8Array(memory.buffer);
    const [model, context] = [this.#models[0], this.#contexts[0]];
    this.#writeFile(model, file, true);
    assert.equal(call.model_ready(model), 0);
    assert.equal(call.instance_init(model, context), 0);
    const results: number[][] = [];
    for (let entry = 0; entry < call.entry_count(model); entry++) {
      const status = call.begin(context, entry);
      if (status < 0) {
        assert.equal(-status, VERDICTS.bad_input);
        continue;
      }
      assert.equal(call.run(context, entry, 0, 0x7FFFFFFF), call.entry_length(model, entry));
      for (let i = 0; i < call.tensor_count(model); i++) {
        const at = call.tensor_address(context, i) >>> 0;
        if (call.tensor_initial(model, i) !== 0) continue;
        results.push([...bytes().subarray(at, at + Math.min(64, call.tensor_bytes(context, i)))]);
      }
    }
    return results;
  }

  /** Writes a file's head, plans, and writes its segments, all or some. */
  #writeFile(model: number, file: Uint8Array, whole: boolean): void {
    const { memory, ...call } = this.#exports;
    const headBytes = new DataView(file.buffer).getUint32(8, true);
    new Uint8Array(memory.buffer).set(file.subarray(0, headBytes), model + 256);
    assert.equal(call.model_load(model, headBytes), 0);
    if (!whole) return;
    assert.equal(call.model_plan(model, 1 << 18, 2 ** 40), 0);
    let at = headBytes;
    for (let segment = 0; segment < 3; segment++) {
      const size = call.segment_bytes(model, segment) >>> 0;
      const to = call.segment_address(model, segment) >>> 0;
      new Uint8Array(memory.buffer).set(file.subarray(at, at + size), to);
      at += size;
    }
    const trits = call.trits_bytes(model);
    new Uint8Array(memory.buffer).set(file.subarray(at, at + trits), call.trits_address(model));
    if (trits > 0) call.trits_push(model, trits);
  }

  /** One order of calls; returns how many did something. */
  order(programs: readonly Uint8Array[], random: Random): number {
    const { memory, ...call } = this.#exports;
    const end = memory.buffer.byteLength;
    const places = [...this.#models, ...this.#contexts];
    const address = (good: readonly number[]): number =>
      random.chance(0.9) ? random.pick(good) : random.pick([
        0,
        1,
        256,
        end,
        end - 256,
        end - 255,
        0xFFFFFF00,
        0xFFFFFFFF,
        random.pick(places) + random.pick([1, 16, 255]),
        random.pick(places) + PLACE / 2,
        random.pick(places),
      ]);
    const index = (): number =>
      random.chance(0.8) ? random.integer(0, 6) : random.pick([-1, 64, 1 << 20, 2 ** 31 - 1]);
    let effects = 0;
    const status = (value: number): void => {
      if (value >= 0) effects++;
      else assert.ok(VERDICT_CODES.has(-value), `status ${value}`);
    };
    for (let i = 0; i < CALLS; i++) {
      const model = address(this.#models);
      const context = address(this.#contexts);
      const ran = this.#contexts.includes(context) && this.#written.has(context);
      switch (random.integer(0, 19)) {
        case 0:
        case 1: {
          const place = random.pick(this.#models);
          this.#writeFile(place, random.pick(programs), random.chance(0.8));
          if (random.chance(0.7)) status(call.model_ready(place));
          for (const target of this.#contexts) {
            if (random.chance(0.5) && call.instance_init(place, target) === 0) {
              this.#written.delete(target);
            }
          }
          break;
        }
        case 2:
          status(call.model_load(model, random.pick([0, 64, 1000, 5000, 0xFFFFFFFF])));
          break;
        case 3:
          status(call.model_symbol(model, index(), index()));
          status(call.model_dot(model, random.integer(-1, 4)));
          break;
        case 4:
          status(call.model_plan(model, random.pick([0, 1 << 18, 1 << 18]), 1e9));
          break;
        case 5:
          status(call.trits_push(model, random.pick([0, 1, 5, 1000, -1])));
          break;
        case 6:
        case 7:
        case 8:
          status(call.model_ready(model));
          break;
        case 9:
        case 10:
        case 11:
          this.#written.delete(context);
          status(call.instance_init(model, context));
          break;
        case 12:
          this.#written.delete(context);
          status(call.instance_copy(address(this.#contexts), context));
          break;
        case 13:
          status(call.instance_reset(context));
          status(call.canonicalize(context, index()));
          break;
        case 14:
          status(call.symbol_set(context, index(), index()));
          break;
        case 15: {
          const tensor = index();
          const at = call.tensor_address(context, tensor) >>> 0;
          const size = call.tensor_capacity(context, tensor) >>> 0;
          assert.ok(size === 0 || at + size <= end);
          const initial = call.tensor_initial(model, tensor) >>> 0;
          assert.ok(initial < end);
          call.tensor_bytes(context, tensor);
          call.tensor_extent(context, tensor, index());
          break;
        }
        case 16:
          this.#written.delete(context);
          status(call.begin(context, random.integer(-1, 3)));
          break;
        case 17:
        case 18: {
          if (ran) break;
          const entry = random.pick([0, 0, 0, 1, -1, 64]);
          if (random.chance(0.7)) status(call.begin(context, entry));
          const next = call.run(
            context,
            entry,
            random.pick([0, 0, 1, 3, -1]),
            random.pick([0, 1, 3, -1]),
          );
          status(next);
          if (next > 0) this.runs++;
          status(call.run_part(context, entry, index(), random.integer(-1, 3), index()));
          break;
        }
        default: {
          const name = random.pick([this.#models[0], end - 4, 0xFFFFFFF0]);
          status(call.find(model, random.integer(-1, 4), name, random.pick([0, 1, 8, -1])));
          for (const count of [call.symbol_count, call.tensor_count, call.entry_count]) {
            assert.ok(count(model) >= 0 && count(model) < 1 << 17);
          }
          call.entry_length(model, index());
          call.symbol_min(model, index());
          call.symbol_max(model, index());
          call.symbol_value(model, index());
          call.model_end(model);
          call.instance_size(model);
          call.trits_address(model);
          call.segment_bytes(model, index());
          call.segment_address(model, index());
          for (const ask of [call.tensor_region, call.tensor_dtype, call.tensor_rank]) {
            status(ask(model, index()));
          }
          status(call.symbol_kind(model, index()));
          status(call.entry_uses(model, index(), index()));
          const [kind, which] = [random.integer(-1, 4), index()];
          for (
            const [at, bytes] of [
              [call.name_address(model, kind, which), call.name_bytes(model, kind, which)],
              [call.metadata_address(model), call.metadata_bytes(model)],
            ]
          ) assert.ok((at >>> 0) + (bytes >>> 0) <= end);
        }
      }
      if (random.chance(0.1)) this.#writeInput(random, index());
    }
    return effects;
  }

  /** Writes what may be no index into an input, as a host does before it begins. */
  #writeInput(random: Random, tensor: number): void {
    const { memory, ...call } = this.#exports;
    const context = random.pick(this.#contexts);
    const model = this.#models.find((at) => isInputOf(call, at, context, tensor));
    if (model === undefined) return;
    this.#written.add(context);
    const at = call.tensor_address(context, tensor) >>> 0;
    const size = call.tensor_capacity(context, tensor) >>> 0;
    const values = new Int32Array(memory.buffer, at, size >> 2);
    for (let i = 0; i < values.length; i++) values[i] = random.integer(-2, 5);
  }
}

/** Whether a tensor lies in the instance and has no initial bytes: an input, an output or the arena. */
function isInputOf(
  call: Omit<AllExports, "memory">,
  model: number,
  context: number,
  tensor: number,
): boolean {
  const at = call.tensor_address(context, tensor) >>> 0;
  return at > context && at < context + PLACE && call.tensor_initial(model, tensor) === 0;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      first: { type: "string", default: "0" },
    },
  });
  const [count, seed, first] = [values.count, values.seed, values.first].map(Number);
  const { calls, effects, runs } = await abiCampaign({ count, seed, first });
  console.log(
    `${count} orders, ${calls} calls, ${effects} that did something, ${runs} runs, 0 failures`,
  );
}
