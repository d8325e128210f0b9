/** A sentence encoder's folder as sentence-transformers writes it. */
import { readCheckpointFolder, readJson } from "./checkpoint_folder.ts";
import type { EncoderCheckpoint } from "./encoder_compile.ts";

/** What a folder holds. */
export interface EncoderFolder extends EncoderCheckpoint {
  /** tokenizer.json, where there is one. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
}

/**
 * Reads config.json, 1_Pooling/config.json, sentence_bert_config.json, tokenizer.json and the weights.
 *
 * @param directory Path of the folder.
 */
export async function readEncoderFolder(directory: string): Promise<EncoderFolder> {
  const { config, weights } = await readCheckpointFolder(directory);
  const [pooling, sentence, tokenizer] = await Promise.all(
    ["1_Pooling/config.json", "sentence_bert_config.json", "tokenizer.json"]
      .map((name) => readJson(`${directory}/${name}`)),
  );
  return {
    config,
    weights,
    ...(pooling && { pooling }),
    ...(sentence && { sentence }),
    ...(tokenizer && { tokenizer }),
  };
}
