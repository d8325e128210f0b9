/** Sentence encoders with damaged metadata. */
import assert from "node:assert/strict";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { tinyBert, WIDTH } from "../pipelines/_tiny_bert.ts";
import { CALIBRATION, tinyTokenizer } from "../pipelines/_tiny_encoder.ts";
import type { Kind } from "./_kind.ts";
import { mutateJson } from "./_mutate_json.ts";
import { resultOrCode } from "./_typed.ts";

/** Mutants through the embedder. */
export async function encoderKind(): Promise<Kind> {
  const folder = {
    ...tinyBert(),
    tokenizer: tinyTokenizer(),
    sentenceTransformers: { prompts: { query: "query: " }, default_prompt_name: "query" },
  };
  const program = await quantizeEncoder(folder, { name: "tiny", texts: CALIBRATION });
  const good = JSON.stringify(program.metadata);
  return {
    name: "encoder metadata",
    share: 0.02,
    async check(random) {
      const metadata = mutateJson(JSON.parse(good), random) as typeof program.metadata;
      const file = await encodeProgram({ ...program, metadata });
      const loaded = await resultOrCode(() =>
        TextEmbedder.fromPretrained(file, { engine: "wasm-simd", memoryLimitBytes: 2 ** 26 })
      );
      if ("code" in loaded) return `load: ${loaded.code}`;
      using embedder = loaded.result;
      const embedded = await resultOrCode(() =>
        embedder.embed(["The cat sat.", "", "a ".repeat(99)])
      );
      if ("code" in embedded) return `embed: ${embedded.code}`;
      const { rows, tokens } = embedded.result;
      assert.ok(rows.length === 3 && rows.every((row) => row.length === WIDTH));
      assert.ok(tokens.every((count) => count > 0 && count <= embedder.maxTokens));
      return "embedded";
    },
  };
}
