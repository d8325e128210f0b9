/**
 * Hashes on the one GPU that the environment names, in a process of its own: drivers are chosen before the first adapter.
 *
 *     VK_ICD_FILENAMES=… deno run -A gpu_process.ts KIND FILE INPUT
 *
 * @module
 */
import { load } from "../../../src/webgpu.ts";
import { hashesOf } from "./hash.ts";
import type { Kind } from "./models.ts";

const [kind, file, input] = Deno.args;
let adapter = "";
const hashes = await hashesOf(
  async (bytes, options) => {
    const instance = await load(bytes, options);
    adapter = instance.adapterInfo?.description ?? "";
    return instance;
  },
  kind as Kind,
  await Deno.readFile(file),
  await Deno.readFile(input),
);
console.log(JSON.stringify({ adapter, hashes }));
