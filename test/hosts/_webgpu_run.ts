/** What Chromium loads as one bundle: both shipped models on its GPU. */
import { load } from "../../src/webgpu.ts";
import { greedy } from "./_greedy.js";

/** The bytes of a picture's logits in hexadecimal, the ids of a greedy text, and what computed them. */
export async function run(
  classifier: Uint8Array,
  pixels: Uint8Array,
  languageModel: Uint8Array,
  prompt: readonly number[],
  count: number,
): Promise<{ logits: string; ids: number[]; engine: string }> {
  const image = await load(classifier);
  const { logits } = await image.run({ pixels });
  const bytes = new Uint8Array(logits.data.buffer, logits.data.byteOffset, logits.data.byteLength);
  const text = await load(languageModel, { symbols: { max_tokens: prompt.length } });
  return {
    logits: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    ids: await greedy(text, prompt, count),
    engine: image.engine,
  };
}

/** Why there is no GPU. */
export function refusal(model: Uint8Array): Promise<{ code: string; message: string }> {
  return load(model).then(
    () => ({ code: "loaded", message: "" }),
    ({ code, message }) => ({ code, message }),
  );
}
