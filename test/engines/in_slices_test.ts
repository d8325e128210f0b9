/** Runs in slices: the same bits, whatever comes between two of them, and nothing half-done to be seen. */
import assert from "node:assert/strict";
import type { Inputs, SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { CountedTurns, FakeClock } from "../_fake_host.ts";
import { ENGINES } from "../conformance/_engines.ts";

/** On this clock every slice seems to take longer than all may, so that slices become as small as they can. */
const SLOW = 100;
/** Runs until slices are small. */
const SETTLED = 4;

const [IMAGES, LANGUAGE] = await Promise.all(
  ["vit-fashion-mnist", "hgrn-shakespeare"].map((name) =>
    Deno.readFile(new URL(`../../models/${name}.fewbit`, import.meta.url))
  ),
);

const PIXELS = Uint8Array.from({ length: 28 * 28 }, (_, i) => i * 37 % 256);
const TOKENS = 24;
const PROMPT: Inputs = {
  ids: Int32Array.from({ length: TOKENS }, (_, i) => 5 + i * 31 % 400),
  offsets: Int32Array.of(0, TOKENS),
  slot: Int32Array.of(0),
  past: Int32Array.of(0),
  rows: Int32Array.of(3, TOKENS - 1),
};
const SIZES = { max_tokens: TOKENS, max_rows: 2, sessions: 1 };

const MODELS = [
  { name: "pictures", file: IMAGES, symbols: {}, inputs: { pixels: PIXELS } },
  { name: "language", file: LANGUAGE, symbols: SIZES, inputs: PROMPT },
];

for (const { name, file, symbols, inputs } of MODELS) {
  for (const look of [0.001, 1, SLOW, 10_000]) {
    Deno.test(`${name}: the same bits on a clock of ${look} ms a look`, async () => {
      using instance = await load(file, { symbols });
      const expected = instance.runSync(inputs);
      const state = instance.saveStateSync();
      instance.reset();
      using _ = new FakeClock(look);
      using turns = new CountedTurns();
      for (let run = 0; run < SETTLED; run++) {
        assert.deepEqual(await instance.run(inputs), expected);
        assert.deepEqual(instance.saveStateSync(), state);
      }
      const least = look < SLOW ? 1 : 2 * instance.program.instructions.length;
      assert.ok(turns.count >= least, `${turns.count} turns`);
    });
  }
}

/** Extents of the tensors of {@linkcode network}, whose rows are divided among parts. */
const EXTENTS = [32, 16];
const ELEMENTS = EXTENTS[0] * EXTENTS[1];

/** `first = shift + x`, `second = shift + first`, `third = state + first`, and at the end first is shown. */
async function network(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = new Graph();
  const x = graph.input("x", "f32", EXTENTS);
  const of = (value: number) => new Float32Array(ELEMENTS).fill(value);
  const shift = graph.parameter("shift", { dtype: "f32", shape: EXTENTS, data: of(1) });
  const state = graph.state("state", "f32", EXTENTS, of(10));
  const first = graph.apply(ops.add, { a: shift, b: x });
  graph.output("first", first);
  graph.output("second", graph.apply(ops.add, { a: shift, b: first }));
  graph.output("third", graph.apply(ops.add, { a: state, b: first }));
  return await encodeProgram(compile(graph));
}

const FILE = await network();
const X = new Float32Array(ELEMENTS).fill(100);

/** The one value that all elements of a tensor have. */
function valueOf({ data }: { readonly data: ArrayLike<unknown> }): number {
  const values = new Set(Array.from(data));
  assert.equal(values.size, 1, `a mixture of ${[...values]}`);
  return Number([...values][0]);
}

/** An instance whose slices are small, at its initial parameters and state. */
async function settled(loaded: Promise<SyncInstance>): Promise<SyncInstance> {
  const instance = await loaded;
  for (let run = 0; run < SETTLED; run++) await instance.run({ x: X });
  return instance;
}

/**
 * Does something in each of the turns of a run (or in each seventh one), in one run after the other, until
 * one has fewer turns.
 *
 * @returns In how many runs.
 */
async function inEveryTurn(
  open: () => Promise<SyncInstance>,
  stride: number,
  work: (
    instance: SyncInstance,
    whenCome: (act: () => void) => void,
    turn: number,
    turns: CountedTurns,
  ) => Promise<void>,
): Promise<number> {
  using _ = new FakeClock(SLOW);
  for (let turn = 1, runs = 0;; turn += stride, runs++) {
    using instance = await settled(open());
    let isCome = false;
    let act = (): void => {};
    using turns = new CountedTurns((count) => {
      if (count !== turn) return;
      isCome = true;
      act();
    });
    await work(instance, (then) => act = then, turn, turns);
    if (turns.count < turn || !isCome) return runs;
  }
}

for (const engine of ENGINES) {
  const { name } = engine;
  const open = (): Promise<SyncInstance> => engine.load(FILE);
  // The reference runs whole instructions, of which there are four.
  const [stride, least] = name === "reference" ? [1, 3] : [7, 40];

  Deno.test(`${name}: what is read in the middle of a run is whole`, async () => {
    const seen = new Set<string>();
    const count = await inEveryTurn(open, stride, async (instance, whenCome) => {
      // What was there before, by which one sees what the run has written.
      await instance.run({ x: new Float32Array(ELEMENTS) });
      whenCome(() =>
        seen.add(["first", "second", "third"].map((y) => valueOf(instance.readSync(y))).join())
      );
      const { first, second, third } = await instance.run({ x: X });
      assert.deepEqual([first, second, third].map(valueOf), [101, 102, 111]);
    });
    assert.ok(count >= least, `${count} runs`);
    assert.ok(seen.has("1,102,11") && seen.has("1,102,111"), [...seen].join("; "));
  });

  Deno.test(`${name}: what is written in the middle of a run counts from an instruction on`, async () => {
    const seen = new Set<string>();
    const of = (value: number) => new Float32Array(ELEMENTS).fill(value);
    const count = await inEveryTurn(open, stride, async (instance, whenCome, turn) => {
      const saved = instance.saveStateSync();
      const snapshot = await instance.snapshot();
      instance.write("state", of(20));
      const acts = [
        () => instance.write("shift", of(5)),
        () => instance.reset(),
        () => instance.restoreState(saved),
        () => instance.rollback(snapshot),
      ];
      whenCome(acts[(turn - 1) % acts.length]);
      const { first, second, third } = await instance.run({ x: X });
      seen.add([first, second, third].map(valueOf).join());
    });
    assert.ok(count >= least, `${count} runs`);
    const [before, between] = ["105,110,125", "101,106,121"];
    if (stride > 1) assert.ok(seen.has(before) && seen.has(between), [...seen].join("; "));
    assert.ok(seen.has("101,102,111") && seen.has("101,102,121"), [...seen].join("; "));
  });

  Deno.test(`${name}: an abort in the middle of a long instruction leaves nothing half-written`, async () => {
    const reason = new Error("stop");
    const count = await inEveryTurn(open, stride, async (instance, whenCome, turn, turns) => {
      await instance.run({ x: new Float32Array(ELEMENTS) });
      const controller = new AbortController();
      whenCome(() => controller.abort(reason));
      const run = instance.run({ x: X }, { signal: controller.signal });
      const next = instance.run({ x: X });
      const outcome = await run.then(() => "done", (error) => {
        assert.equal(turns.count, turn, "turns until it was noticed");
        return error;
      });
      assert.ok(outcome === "done" || outcome === reason, `${outcome}`);
      assert.deepEqual(valueOf((await next).third), 111);
      const again = instance.run({ x: X }, { signal: AbortSignal.abort(reason) });
      await assert.rejects(again, (error) => error === reason);
      assert.equal(valueOf(instance.runSync({ x: X }).second), 102);
    });
    assert.ok(count >= least, `${count} runs`);
  });

  Deno.test(`${name}: after an abort what is read is whole, and the next run is as ever`, async () => {
    let aborted = 0;
    await inEveryTurn(open, stride, async (instance, whenCome) => {
      await instance.run({ x: new Float32Array(ELEMENTS) });
      const controller = new AbortController();
      whenCome(() => controller.abort());
      await instance.run({ x: X }, { signal: controller.signal }).catch(() => aborted++);
      assert.equal(valueOf(instance.readSync("state")), 10);
      for (const y of ["first", "second", "third"]) valueOf(instance.readSync(y));
      using fork = instance.fork();
      for (const one of [instance, fork]) {
        assert.equal(valueOf((await one.run({ x: X })).third), 111);
      }
    });
    assert.ok(aborted >= least, `${aborted} aborts`);
  });

  Deno.test(`${name}: disposing in the middle of a run ends it and those that wait`, async () => {
    let disposed = 0;
    const count = await inEveryTurn(open, stride, async (instance, whenCome) => {
      whenCome(() => instance[Symbol.dispose]());
      const runs = [instance.run({ x: X }), instance.run({ x: X })];
      for (const result of await Promise.allSettled(runs)) {
        if (result.status === "fulfilled") continue;
        assert.equal(result.reason.code, "disposed");
        disposed++;
      }
    });
    assert.ok(count >= 2 * least && disposed > count, `${count} runs, ${disposed} disposed`);
  });
}

Deno.test("instances at work at once, each in its parts, give their own results", async () => {
  using _ = new FakeClock(SLOW);
  using one = await settled(load(FILE));
  using two = one.fork();
  using three = await settled(load(FILE, { engine: "reference" }));
  const xs = [1, 2, 3, 4].map((x) => new Float32Array(ELEMENTS).fill(x));
  const runs = [one, two, three].flatMap((instance) => xs.map((x) => instance.run({ x })));
  const thirds = (await Promise.all(runs)).map(({ third }) => valueOf(third));
  assert.deepEqual(thirds, [12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15]);
});

Deno.test("a run that nobody watches lets timers call", async () => {
  using _ = new FakeClock(SLOW);
  using instance = await settled(load(FILE));
  let calls = 0;
  const timer = setInterval(() => calls++, 0);
  try {
    while (calls === 0) await instance.run({ x: X });
  } finally {
    clearInterval(timer);
  }
});

Deno.test("runSync is whole", async () => {
  using _ = new FakeClock(SLOW);
  using instance = await settled(load(FILE));
  using turns = new CountedTurns();
  assert.equal(valueOf(instance.runSync({ x: X }).third), 111);
  assert.equal(turns.count, 0);
});
