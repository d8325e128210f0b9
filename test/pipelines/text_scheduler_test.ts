/** Many answers at once: each is the one that its request gets alone, whoever comes and goes beside it. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import type { GenerationModel } from "../../src/pipelines/text/generation_model.ts";
import type { TextPiece } from "../../src/pipelines/text/text_piece.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { TextScheduler } from "../../src/pipelines/text/text_scheduler.ts";
import type { SchedulerOptions } from "../../src/pipelines/text/text_scheduler.ts";
import type { GenerateOptions } from "../../src/pipelines/text/text_session.ts";
import { FakeClock } from "../_fake_host.ts";
import fc from "../text/_fast_check.ts";
import { RememberingModel, VOCABULARY } from "./_batch_model.ts";
import type { BatchModelOptions } from "./_batch_model.ts";

const SETUP = { endIds: [0], defaults: {} };
const STORIES = new URL("../../models/stories260k.fewbit", import.meta.url);

function schedulerOf(
  model: BatchModelOptions | RememberingModel = {},
  options: SchedulerOptions = {},
): TextScheduler {
  const given = model instanceof RememberingModel ? model : new RememberingModel(model);
  return new TextScheduler(given, SETUP, options);
}

async function idsOf(pieces: ReadableStream<TextPiece>): Promise<number[]> {
  return (await Array.fromAsync(pieces)).flatMap(({ ids }) => ids);
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof FewbitError && error.code === expected;
}

/** One turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** What the same request gets from a network of its own. */
async function alone(
  model: BatchModelOptions,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  using scheduler = schedulerOf({ ...model, sessions: 1, maxSequences: 1, maxTokens: 256 });
  return await idsOf(scheduler.generate(prompt, options));
}

const anId = fc.integer({ min: 1, max: VOCABULARY - 1 });
const aRequest = fc.record({
  // Few different beginnings, so that sessions have read them before.
  prompt: fc.tuple(
    fc.constantFrom([], [5, 6, 7, 8, 9], [5, 6, 7]),
    fc.array(anId, {
      minLength: 1,
      maxLength: 150,
    }),
  ).map(([start, end]) => [...start, ...end]),
  seed: fc.nat(1000),
  maxTokens: fc.integer({ min: 1, max: 30 }),
  /** In runs of the network. */
  arrives: fc.nat(40),
  leaves: fc.option(fc.nat(60), { freq: 3, nil: undefined }),
  byCancel: fc.boolean(),
});
const aModel = fc.record({
  sessions: fc.integer({ min: 1, max: 5 }),
  maxSequences: fc.integer({ min: 1, max: 5 }),
  maxTokens: fc.integer({ min: 1, max: 80 }),
  context: fc.constantFrom(100, 256),
  rewinds: fc.boolean(),
  prefix: fc.constantFrom([], [5], [5, 6, 7]),
});

Deno.test("scheduler: every answer is the one that its request gets alone", async () => {
  await fc.assert(
    fc.asyncProperty(aModel, fc.array(aRequest, { minLength: 1, maxLength: 12 }), async (
      size,
      requests,
    ) => {
      const expected = await Promise.all(requests.map(async ({ prompt, seed, maxTokens }) => {
        return await alone(size, prompt, { seed, maxTokens })
          .catch((error) => void assert.ok(code("limit_exceeded")(error)));
      }));
      const model: RememberingModel = new RememberingModel({
        ...size,
        maxSequences: Math.min(size.maxSequences, size.sessions),
        onRun: () => moment(model.runs),
      });
      const scheduler = schedulerOf(model);
      const results: Promise<unknown>[] = [];
      const problems: unknown[] = [];
      let answered = 0;
      const left: (() => void)[] = [];
      const asked = new Set<number>();
      const ask = (i: number): void => {
        if (asked.has(i)) return;
        asked.add(i);
        const { prompt, seed, maxTokens, leaves, byCancel } = requests[i];
        const controller = new AbortController();
        const options = { seed, maxTokens, signal: controller.signal };
        if (expected[i] === undefined) {
          assert.throws(() => scheduler.generate(prompt, options), code("limit_exceeded"));
          return;
        }
        const reader = scheduler.generate(prompt, options).getReader();
        const ids: number[] = [];
        let isGone = false;
        left[i] = () => {
          isGone = true;
          if (byCancel) void reader.cancel();
          else controller.abort("gone");
        };
        results.push(
          (async () => {
            try {
              for (;;) {
                const { done, value } = await reader.read();
                if (done) break;
                ids.push(...value.ids);
              }
            } catch (error) {
              assert.ok(isGone && error === "gone");
            }
            if (isGone && leaves !== undefined) {
              assert.deepEqual(ids, expected[i]!.slice(0, ids.length));
            } else assert.deepEqual(ids, expected[i]);
          })().catch((problem) => problems.push(problem)).finally(() => answered++),
        );
      };
      const moment = (run: number): void => {
        requests.forEach(({ arrives, leaves }, i) => {
          if (run > 0 && arrives === run) ask(i);
          if (leaves === run) left[i]?.();
        });
      };
      requests.forEach(({ arrives }, i) => arrives === 0 && ask(i));
      await scheduler.idle();
      // Those that were to come when there was nothing to do any more.
      requests.forEach(({ arrives }, i) => arrives > model.runs && ask(i));
      await scheduler.idle();
      // Their readers hear of it within this turn; to await them would hang where one is never served.
      await turn();
      for (const problem of problems) throw problem;
      assert.equal(answered, results.length, "each request has its answer");
      assert.equal(scheduler.active + scheduler.waiting, 0);
      scheduler[Symbol.dispose]();
      assert.ok(model.taken.every((taken) => !taken));
    }),
    { numRuns: 150 },
  );
});

Deno.test("scheduler: a run has a token of each answer and a limited part of prompts", async () => {
  const runs: string[] = [];
  const scheduler = schedulerOf({
    sessions: 3,
    onRun: (parts) => void runs.push(parts.map(({ slot, ids }) => `${slot}:${ids.length}`).join()),
  }, { promptTokens: 10 });
  const prompt = (length: number, first: number): number[] =>
    Array.from({ length }, (_, i) => (first + i) % 60 + 1);
  const answers = [prompt(4, 1), prompt(25, 2), prompt(12, 3)].map((ids) =>
    idsOf(scheduler.generate(ids, { seed: 1, maxTokens: 5, stopAtEnd: false }))
  );
  await Promise.all(answers);
  assert.deepEqual(runs.slice(0, 5), [
    "0:4,1:6",
    "2:10,0:1",
    "1:10,0:1",
    "2:2,1:8,0:1",
    "2:1,1:1,0:1",
  ]);
});

Deno.test("scheduler: whoever leaves gives the session to the next one at once", async () => {
  let finish: (() => void)[] = [];
  const slots: number[][] = [];
  const scheduler = schedulerOf({
    sessions: 1,
    onRun: (parts) => {
      slots.push(parts.map(({ past }) => past));
      return new Promise((resolve) => finish.push(resolve));
    },
  }, { maxQueue: 1 });
  const runBegins = async (): Promise<void> => {
    while (finish.length === 0) await turn();
  };
  const step = async (): Promise<void> => {
    await runBegins();
    finish.forEach((call) => call());
    finish = [];
  };
  const controller = new AbortController();
  const first = scheduler.generate([1, 2], { seed: 1, maxTokens: 50, signal: controller.signal });
  await step();
  const second = scheduler.generate([3], { seed: 1, maxTokens: 1 });
  assert.equal(scheduler.room, 0);
  assert.throws(() => scheduler.generate([4], {}), code("limit_exceeded"));
  await runBegins();
  controller.abort(new Error("gone"));
  // Within the run: the place is free, and the second is next.
  assert.equal(scheduler.active, 0);
  assert.equal(scheduler.room, 1);
  await step();
  await step();
  assert.equal((await idsOf(second)).length, 1);
  await assert.rejects(idsOf(first), /gone/);
  assert.deepEqual(slots, [[0], [2], [0]]);
});

Deno.test("scheduler: an answer that nobody asked for any more takes no run", async () => {
  const model = new RememberingModel();
  const scheduler = schedulerOf(model);
  const gone = AbortSignal.abort("gone");
  await assert.rejects(
    idsOf(scheduler.generate([1], { signal: gone })),
    (error) => error === "gone",
  );
  await scheduler.generate([1], {}).cancel();
  await scheduler.idle();
  assert.equal(model.runs, 0);
});

Deno.test("scheduler: equal requests wait about equally long for their first token", async () => {
  for (const size of [{ sessions: 4 }, { sessions: 8, maxSequences: 2 }, { sessions: 1 }]) {
    using clock = new FakeClock();
    const scheduler = schedulerOf({
      ...size,
      // A run costs what it reads, and something.
      onRun: (parts) => clock.pass(5 + parts.reduce((sum, { ids }) => sum + ids.length, 0)),
    });
    const waits: number[] = [];
    // A client asks again as soon as it has its answer.
    const client = async (number: number): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        const prompt = Array.from({ length: 40 }, (_, j) => (number * 7 + i * 11 + j) % 60 + 1);
        const pieces = scheduler.generate(prompt, { seed: i, maxTokens: 20, stopAtEnd: false });
        const { usage } = (await Array.fromAsync(pieces)).at(-1)!;
        waits.push(usage!.promptMs);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, number) => client(number)));
    waits.sort((a, b) => a - b);
    assert.ok(waits.at(-1)! <= 3 * waits[waits.length >> 1], `${waits.at(-1)}`);
  }
});

Deno.test("scheduler: a run that fails ends its answers, and others go on", async () => {
  let runs = 0;
  const scheduler = schedulerOf({
    sessions: 1,
    onRun: () => {
      if (++runs === 2) throw new Error("no memory");
    },
  });
  const [first, second] = [[1, 2], [1, 2, 3]].map((ids) => scheduler.generate(ids, { seed: 2 }));
  await assert.rejects(idsOf(first), /no memory/);
  assert.deepEqual(await idsOf(second), await alone({}, [1, 2, 3], { seed: 2 }));
});

Deno.test("scheduler: after close nothing is taken, and what is in progress goes on", async () => {
  const scheduler = schedulerOf();
  const first = scheduler.generate([1], { seed: 1, maxTokens: 20, stopAtEnd: false });
  scheduler.close();
  assert.throws(() => scheduler.generate([1]), code("disposed"));
  assert.equal(scheduler.room, 0);
  await scheduler.idle();
  assert.equal((await idsOf(first)).length, 20);
});

Deno.test("scheduler: when it is disposed of, answers end with the reason", async () => {
  const model = new RememberingModel({ sessions: 1 });
  const scheduler = schedulerOf(model);
  const answers = [[1], [2]].map((ids) => scheduler.generate(ids, { seed: 1, maxTokens: 200 }));
  await turn();
  scheduler[Symbol.dispose]();
  scheduler[Symbol.dispose]();
  for (const answer of answers) await assert.rejects(idsOf(answer), code("disposed"));
  await scheduler.idle();
  assert.deepEqual(model.taken, [false]);
});

Deno.test("scheduler: what cannot be answered is refused at once and takes no place", () => {
  const scheduler = schedulerOf({ context: 30 });
  const bad = (prompt: unknown, options: GenerateOptions = {}, expected = "invalid_argument") =>
    assert.throws(() => scheduler.generate(prompt as number[], options), code(expected));
  bad([]);
  bad(null);
  bad([1.5]);
  bad([1], { temperature: -1 });
  bad([1], { maxTokens: 0 });
  bad([1], { maxTokens: NaN });
  bad([1], { stop: "" });
  bad(Array(31).fill(1), {}, "limit_exceeded");
  assert.equal(scheduler.active + scheduler.waiting, 0);
  for (const options of [{ maxQueue: -1 }, { maxQueue: 0.5 }, { promptTokens: 0 }]) {
    assert.throws(() => schedulerOf({}, options), code("invalid_argument"));
  }
});

Deno.test("scheduler: logits that are no numbers end only their own answer", async () => {
  const model = new RememberingModel();
  const readBatch = model.readBatch.bind(model);
  model.readBatch = async (parts) =>
    (await readBatch(parts)).map((logits, i) =>
      parts[i].past === 0 && parts[i].ids[0] === 9 ? logits?.fill(NaN) : logits
    );
  const scheduler = schedulerOf(model);
  const [bad, good] = [[9], [8]].map((ids) => scheduler.generate(ids, { seed: 3 }));
  await assert.rejects(idsOf(bad), code("invalid_argument"));
  assert.deepEqual(await idsOf(good), await alone({}, [8], { seed: 3 }));
});

Deno.test("scheduler: without a seed every answer is another one", async () => {
  const scheduler = schedulerOf();
  const [a, b] = await Promise.all(
    [1, 2].map(() => idsOf(scheduler.generate([1], { maxTokens: 30, stopAtEnd: false }))),
  );
  assert.notDeepEqual(a, b);
});

Deno.test("scheduler: a constraint chooses among the ids that it allows, and hears of the end", async () => {
  const scheduler = schedulerOf();
  const heard: (number | string)[] = [];
  const constraint = {
    allowed: () => Int32Array.of(1 << 4 | 1 << 30),
    accept: (id: number) => heard.push(id),
    end: () => heard.push("end"),
  };
  const ids = await idsOf(scheduler.generate([1], { seed: 1, maxTokens: 30, constraint }));
  assert.deepEqual([...new Set(ids)].sort(), [30, 4]);
  assert.deepEqual(heard, [...ids, "end"]);
  const none = { ...constraint, allowed: () => Int32Array.of(0) };
  await assert.rejects(
    idsOf(scheduler.generate([1], { constraint: none })),
    code("invalid_argument"),
  );
});

/** Texts of several lengths, and how to write on. */
const PROMPTS = ["Once upon a time", "Lily", "The big dog ran and ran. ".repeat(8), "Once upon a"];

async function expectedTexts(lm: GenerationModel): Promise<string[]> {
  const texts: string[] = [];
  for (const [i, prompt] of PROMPTS.entries()) texts.push(await lm.complete(prompt, optionsOf(i)));
  return texts;
}

const optionsOf = (i: number): GenerateOptions => ({
  seed: i,
  maxTokens: 20 + 5 * i,
  temperature: i === 1 ? 0 : 0.9,
  stop: ["\n", ". The"],
});

for (const [name, source] of [["hgrn-shakespeare", undefined], ["stories260k", STORIES]] as const) {
  Deno.test(`scheduler: ${name} writes together what it writes alone`, async () => {
    using one = await TextGenerator.fromPretrained(source);
    const expected = await expectedTexts(one);
    for (const [sessions, parallel] of [[3, 3], [2, 1]]) {
      using lm = await TextGenerator.fromPretrained(source, { sessions, parallel, chunkSize: 70 });
      using scheduler = TextScheduler.of(lm, { promptTokens: 16 });
      for (let round = 0; round < 2; round++) {
        const answers = PROMPTS.map((prompt, i) =>
          Array.fromAsync(scheduler.generate(lm.tokenizer.encode(prompt).ids, optionsOf(i)))
        );
        const texts = (await Promise.all(answers)).map((all) =>
          all.map(({ text }) => text).join("")
        );
        assert.deepEqual(texts, expected);
      }
      assert.throws(() => lm.session(), code("limit_exceeded"));
    }
  });
}

Deno.test("scheduler: a model that is unloaded ends its answers", async () => {
  const lm = await TextGenerator.fromPretrained(STORIES, { sessions: 2, parallel: 2 });
  using scheduler = TextScheduler.of(lm);
  const answers = [1, 2, 3].map((seed) =>
    scheduler.generate([1, 403], { seed, maxTokens: 200, stopAtEnd: false })
  );
  const readers = answers.map((answer) => answer.getReader());
  await readers[0].read();
  lm[Symbol.dispose]();
  for (const reader of readers) {
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    }, code("disposed"));
  }
});

Deno.test("scheduler: where a session is in use it takes none of the others", async () => {
  using lm = await TextGenerator.fromPretrained(await Deno.readFile(STORIES), { sessions: 3 });
  const [first, second] = [lm.session(), lm.session()];
  first[Symbol.dispose]();
  assert.throws(() => TextScheduler.of(lm), code("limit_exceeded"));
  second[Symbol.dispose]();
  using scheduler = TextScheduler.of(lm);
  assert.equal(scheduler.capacity, 3 + 64);
});
