/** `fewbit embed`. */
import { type Command, Option } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { writeNpy } from "../formats/npy.ts";
import { EMBEDDING_FORMATS } from "../pipelines/embedding/embedding_format.ts";
import type { Embedding, EmbeddingFormat } from "../pipelines/embedding/embedding_format.ts";
import type { EmbedOptions } from "../pipelines/embedding/embedding_model.ts";
import { TextEmbedder } from "../pipelines/embedding/text_embedder.ts";
import { tensorOf } from "../tensor.ts";
import type { DType } from "../tensor.ts";
import { readLines } from "./_lines.ts";
import { print } from "./_print.ts";
import { choice, progressLine, writeWhole } from "./_run.ts";

/** Lines that are embedded before they are written. */
const CHUNK = 256;

const DTYPES: Readonly<Record<EmbeddingFormat, DType>> = {
  float32: "f32",
  int8: "i8",
  binary: "u8",
};

/** What `fewbit embed` takes and does. */
export default function embedCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<model>", "model.fewbit, or the folder of a float encoder whose scales ship")
    .argument("[texts...]", "Texts to embed")
    .option(
      "--input <file>",
      "File with a text in each line (-, or without texts: standard input)",
    )
    .addOption(
      new Option("-o, --output <file>", "File to write: .npy, one row a text, or .jsonl")
        .default("-", "-, JSON lines on standard output"),
    )
    .option("--format <name>", EMBEDDING_FORMATS.join(", "), "float32")
    .option("--prefix <text>", "Text in front of each line")
    .option("--prompt <name>", "Name of one of the model's prompts")
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .action(async (model, texts, options) => {
      const { output, prefix, prompt } = options;
      if (!/(^-|\.npy|\.jsonl)$/.test(output)) {
        throw new FewbitError(
          "invalid_argument",
          `Option --output is "${output}", expected a name that ends with .npy or .jsonl`,
        );
      }
      if (texts.length > 0 && options.input !== undefined) {
        throw new FewbitError("invalid_argument", "Give texts or --input, not both");
      }
      const input = texts.length > 0 ? texts : options.input ?? "-";
      if (output !== "-") {
        await checkOutput(output, [
          model,
          ...typeof input === "string" && input !== "-" ? [input] : [],
        ]);
      }
      const format = choice("format", options.format, EMBEDDING_FORMATS);
      const engine = choice("engine", options.engine, ENGINES);
      using embedder = await TextEmbedder.fromPretrained(model, { engine, signal });
      const embedding = {
        format,
        signal,
        ...prefix !== undefined && { prefix },
        ...prompt !== undefined && { prompt },
      };
      if (output === "-") {
        for await (const line of jsonLines(embedder, input, embedding)) print(line);
      } else if (output.endsWith(".npy")) {
        await writeWhole(output, await npyOf(embedder, input, format, embedding), signal);
      } else await writeWhole(output, await jsonOf(embedder, input, embedding), signal);
    });
}

/** Where texts come from: they themselves, or a file with a text in each line. */
type Input = string | readonly string[];

type Options = EmbedOptions<EmbeddingFormat>;

interface EmbeddedLine {
  readonly row: Embedding;
  readonly tokens: number;
  readonly truncated: boolean;
}

/** Embeds text by text. */
async function* embedLines(
  embedder: TextEmbedder,
  input: Input,
  options: Options,
): AsyncGenerator<EmbeddedLine> {
  const progress = progressLine();
  let [lines, done]: [string[], number] = [[], 0];
  const flush = async function* (): AsyncGenerator<EmbeddedLine> {
    const { rows, tokens, truncated } = await embedder.embed(lines, options);
    for (const [i, row] of rows.entries()) {
      yield { row, tokens: tokens[i], truncated: truncated[i] };
    }
    progress.update(`${done += lines.length} texts`);
    lines = [];
  };
  try {
    for await (const line of typeof input === "string" ? readLines(input) : input) {
      lines.push(line);
      if (lines.length === CHUNK) yield* flush();
    }
    yield* flush();
  } finally {
    progress.end();
  }
}

async function* jsonLines(
  embedder: TextEmbedder,
  input: Input,
  options: Options,
): AsyncGenerator<string> {
  let index = 0;
  for await (const { row, tokens, truncated } of embedLines(embedder, input, options)) {
    yield JSON.stringify({ index: index++, tokens, truncated, embedding: Array.from(row) });
  }
}

async function jsonOf(
  embedder: TextEmbedder,
  input: Input,
  options: Options,
): Promise<Uint8Array> {
  const lines = await Array.fromAsync(jsonLines(embedder, input, options), (line) => `${line}\n`);
  return new Uint8Array(await new Blob(lines).arrayBuffer());
}

async function npyOf(
  embedder: TextEmbedder,
  input: Input,
  format: EmbeddingFormat,
  options: Options,
): Promise<Uint8Array> {
  const rows = await Array.fromAsync(embedLines(embedder, input, options), ({ row }) => row);
  const { dimension } = embedder;
  const width = format === "binary" ? Math.ceil(dimension / 8) : dimension;
  const length = rows.length * width;
  const data = format === "float32"
    ? new Float32Array(length)
    : format === "int8"
    ? new Int8Array(length)
    : new Uint8Array(length);
  rows.forEach((row, i) => data.set(row, i * width));
  return writeNpy(tensorOf(DTYPES[format], [rows.length, width], data));
}
