/**
 * Runs a file of random variants that vectors/checkpoints/make_vision.py or make_encoders.py wrote:
 *
 *     deno run -A test/pipelines/checkpoint_sweep.ts vision|encoders FILE
 */
import type { FewbitError } from "../../src/errors.ts";
import { readCases } from "./_checkpoint_cases.ts";
import type { CheckpointCase } from "./_checkpoint_cases.ts";
import { runEncoder } from "./_encoder_case.ts";
import type { EncoderCases } from "./_encoder_case.ts";
import { runVision } from "./_vision_case.ts";

/** Errors of one folder, of the float network first. */
interface Result {
  readonly refused?: FewbitError;
  readonly errors: readonly number[];
}

const [kind, path] = Deno.args;
/** Most that each error may be: relative, of float numbers and of integers. */
const BOUNDS = kind === "vision" ? [1e-3, 0.5] : [1e-3, 0.05, 0.1, 1e-4];

async function* results(): AsyncGenerator<[name: string, result: Result]> {
  if (kind === "vision") {
    const cases = await readCases<Readonly<Record<string, CheckpointCase>>>(path);
    for (const [name, item] of Object.entries(cases)) {
      const { refused, error = NaN, loss = NaN } = await runVision(item);
      yield [name, { ...refused && { refused }, errors: [error, loss] }];
    }
    return;
  }
  const { texts, cases } = await readCases<EncoderCases>(path);
  for (const [name, item] of Object.entries(cases)) {
    const { refused, error = NaN, cosine = NaN, length = NaN, similarity = NaN } = await runEncoder(
      item,
      texts,
    );
    yield [name, { ...refused && { refused }, errors: [error, 1 - cosine, length, similarity] }];
  }
}

const counts = { right: 0, refused: 0, wrong: 0 };
const reasons = new Map<string, number>();
const all: (readonly number[])[] = [];
for await (const [name, { refused, errors }] of results()) {
  const fits = BOUNDS.every((bound, i) => errors[i] < bound);
  counts[refused ? "refused" : fits ? "right" : "wrong"]++;
  if (refused) {
    const reason = `${refused.code}: ${refused.message}`.replace(/\d+/g, "N").slice(0, 90);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  } else {
    all.push(errors);
    if (!fits) console.log(`WRONG ${name}: ${errors.join(", ")}`);
  }
}
for (const [reason, n] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(n, reason);
console.log(counts);
BOUNDS.forEach((bound, i) => {
  const sorted = all.map((errors) => errors[i]).sort((a, b) => a - b);
  const at = (q: number): string => sorted[Math.floor(q * (sorted.length - 1))].toExponential(2);
  console.log(`error ${i}: median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}, bound ${bound}`);
});
