/**
 * Several tokens for one read-back: the texts, the states and the errors are those of tokens one by one. The chains of a
 * GPU are played by runs of wasm, so that every host tests them.
 */
import assert from "node:assert/strict";
import type { Instance, Outputs, SyncInstance } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { ChainedRun } from "../../src/engines/webgpu/gpu_instance.ts";
import { sha256 } from "../../src/files/sha256.ts";
import { GenerationModel } from "../../src/pipelines/text/generation_model.ts";
import type { TextSession } from "../../src/pipelines/text/text_session.ts";
import { sessionSymbols } from "../../src/pipelines/text/session_limits.ts";

const CONTEXT = 64;
const OPTIONS = { seed: 3, temperature: 0.8, topP: 0.95 } as const;

async function open(name = "stories260k"): Promise<SyncInstance> {
  const file = await Deno.readFile(new URL(`../../models/${name}.fewbit`, import.meta.url));
  return await loadWasm(file, {
    symbols: sessionSymbols({ sessions: 2, ...name === "stories260k" && { context: CONTEXT } }),
  });
}

/** What a GPU does, with how many tokens each chain had. */
function withChains(
  instance: SyncInstance,
  chains: number[],
  before: (count: number) => void = () => {},
): Instance {
  const runChain = async (runs: readonly ChainedRun[]): Promise<Outputs[]> => {
    chains.push(runs.length / 2);
    before(runs.length / 2);
    const outputs: Outputs[] = [];
    for (const { inputs, from = {}, ...options } of runs) {
      const taken = Object.entries(from).map(([to, name]) => [to, outputs.at(-1)![name].data]);
      outputs.push(await instance.run({ ...inputs, ...Object.fromEntries(taken) }, options));
    }
    return outputs;
  };
  return new Proxy(instance, {
    has: (target, key) => key === "runChain" || key in target,
    get: (target, key) => {
      if (key === "runChain") return runChain;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Has the clock say something else. */
async function withClock(now: () => number, use: () => Promise<void>): Promise<void> {
  const real = performance.now;
  performance.now = now;
  try {
    await use();
  } finally {
    performance.now = real;
  }
}

/** The hash of a state: of two that differ, their bytes would take minutes to be told apart. */
async function hashOf(session: TextSession): Promise<string> {
  return await sha256(await session.save());
}

/** Texts of two sessions that write in turns, are saved in the middle, go back and on; and their states. */
async function story(lm: GenerationModel): Promise<string[]> {
  const seen: string[] = [];
  using first = lm.session();
  using second = lm.session();
  const one = first.generate("Once upon a time", { ...OPTIONS, maxTokens: 21, logprobs: 2 });
  const two = second.generate("The dog", { ...OPTIONS, maxTokens: 13, seed: 4 });
  for (let i = 0; i < 24; i++) {
    for (const [session, pieces] of [[first, one], [second, two]] as const) {
      const { value, done } = await pieces.next();
      if (!done) seen.push(JSON.stringify(value.tokens), value.text);
      if (i % 5 === 2) seen.push(await hashOf(session));
    }
  }
  // Of one answer some tokens are left, which are none of the next one's.
  for (const maxTokens of [3, 4]) {
    const pieces = first.generate(" The", { ...OPTIONS, maxTokens, stopAtEnd: false });
    for await (const { text } of pieces) seen.push(text);
  }
  first.rewind(9);
  for await (const { text } of first.generate(" was", { ...OPTIONS, maxTokens: 4 })) {
    seen.push(text);
  }
  using third = (second[Symbol.dispose](), await first.fork());
  for await (const { text } of third.generate(undefined, { ...OPTIONS, maxTokens: 5 })) {
    seen.push(text);
  }
  return [...seen, await hashOf(first), await hashOf(third)];
}

Deno.test("tokens ahead: texts, log probabilities and states are those of tokens one by one", async () => {
  using plain = new GenerationModel(await open());
  const expected = await story(plain);
  for (const slow of [0, 10, 60]) {
    let time = 0;
    const chains: number[] = [];
    await withClock(() => time, async () => {
      using ahead = new GenerationModel(
        withChains(await open(), chains, (count) => time += count * slow),
      );
      assert.deepEqual(await story(ahead), expected);
    });
    // Where a single one takes too long, each session has tried it once.
    if (slow === 60) assert.deepEqual(chains, [1, 1, 1]);
    else assert.equal(Math.max(...chains), 8);
  }
});

Deno.test("tokens ahead: more and more as long as they are quick, fewer where they are not", async () => {
  let time = 0;
  let msEach = 0;
  const chains: number[] = [];
  await withClock(() => time, async () => {
    using lm = new GenerationModel(
      withChains(await open(), chains, (count) => time += count * msEach),
    );
    using session = lm.session();
    const write = async (maxTokens: number): Promise<void> => {
      await Array.fromAsync(session.generate("a", { ...OPTIONS, maxTokens, stopAtEnd: false }));
    };
    await write(23);
    assert.deepEqual(chains.splice(0), [1, 2, 4, 8, 8]);
    msEach = 20;
    await write(8);
    assert.deepEqual(chains.splice(0), [8]);
    await write(5);
    assert.deepEqual(chains.splice(0), [4, 2]);
    msEach = 60;
    await write(9);
    assert.deepEqual(chains.splice(0), [4, 2, 1]);
    await write(2);
    assert.deepEqual(chains.splice(0), []);
  });
});

Deno.test("tokens ahead: none where ids are held back, penalised, or a state is no rows; none past the context", async () => {
  const chains: number[] = [];
  using lm = new GenerationModel(withChains(await open(), chains));
  const words = new Int32Array(Math.ceil(lm.instance.symbols.vocabulary ?? 512 / 32)).fill(-1);
  const constraint = { allowed: () => words, accept: () => {} };
  await lm.complete("a", { ...OPTIONS, maxTokens: 6, constraint });
  await lm.complete("a", { ...OPTIONS, maxTokens: 6, repetitionPenalty: 1.1 });
  assert.deepEqual(chains, []);
  using recurrent = new GenerationModel(withChains(await open("hgrn-shakespeare"), chains));
  await recurrent.complete("a", { ...OPTIONS, maxTokens: 6 });
  assert.deepEqual(chains, []);
  await withClock(() => 0, async () => {
    using session = lm.session();
    await session.append(Array(CONTEXT - 4).fill(5));
    const pieces = session.generate([5], { ...OPTIONS, maxTokens: 3, stopAtEnd: false });
    await assert.doesNotReject(Array.fromAsync(pieces));
    assert.deepEqual(chains, [1, 1]);
  });
});

Deno.test("tokens ahead: an abort is heard between two tokens, and the text goes on as it would", async () => {
  const chains: number[] = [];
  using plain = new GenerationModel(await open());
  using ahead = new GenerationModel(withChains(await open(), chains));
  const results: unknown[] = [];
  for (const lm of [plain, ahead]) {
    using session = lm.session();
    const controller = new AbortController();
    const ids: number[] = [];
    const options = { ...OPTIONS, maxTokens: 30, stopAtEnd: false, signal: controller.signal };
    await assert.rejects(async () => {
      for await (const piece of session.generate("Once", options)) {
        ids.push(...piece.ids);
        if (ids.length >= 10) controller.abort(new Error("enough"));
      }
    }, { message: "enough" });
    const rest = await Array.fromAsync(session.generate(undefined, { ...OPTIONS, maxTokens: 6 }));
    results.push([ids, rest.map(({ text }) => text), session.length, await hashOf(session)]);
  }
  assert.deepEqual(results[1], results[0]);
  assert.ok(chains.includes(8));
});
