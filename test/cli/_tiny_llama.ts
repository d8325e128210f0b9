/** A Llama of llama2.c that is small, with its vocabulary. */
import { llama2cFile, llama2cVocabulary } from "../formats/_llama2c_builder.ts";
import { Stream } from "../golden/seeded.ts";

const [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCABULARY, CONTEXT] = [16, 12, 1, 2, 1, 261, 32];
const FLOATS = VOCABULARY * DIM + 2 * DIM * DIM + DIM * DIM + 3 * HIDDEN * DIM + 3 * DIM +
  CONTEXT * DIM / HEADS;
const PIECES = [
  ...["<unk>", "\n<s>\n", "\n</s>\n"],
  ...Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  ),
  ...[" ", "a"],
].map((text): [string, number] => [text, -1]);

/** Writes both files; a command finds the vocabulary by itself where it is `tok261.bin` beside the model. */
export async function writeTinyLlama(model: string, vocabulary: string): Promise<void> {
  const sizes = [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCABULARY, CONTEXT];
  await Deno.writeFile(model, llama2cFile(sizes, new Stream(9).take(FLOATS, 0.5)));
  await Deno.writeFile(vocabulary, llama2cVocabulary(PIECES));
}
