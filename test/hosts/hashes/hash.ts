/** Hashes of what a model gives. Bundled, the same module runs on every host that has JavaScript. */
import type { Instance } from "../../../src/engines/engine.ts";
import { greedy } from "../_greedy.js";
import { GREEDY, IDS, PROMPT } from "../ids.ts";
import { storiesOf } from "../_stories.js";
import { sumsHash } from "../_sums.js";
import type { Kind } from "./models.ts";

/** How an engine loads a file. */
export type Load = (
  file: Uint8Array<ArrayBuffer>,
  options?: { readonly symbols?: Readonly<Record<string, number>> },
) => Promise<Instance>;

type Hashes = Readonly<Record<string, string>>;

const BY_KIND: Readonly<
  Record<
    Kind,
    (
      load: Load,
      file: Uint8Array<ArrayBuffer>,
      input: Uint8Array<ArrayBuffer>,
    ) => Promise<Hashes>
  >
> = {
  logits: async (load, file, pixels) => {
    const { logits } = await (await load(file)).run({ pixels });
    return { logits: await sha256([logits.data]) };
  },
  nodes: async (load, file, input) => {
    const image = new Float32Array(input.buffer, input.byteOffset, input.length / 4);
    const outputs = await (await load(file)).run({ image }, { entry: "normalized" });
    const names = Object.keys(outputs).sort();
    return { nodes: await sha256(names.map((name) => outputs[name].data)) };
  },
  language: async (load, file) => {
    const instance = await load(file, { symbols: { max_tokens: PROMPT.length } });
    const ids = await greedy(instance, PROMPT, GREEDY.length);
    return { ids: await idsHash(ids), state: await sha256([await instance.saveState()]) };
  },
  stories: async (load, file) => {
    const { greedy, drawn } = await storiesOf(
      (bytes, options) => load(Uint8Array.from(bytes), options),
      file,
    );
    return { ids: await idsHash([...greedy, ...drawn]) };
  },
  sums: async (load, file) => {
    const instance = await load(file, { symbols: { max_tokens: IDS.length } });
    return { sums: await sumsHash(instance, IDS) };
  },
};

/** What a model gives, by what is hashed. */
export function hashesOf(
  load: Load,
  kind: Kind,
  file: Uint8Array<ArrayBuffer>,
  input: Uint8Array<ArrayBuffer>,
): Promise<Hashes> {
  return BY_KIND[kind](load, file, input);
}

/** SHA-256 of ids as int32, little-endian. */
export function idsHash(ids: readonly number[]): Promise<string> {
  return sha256([Int32Array.from(ids)]);
}

/** SHA-256 of arrays one behind the other. */
async function sha256(arrays: readonly ArrayBufferView[]): Promise<string> {
  const all = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    all.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  const digest = await crypto.subtle.digest("SHA-256", all);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
