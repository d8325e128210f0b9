/** All entries and the command line, installed in an empty project, on each host. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { NpmHost } from "../hosts/_npm_host.ts";
import { hashOn } from "../hosts/_picture.ts";
import { expectedText } from "./_expected.ts";
import { newProject } from "./_project.ts";
import type { Project } from "./_project.ts";
import type { Registry } from "./_registry.ts";
import { report } from "./_report.ts";

const PICTURE = fileURLToPath(
  new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url),
);

const PROGRAM = `
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { FewbitError, decodeImage, ImageClassifier, TextGenerator } from "@fewbit/fewbit";
import { load } from "@fewbit/fewbit/runtime";
import { loadEmbedder } from "@fewbit/fewbit/embedder";
import { FewbitError as SameError, loadGenerator } from "@fewbit/fewbit/generator";
import vit from "@fewbit/models/vit-fashion-mnist";
import plays from "@fewbit/models/hgrn-bit-shakespeare";

const sha256 = (data) => createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex");
const picture = process.argv[2];
const classifier = await ImageClassifier.fromPretrained();
const { label, logits } = await classifier.classify(picture);
const instance = await load(readFileSync(vit));
const outputs = await instance.run({ pixels: decodeImage(readFileSync(picture)).data });
const options = { seed: 16, maxTokens: 24 };
const small = await loadGenerator(readFileSync(plays));
const whole = await TextGenerator.fromPretrained();
const refused = await loadEmbedder(readFileSync(plays)).catch((error) => error);
console.log(JSON.stringify({
  label,
  hashes: [sha256(logits), sha256(outputs.logits.data)],
  texts: [await small.complete("ROMEO:", options), await whole.complete("ROMEO:", options)],
  refused: refused instanceof FewbitError && refused.code,
  same: FewbitError === SameError,
  engine: instance.engine,
}));
`;

const WITHOUT_MODELS = `
import { TextGenerator } from "@fewbit/fewbit";
console.log(await TextGenerator.fromPretrained().catch(({ code, message }) => code + " " + message));
`;

const INSTALL = "npm install @fewbit/fewbit @fewbit/models";

interface Host {
  readonly name: string;
  readonly host: NpmHost;
  readonly run: string;
  /** How the command line is started, where it runs. */
  readonly command?: string;
}

const HOSTS: readonly Host[] = [
  { name: "Node 20", host: "node20", run: "node" },
  { name: "Node 22", host: "node22", run: "node", command: "node_modules/.bin/fewbit" },
  { name: "Bun", host: "bun", run: "bun", command: "bun --bun node_modules/.bin/fewbit" },
  { name: "Deno", host: "node22", run: "deno run --allow-read" },
];

/** Installs and runs on all of them. */
export async function runOnHosts(registry: Registry): Promise<void> {
  const hash = await hashOn("wasm-simd");
  const text = await expectedText();
  for (const { name, host, run, command } of HOSTS) {
    using project = await newProject(registry, host);
    await project.write("main.mjs", PROGRAM);
    await project.shell(INSTALL);
    const { engine, ...answer } = JSON.parse(await project.shell(`${run} main.mjs ${PICTURE}`));
    assert.deepEqual(answer, {
      label: "Ankle boot",
      hashes: [hash, hash],
      texts: [text, text],
      refused: "unsupported",
      same: true,
    }, name);
    if (command !== undefined) await runCommand(project, command);
    await withoutModels(project, run);
    report(name, `the logits' hash, the text${command ? ", the command line" : ""}; ${engine}`);
  }
}

async function runCommand(project: Project, command: string): Promise<void> {
  const output = await project.shell(`${command} classify ${PICTURE} --json`);
  assert.equal(JSON.parse(output).top[0].label, "Ankle boot");
  const { version } = JSON.parse(
    await Deno.readTextFile(`${project.path}/node_modules/@fewbit/fewbit/package.json`),
  );
  assert.equal((await project.shell(`${command} --version`)).trim(), version);
}

async function withoutModels(project: Project, run: string): Promise<void> {
  await project.write("alone.mjs", WITHOUT_MODELS);
  await Deno.remove(`${project.path}/node_modules/@fewbit/models`, { recursive: true });
  assert.match(
    await project.shell(`${run} alone.mjs`),
    /^not_found Cannot find hgrn-bit-shakespeare\.fewbit, which ships in @fewbit\/models: install it/,
  );
}
