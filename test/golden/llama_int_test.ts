/**
 * The instructions of integer language models together: the oracle's Llama of stories260K in three
 * weightings, node by node, in chunks, greedily, rewound, in batches, in a ring, far away.
 */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { fromModule } from "../../src/engines/wasm/module.ts";
import { ENGINES } from "../conformance/_engines.ts";
import type { EngineUnderTest } from "../conformance/_engines.ts";
import { llamaProgram } from "./_llama_int.ts";
import type { CacheOptions, Golden } from "./_llama_int.ts";
import { absent, readJson, sha256Int32, SHARED } from "./_shared.ts";

const GOLDENS = "golden/llama-int";
const WINDOWS = "golden/llama2c/windows.json";
const ignore = absent(`${SHARED}/${GOLDENS}`, `${SHARED}/data/stories260K/stories260K.bin`);
const KINDS = ["w8a8", "w4a8", "w4a8g64"] as const;

/** The module without floats. */
const INTEGERS = fromModule(
  new WebAssembly.Module(
    Deno.readFileSync(new URL("../../wasm/fewbit.int.wasm", import.meta.url)),
  ),
);
const [REFERENCE, ...WASM]: readonly EngineUnderTest[] = [
  ...ENGINES,
  { name: "wasm-int", load: (file, options) => loadWasm(file, { ...options, build: INTEGERS }) },
];

/** A golden with an instance of its program. */
class Run implements Disposable {
  private constructor(readonly instance: SyncInstance, readonly pieces: number) {}

  static async of(golden: Golden, engine: EngineUnderTest, options?: CacheOptions): Promise<Run> {
    const { file } = await llamaProgram(golden, options);
    return new Run(await engine.load(file), golden.config.vocab);
  }

  /** Logits of all tokens of sequences, one after the other. */
  run(texts: readonly (readonly number[])[], slots: readonly number[], past: readonly number[]) {
    let end = 0;
    const offsets = [0, ...texts.map(({ length }) => end += length)];
    const { logits } = this.instance.runSync({
      ids: Int32Array.from(texts.flat()),
      offsets: Int32Array.from(offsets),
      slot: Int32Array.from(slots),
      past: Int32Array.from(past),
    });
    return Array.from(logits.data as Int32Array);
  }

  /** Those of one sequence, in chunks. */
  chunked(ids: readonly number[], size: number, past: number): number[] {
    const all: number[] = [];
    for (let i = 0; i < ids.length; i += size) {
      for (const z of this.run([ids.slice(i, i + size)], [0], [past + i])) all.push(z);
    }
    return all;
  }

  /** Greedy ids from logits on, and the logits of each step. */
  greedy(first: readonly number[], steps: number, past: number): { ids: number[]; all: number[] } {
    const ids: number[] = [], all: number[] = [];
    let logits = first;
    for (let n = 0; n < steps; n++) {
      for (const z of logits) all.push(z);
      ids.push(logits.reduce((best, z, id) => z > logits[best] ? id : best, 0));
      if (n + 1 < steps) logits = this.run([ids.slice(-1)], [0], [past + n]);
    }
    return { ids, all };
  }

  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }
}

const goldenOf = (kind: string): Golden => readJson(`${GOLDENS}/stories260k-${kind}.json`);

for (const kind of KINDS) {
  for (const engine of [REFERENCE, ...WASM]) {
    Deno.test(
      { name: `llama-int ${kind}: every node of a prompt, on ${engine.name}`, ignore },
      async () => {
        const golden = goldenOf(kind);
        const { file, nodes, order } = await llamaProgram(golden);
        using instance = await engine.load(file);
        const { ids, past, node_sha256_le_i32: hashes } = golden.prompt;
        const execution = instance.begin({
          ids: Int32Array.from(ids),
          offsets: Int32Array.of(0, ids.length),
          slot: Int32Array.of(0),
          past: Int32Array.of(past),
        });
        const seen = new Set<string>();
        for (let i = 0; i < execution.total; i++) {
          execution.advance(1);
          const node = nodes.get(i);
          if (node === undefined) continue;
          const { data } = instance.peekSync(order[node.tensor]);
          const codes = data as Int32Array;
          assert.equal(sha256Int32(codes), hashes[node.name], node.name);
          seen.add(node.name);
        }
        // Probabilities are not written out.
        const missing = Object.keys(hashes).filter((name) => !seen.has(name));
        assert.ok(missing.every((name) => name.endsWith(".softmax")), `${missing}`);
        assert.ok(seen.size > 60);
      },
    );
  }

  for (const engine of WASM) {
    Deno.test(
      { name: `llama-int ${kind}: chunks, text, rewinding, on ${engine.name}`, ignore },
      async () => {
        const golden = goldenOf(kind);
        const { prompt, greedy, rewind, constants } = golden;
        using run = await Run.of(golden, engine);
        for (const size of [1, 7, 16, 64]) {
          const logits = run.chunked(prompt.ids, size, prompt.past);
          assert.equal(sha256Int32(logits), prompt.node_sha256_le_i32.logits, `chunks of ${size}`);
        }
        const again = run.run([rewind.ids], [0], [33]);
        assert.equal(sha256Int32(again), rewind.logits_sha256);
        const { ids, all } = run.greedy(constants.prefix.logits_q12, 200, prompt.past);
        assert.deepEqual(ids, greedy.ids);
        assert.equal(sha256Int32(all), greedy.logits_sha256);
      },
    );

    Deno.test(
      { name: `llama-int ${kind}: forks and ragged batches, on ${engine.name}`, ignore },
      async () => {
        const golden = goldenOf(kind);
        const { prompt, fork, batch } = golden;
        {
          using run = await Run.of(golden, engine, { sessions: 3 });
          run.run([prompt.ids.slice(0, fork.after)], [0], [1]);
          const { instance } = run;
          instance.restoreState(instance.saveStateSync(0), 2);
          const past = 1 + fork.after;
          const both = run.run(fork.continuations, [0, 2], [past, past]);
          assert.equal(sha256Int32(both), fork.logits_sha256);
        }
        const { seen_before: starts, lengths, slots } = batch;
        const texts: number[][] = readJson(WINDOWS).ids.slice(70, 75)
          .map((ids: number[]) => ids.slice(1));
        using run = await Run.of(golden, engine, { sessions: 5 });
        texts.forEach((text, s) => {
          if (starts[s] > 0) run.run([text.slice(0, starts[s])], [slots[s]], [1]);
        });
        const parts = texts.map((text, s) => text.slice(starts[s], starts[s] + lengths[s]));
        const first = run.run(parts, slots, starts.map((a: number) => 1 + a));
        assert.equal(sha256Int32(first), batch.logits_sha256);
        const ends = texts.map((_, s) => starts[s] + lengths[s]);
        const second = run.run(
          texts.map((text, s) => [text[ends[s]]]),
          slots,
          ends.map((end) => 1 + end),
        );
        assert.equal(sha256Int32(second), batch.then_one_token_each_sha256);
      },
    );

    Deno.test(
      { name: `llama-int ${kind}: a ring with the prefix pinned, on ${engine.name}`, ignore },
      async () => {
        const golden = goldenOf(kind);
        const { ring, far } = golden;
        const { window } = ring;
        for (const [chunk, rows] of [...ring.equal_with_chunk_and_rows, [16, ring.ring_rows]]) {
          using run = await Run.of(golden, engine, { ring: rows, window });
          const logits = run.chunked(ring.ids, chunk, 1);
          assert.equal(sha256Int32(logits), ring.logits_sha256, `chunks of ${chunk}`);
          if (rows !== ring.ring_rows) continue;
          const { ids, all } = run.greedy(logits.slice(-run.pieces), 40, 1 + ring.ids.length);
          assert.deepEqual(ids, ring.then_greedy_ids);
          assert.equal(sha256Int32(all), ring.then_greedy_logits_sha256);
        }
        using run = await Run.of(golden, engine, { ring: 64, window: 1 });
        assert.equal(sha256Int32(run.run([far.ids], [0], [10 ** 6])), far.logits_sha256);
      },
    );
  }
}
