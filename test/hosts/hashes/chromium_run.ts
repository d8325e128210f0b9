/** What Chromium loads as one bundle: hashes on its GPU. */
import { load } from "../../../src/webgpu.ts";
import { hashesOf } from "./hash.ts";
import type { Kind } from "./models.ts";

/** Hashes of the model and the input that the page's server has. */
export async function run(
  kind: Kind,
): Promise<{ adapter: string; hashes: Readonly<Record<string, string>> }> {
  const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await (await fetch(name)).arrayBuffer());
  let adapter = "";
  const hashes = await hashesOf(
    async (file, options) => {
      const instance = await load(file, options);
      adapter = instance.adapterInfo?.architecture ?? "";
      return instance;
    },
    kind,
    await bytes("model"),
    await bytes("input"),
  );
  return { adapter, hashes };
}
