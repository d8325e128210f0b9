/**
 * Soaks a server of `POST /v1/embeddings`, or with `--text` of completions and chats: 50 clients for five
 * minutes, with good requests and hostile ones. Fails where an answer is not what its request deserves or the
 * server ends; with `--max-first-ratio` where of equal streams the slowest has waited so many times as long
 * for its first token as half of them.
 *
 *     deno run -A test/soak/main.ts [--seconds 300] [--clients 50] [--seed 1] [--cwd FOLDER]
 *       [--text MODEL.fewbit] [--max-first-ratio R] [--max-growth MB] [--json FILE] -- COMMAND…
 *
 * COMMAND starts the server, on the port that stands for `{port}`:
 *
 *     -- deno serve --port {port} server.ts
 *     -- deno run -A cli.ts serve model.fewbit --port {port} --quiet
 *     -- workerd serve config.capnp --socket-addr=http=127.0.0.1:{port}
 */
import { parseArgs } from "node:util";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { printed } from "./_print.ts";
import type { Kind } from "./kinds.ts";
import { soak } from "./soak.ts";
import { EQUAL, textKinds } from "./text_kinds.ts";

const { values, positionals: command } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "300" },
    clients: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    cwd: { type: "string" },
    text: { type: "string" },
    "max-first-ratio": { type: "string", default: "Infinity" },
    "max-growth": { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [seconds, clients, seed, maxGrowth, maxFirstRatio] = [
  values.seconds,
  values.clients,
  values.seed,
  values["max-growth"],
  values["max-first-ratio"],
].map(Number);
const isWrong = Number.isNaN(seed + maxGrowth + maxFirstRatio);
if (command.length === 0 || !(seconds > 0 && clients > 0) || isWrong) {
  console.error("usage: test/soak/main.ts [--seconds S] [--clients N] [--seed N] -- COMMAND…");
  Deno.exit(2);
}
/** What this model writes is what the server has to write. */
async function kindsOf(model: string): Promise<{ readonly kinds: Kind[] }> {
  using lm = await TextGenerator.fromPretrained(model);
  return { kinds: await textKinds(lm) };
}

const report = await soak({
  ...values.text !== undefined && await kindsOf(values.text),
  command,
  seconds,
  clients,
  seed,
  ...values.cwd !== undefined && { cwd: values.cwd },
});
console.log(printed(report));
if (values.json !== undefined) Deno.writeTextFileSync(values.json, JSON.stringify(report, null, 1));
const { memory } = report;
const grown = !("skipped" in memory) && memory.growthMB > maxGrowth;
if (grown) console.error(`FAILED memory grew by more than ${maxGrowth} MB`);
const equal = report.kinds.find(({ name }) => name === EQUAL);
const ratio = equal === undefined ? 0 : equal.firstMaxMs / equal.firstP50Ms;
if (equal !== undefined) {
  console.log(
    `first token of equal streams: ${equal.firstP50Ms.toFixed(0)} ms (median), ` +
      `${equal.firstMaxMs.toFixed(0)} ms (slowest, ${ratio.toFixed(2)} times the median)`,
  );
}
const isUnfair = ratio > maxFirstRatio;
if (isUnfair) console.error(`FAILED the slowest waits more than ${maxFirstRatio} times as long`);
if (grown || isUnfair || report.failures > 0) Deno.exit(1);
