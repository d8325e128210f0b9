/** Ctrl-C ends every command within a second, whatever it is doing. */
import assert from "node:assert/strict";
import { configOf, layoutHgrn } from "../models/_hgrn.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { withFolder } from "../files/_temporary.ts";
import { start } from "./_fewbit.ts";

const at = (name: string): string => new URL(`../../${name}`, import.meta.url).pathname;
const VIT = at("models/vit-fashion-mnist.fewbit");
const TEXT = at("models/hgrn-shakespeare.fewbit");

/** Longest time from the signal to the end; starting a process on a busy machine has some of it. */
const MAX_MS = 1500;

/** Starts a command, interrupts it after some time and looks how it ends. */
async function interrupt(
  args: readonly string[],
  after: number,
  folder: string,
  signal: "SIGINT" | "SIGTERM" = "SIGINT",
): Promise<void> {
  const child = start(args, { stdin: "piped" });
  const out = new Response(child.stdout).arrayBuffer();
  const err = new Response(child.stderr).text();
  await new Promise((resolve) => setTimeout(resolve, after));
  const signalled = performance.now();
  child.kill(signal);
  const { code } = await child.status;
  const ms = performance.now() - signalled;
  await child.stdin.close().catch(() => {});
  await out;
  const text = await err;
  assert.equal(code, signal === "SIGINT" ? 130 : 143, `${args.join(" ")}: ${text}`);
  assert.ok(ms < MAX_MS, `${args.join(" ")} took ${ms.toFixed(0)} ms`);
  assert.match(text, /fewbit: interrupted\n$/, args.join(" "));
  assert.doesNotMatch(text, /\bat .*\.ts/);
  for (const { name } of Deno.readDirSync(folder)) assert.doesNotMatch(name, /partial$/);
}

Deno.test({
  name: "cli: Ctrl-C ends each of the 9 commands within a second, in 11 situations",
  ignore: Deno.build.os === "windows",
  fn: async (t) => {
    await withFolder(async (folder) => {
      const path = (name: string): string => `${folder}/${name}`;
      writeTinyEncoder(path("encoder"));
      await Deno.writeTextFile(path("many.txt"), `${CALIBRATION.join("\n")}\n`.repeat(20_000));
      await Deno.writeTextFile(path("play.txt"), "To be, or not to be. ".repeat(150_000));
      await Deno.mkdir(path("notes"));
      for (let i = 0; i < 4; i++) {
        await Deno.copyFile(path("many.txt"), `${path("notes")}/${i}.txt`);
      }
      // Labels and images enough for a minute.
      const images = new Uint8Array(16 + 784 * 40_000);
      new DataView(images.buffer).setUint32(0, 0x803);
      [40_000, 28, 28].forEach((n, i) => new DataView(images.buffer).setUint32(4 + 4 * i, n));
      await Deno.writeFile(path("images"), images);
      await Deno.writeFile(
        path("labels"),
        Uint8Array.of(0, 0, 8, 1, 0, 0, 0x9c, 0x40, ...new Uint8Array(40_000)),
      );
      await writeLargeLanguageModel(path("large"));
      const quantized = path("tiny.fewbit");
      const made = start([
        "quantize",
        path("encoder"),
        "--calibration",
        path("few.txt"),
        "-o",
        quantized,
      ]);
      await Deno.writeTextFile(path("few.txt"), CALIBRATION.join("\n"));
      await made.output();

      const cases: readonly (readonly [name: string, args: string[], after: number])[] = [
        ["classify", [
          "classify",
          ...Array(3000).fill(at("examples/fashion/000-ankle-boot.png")),
          "--engine",
          "reference",
        ], 700],
        ["generate", ["generate", "ROMEO:", "--max-tokens", "1000000"], 700],
        ["generate, waiting for standard input", ["generate"], 500],
        ["embed", ["embed", quantized, "--input", path("many.txt"), "-o", path("rows.npy")], 700],
        ["search", [
          "search",
          "--index",
          path("index"),
          "--add",
          path("notes"),
          "--model",
          quantized,
        ], 700],
        ["quantize an encoder", [
          "quantize",
          path("encoder"),
          "--calibration",
          path("many.txt"),
          "--limit",
          "200000",
          "-o",
          path("q.fewbit"),
        ], 900],
        ["convert", ["convert", path("large"), "-o", path("c.fewbit")], 900],
        ["eval", [
          "eval",
          VIT,
          "--images",
          path("images"),
          "--labels",
          path("labels"),
          "--engine",
          "wasm-simd",
        ], 700],
        ["eval --perplexity", ["eval", TEXT, "--perplexity", path("play.txt")], 900],
        [
          "inspect --time",
          ["inspect", VIT, "--time", "--runs", "10000", "--engine", "reference"],
          900,
        ],
        ["bench", ["bench", VIT, "--seconds", "100", "--engine", "reference"], 900],
      ];
      assert.equal(cases.length, 11);
      for (const [name, args, after] of cases) {
        await t.step(name, () => interrupt(args, after, folder));
      }
      const [, args, after] = cases[1];
      await t.step("SIGTERM", () => interrupt(args, after, folder, "SIGTERM"));
    });
  },
});

/** A language model of 2.4 GB, all of them zeros that no disk holds, whose ternary weights take a while. */
async function writeLargeLanguageModel(folder: string): Promise<void> {
  const sizes = { vocabulary: 32, width: 2048, depth: 24, hidden: 5632 };
  const header: Record<string, unknown> = {};
  let bytes = 0;
  for (const [name, shape] of layoutHgrn(sizes)) {
    const end = bytes + 2 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F16", shape, data_offsets: [bytes, end] };
    bytes = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + json.length);
  new DataView(start.buffer).setBigUint64(0, BigInt(json.length), true);
  start.set(json, 8);
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(configOf(sizes)));
  await Deno.writeFile(`${folder}/model.safetensors`, start);
  await Deno.truncate(`${folder}/model.safetensors`, start.length + bytes);
}
