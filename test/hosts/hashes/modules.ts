/** Hashes in Node and workerd: `dist/runtime.js`, and `hash.ts` as a bundle. */
import { fileURLToPath } from "node:url";
import { bundleModule } from "../../../examples/bundle.ts";
import { capture, scratchFolder } from "../_picture.ts";
import { startWorkerd } from "../_workerd.ts";
import type { Hashes, ModelOnDisk } from "./models.ts";

const RUNTIME = new URL("../../../dist/runtime.js", import.meta.url);

const NODE = `
import { readFileSync } from "node:fs";
import { hashesOf } from "./hash.mjs";
import { load } from "./runtime.mjs";
const [kind, file, input] = process.argv.slice(2);
const bytes = (path) => new Uint8Array(readFileSync(path));
console.log(JSON.stringify(await hashesOf(load, kind, bytes(file), bytes(input))));
`;

/** The hashes in Node. */
export async function hashesInNode({ model, file, input }: ModelOnDisk): Promise<Hashes> {
  using folder = scratchFolder();
  await writeModules(folder.path, "mjs");
  await Deno.writeTextFile(`${folder.path}/main.mjs`, NODE);
  const args = [`${folder.path}/main.mjs`, model.kind, file, input];
  return JSON.parse(await capture("node", args));
}

const WORKER = `
import { hashesOf } from "hash.js";
import { load } from "runtime.js";
export default {
  async fetch(request, { ASSETS }) {
    const bytes = async (name) =>
      new Uint8Array(await (await ASSETS.fetch("https://assets/" + name)).arrayBuffer());
    const hashes = hashesOf(load, await request.text(), await bytes("model"), await bytes("input"));
    return Response.json(await hashes);
  },
};
`;

/** The hashes in workerd. */
export async function hashesInWorkerd({ model, file, input }: ModelOnDisk): Promise<Hashes> {
  using folder = scratchFolder();
  const { path } = folder;
  const config = await Deno.readTextFile(new URL("../workers/config.capnp", import.meta.url));
  const modules = ["worker.js", "runtime.js", "hash.js"]
    .map((name) => `(name = "${name}", esModule = embed "${name}"),`);
  await Deno.writeTextFile(
    `${path}/config.capnp`,
    config.replace(/modules = \[.*\]/, `modules = [${modules.join(" ")}]`),
  );
  await writeModules(path, "js");
  await Deno.writeTextFile(`${path}/worker.js`, WORKER);
  await Deno.mkdir(`${path}/assets`);
  await Deno.copyFile(file, `${path}/assets/model`);
  await Deno.copyFile(input, `${path}/assets/input`);
  await using server = await startWorkerd(path);
  const response = await fetch(server.origin, { method: "POST", body: model.kind });
  if (!response.ok) throw new Error(`workerd: ${await response.text()}`);
  return await response.json();
}

let bundle: Promise<string> | undefined;

async function writeModules(folder: string, extension: string): Promise<void> {
  bundle ??= bundleModule(new URL("hash.ts", import.meta.url));
  await Deno.writeTextFile(`${folder}/hash.${extension}`, await bundle);
  await Deno.copyFile(fileURLToPath(RUNTIME), `${folder}/runtime.${extension}`);
}
