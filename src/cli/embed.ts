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
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
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
    .option("--json", "With -o, one JSON object that says what was written")
    .addHelpText(
      "after",
      examples(
        'fewbit embed minilm.fewbit "How old are you?" "What is your age?"',
        "fewbit embed minilm.fewbit --input lines.txt -o rows.npy --json",
        "cat lines.txt | fewbit embed minilm.fewbit --format int8 > rows.jsonl",
      ),
    )
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
      const embedded = embedLines(embedder, input, embedding);
      if (output === "-") {
        let index = 0;
        for await (const line of embedded) print(jsonLine(line, index++));
        return;
      }
      const lines = await Array.fromAsync(embedded);
      const { dimension } = embedder;
      const bytes = output.endsWith(".npy") ? npyOf(lines, format, dimension) : await jsonOf(lines);
      await writeWhole(output, bytes, signal);
      if (options.json) {
        printJson({ output, bytes: bytes.length, texts: lines.length, dimension, format });
      }
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

function jsonLine({ row, tokens, truncated }: EmbeddedLine, index: number): string {
  return JSON.stringify({ index, tokens, truncated, embedding: Array.from(row) });
}

async function jsonOf(lines: readonly EmbeddedLine[]): Promise<Uint8Array> {
  const texts = lines.map((line, i) => `${jsonLine(line, i)}\n`);
  return new Uint8Array(await new Blob(texts).arrayBuffer());
}

function npyOf(
  lines: readonly EmbeddedLine[],
  format: EmbeddingFormat,
  dimension: number,
): Uint8Array {
  const width = format === "binary" ? Math.ceil(dimension / 8) : dimension;
  const length = lines.length * width;
  const data = format === "float32"
    ? new Float32Array(length)
    : format === "int8"
    ? new Int8Array(length)
    : new Uint8Array(length);
  lines.forEach(({ row }, i) => data.set(row, i * width));
  return writeNpy(tensorOf(DTYPES[format], [lines.length, width], data));
}
