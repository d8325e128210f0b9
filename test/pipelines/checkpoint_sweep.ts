/**
 * Runs a file of random variants that vectors/checkpoints/make_vision.py or make_encoders.py wrote:
 *
 *     deno run -A test/pipelines/checkpoint_sweep.ts vision FILE
 */
import { readCases } from "./_checkpoint_cases.ts";
import type { CheckpointCase } from "./_checkpoint_cases.ts";
import { runVision } from "./_vision_case.ts";

const [kind, path] = Deno.args;
const counts = { right: 0, refused: 0, wrong: 0 };
const reasons = new Map<string, number>();
const [errors, losses]: [number[], number[]] = [[], []];
if (kind !== "vision") throw new Error(`no kind "${kind}"`);
for (const [name, item] of Object.entries(await readCases<CheckpointCase>(path))) {
  const { refused, error = NaN, loss = NaN } = await runVision(item);
  const fits = error < 1e-3 && loss < 0.5;
  counts[refused ? "refused" : fits ? "right" : "wrong"]++;
  if (refused) {
    const reason = `${refused.code}: ${refused.message}`.replace(/\d+/g, "N").slice(0, 90);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  } else {
    errors.push(error);
    losses.push(loss);
    if (!fits) console.log(`WRONG ${name}: float ${error}, integers ${loss}`);
  }
}
for (const [reason, n] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(n, reason);
const quantile = (values: number[], q: number): string =>
  values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))].toExponential(2);
console.log(counts);
console.log(`float: median ${quantile(errors, 0.5)}, most ${quantile(errors, 1)}`);
console.log(
  `integers: median ${quantile(losses, 0.5)}, 99 % ${quantile(losses, 0.99)}, most ${
    quantile(losses, 1)
  }`,
);
