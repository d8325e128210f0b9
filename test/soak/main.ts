/**
 * Soaks a server of `POST /v1/embeddings`: 50 clients for five minutes, with good requests and hostile
 * ones. Fails where an answer is not what its request deserves or the server ends.
 *
 *     deno run -A test/soak/main.ts [--seconds 300] [--clients 50] [--seed 1] [--cwd FOLDER]
 *       [--max-growth MB] [--json FILE] -- COMMAND…
 *
 * COMMAND starts the server, on the port that stands for `{port}`:
 *
 *     -- deno serve --port {port} server.ts
 *     -- workerd serve config.capnp --socket-addr=http=127.0.0.1:{port}
 */
import { parseArgs } from "node:util";
import { printed } from "./_print.ts";
import { soak } from "./soak.ts";

const { values, positionals: command } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "300" },
    clients: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    cwd: { type: "string" },
    "max-growth": { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [seconds, clients, seed, maxGrowth] = [
  values.seconds,
  values.clients,
  values.seed,
  values["max-growth"],
].map(Number);
if (command.length === 0 || !(seconds > 0 && clients > 0) || Number.isNaN(seed + maxGrowth)) {
  console.error("usage: test/soak/main.ts [--seconds S] [--clients N] [--seed N] -- COMMAND…");
  Deno.exit(2);
}
const report = await soak({
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
if (grown || report.failures > 0) Deno.exit(1);
