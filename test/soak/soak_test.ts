/** The soak itself: it passes a good server, and finds what is wrong with others. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { problemOfText } from "./_check_text.ts";
import { memoryReport } from "./_memory.ts";
import { printed } from "./_print.ts";
import { percentile } from "./_statistics.ts";
import { KINDS } from "./kinds.ts";
import { soak } from "./soak.ts";
import type { Answer } from "./_send.ts";
import type { SoakOptions } from "./options.ts";
import type { SoakReport } from "./soak.ts";

const STUB = fileURLToPath(new URL("./stub.ts", import.meta.url));

function soakStub(fault: string, options: Partial<SoakOptions> = {}): Promise<SoakReport> {
  const flags = ["--quiet", "--allow-net", "--unstable-no-legacy-abort"];
  const command = [Deno.execPath(), "run", ...flags, STUB, "{port}", fault];
  return soak({ command, clients: 16, seconds: 2, ...options });
}

/** Of a weight that lets each come up in a short time. */
const EVEN = KINDS.map((kind) => ({ ...kind, weight: 1 }));

Deno.test("soak: a good server answers every kind of request as it deserves", async () => {
  const report = await soakStub("", { kinds: EVEN });
  assert.deepEqual(report.problems, []);
  assert.equal(report.failures, 0);
  assert.ok(report.seconds >= 2);
  assert.equal(report.requests, report.kinds.reduce((sum, { requests }) => sum + requests, 0));
  for (const { name, requests, p50Ms, p95Ms, p99Ms, maxMs } of report.kinds) {
    assert.ok(requests > 0, name);
    assert.ok(0 < p50Ms && p50Ms <= p95Ms && p95Ms <= p99Ms && p99Ms <= maxMs, name);
  }
  const { memory } = report;
  if (Deno.build.os === "linux") {
    assert.ok(!("skipped" in memory) && memory.samples >= 2 && memory.peakMB > 20);
  } else assert.ok("skipped" in memory);
  const text = printed(report);
  for (const { name } of KINDS) assert.ok(text.includes(`${name} `), name);
});

Deno.test("soak: finds rows that are another text's", async () => {
  const report = await soakStub("wrong", { seconds: 1 });
  assert.ok(report.failures > 0);
  assert.match(report.problems[0], /gives another row than before$/);
});

Deno.test("soak: finds a status that is not deserved", async () => {
  const report = await soakStub("lenient", { seconds: 1, kinds: EVEN });
  const failing = report.kinds.filter(({ failures }) => failures > 0).map(({ name }) => name);
  assert.deepEqual(failing, ["too many texts"]);
  assert.match(report.problems[0], /^too many texts: status 200, expected 400: /);
  assert.match(printed(report), /FAILED too many texts: status 200/);
});

Deno.test("soak: finds requests without an answer", async () => {
  const report = await soakStub("silent", { seconds: 1, timeoutSeconds: 0.5 });
  assert.ok(report.failures > 0);
  assert.match(report.problems[0], /no answer in 500 ms$/);
});

Deno.test("soak: finds that the server ended, and ends too", async () => {
  const report = await soakStub("crash", { seconds: 60 });
  assert.equal(report.problems[0], "the server ended with exit code 3");
  assert.ok(report.failures > 0 && report.seconds < 30);
});

Deno.test("soak: a server that does not start is told from one that does not answer", async () => {
  await assert.rejects(
    soak({ command: [Deno.execPath(), "eval", "Deno.exit(4)", "{port}"] }),
    /the server ended with exit code 4 as it started/,
  );
  await assert.rejects(
    soak({ command: [Deno.execPath(), "eval", "setInterval(() => {}, 1000)"], startSeconds: 0.5 }),
    /health does not answer after 0.5 s/,
  );
});

Deno.test("soak: percentiles are nearest ranks, growth is between thirds", () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.deepEqual([0.5, 0.95, 0.99, 1].map((p) => percentile(values, p)), [100, 190, 198, 200]);
  assert.deepEqual(percentile([], 0.5), NaN);
  assert.deepEqual(memoryReport([10, 11, 12, 90, 20, 20, 40, 41, 42]), {
    samples: 9,
    firstThirdMB: 11,
    lastThirdMB: 41,
    growthMB: 30,
    peakMB: 90,
  });
  assert.deepEqual(memoryReport([1, 2]), { skipped: "2 samples are too few" });
});

Deno.test("soak: finds texts that are not those of a request alone, and streams without an end", () => {
  const stream = (parts: readonly unknown[], end = "data: [DONE]\n\n"): Answer => ({
    status: 200,
    body: undefined,
    text: parts.map((part) => `data: ${JSON.stringify(part)}\n\n`).join("") + end,
    firstMs: 1,
  });
  const choice = (index: number, text: string, finish_reason: string | null = null): unknown => ({
    choices: [{ index, text, finish_reason }],
  });
  const good = [choice(1, "b"), choice(0, "a "), choice(0, "dog", "stop"), choice(1, "", "length")];
  const expected = { texts: ["a dog", "b"], isChat: false, isStream: true };
  assert.equal(problemOfText(expected, stream(good)), undefined);
  assert.match(problemOfText(expected, stream(good, ""))!, /no whole stream/);
  assert.match(problemOfText(expected, stream(good.slice(0, 3)))!, /another text than alone/);
  assert.match(problemOfText(expected, stream([...good, choice(0, "!")]))!, /"a dog!", expected/);
  assert.match(problemOfText(expected, stream([...good, choice(2, "c")]))!, /another shape/);
  assert.match(problemOfText(expected, stream([{ error: {} }]))!, /no choices/);
  const chat = { choices: [{ index: 0, message: { content: "a dog" }, finish_reason: "stop" }] };
  const whole = { status: 200, body: chat, text: "", firstMs: 1 };
  const said = { texts: ["a dog"], isChat: true, isStream: false };
  assert.equal(problemOfText(said, whole), undefined);
  assert.match(problemOfText({ ...said, texts: ["a cat"] }, whole)!, /"a dog", expected "a cat"/);
});
