/** `fewbit serve`. */
import process from "node:process";
import { shippedFile } from "../checkpoints/shipped_files.ts";
import type { ModelSource } from "../checkpoints/sources.ts";
import { ENGINES } from "../engines/load.ts";
import type { EngineName } from "../engines/load.ts";
import { TextEmbedder } from "../pipelines/embedding/text_embedder.ts";
import { expectTask } from "../pipelines/program_kind.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import { embeddingsHandler } from "../serve/embeddings_api.ts";
import type { RequestRecord, ServerOptions } from "../serve/embeddings_api.ts";
import { textServer } from "../serve/text_api.ts";
import type { Command } from "./_commander.ts";
import { CLOSING_MS, listen } from "./_http_server.ts";
import { constrainToJson } from "./_json_constraint.ts";
import { jsonLine, note, oneLine, print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { askForGrace, choice, count, number } from "./_run.ts";

/** What is served where no model is named. */
const SHIPPED = "hgrn-bit-shakespeare";
/** Highest number of a port. */
const MAX_PORT = 65_535;

const EXAMPLES = `${
  examples(
    "fewbit serve --port 8080 # a small model of Shakespeare's plays",
    "fewbit serve smollm2.fewbit --parallel 4 # four answers at a time, others wait",
    "fewbit serve minilm.fewbit --port 8001 --json # a sentence encoder: POST /v1/embeddings",
    "FEWBIT_API_KEY=secret fewbit serve smollm2.fewbit --host 0.0.0.0",
  )
}

  curl localhost:8000/v1/completions -H 'content-type: application/json' \\
    -d '{"prompt": "ROMEO:", "max_tokens": 50, "stream": true}'

OpenAI's clients take http://localhost:8000/v1 as base_url.`;

/** What `fewbit serve` takes and does. */
export default function serveCommand(command: Command, signal: AbortSignal): void {
  command
    .argument(
      "[model]",
      "model.fewbit of a language model or a sentence encoder; or a language model's folder, .gguf " +
        "or .bin (default: a small model of Shakespeare's plays)",
    )
    .option("--port <n>", "Where to listen; 0: any free port", "8000")
    .option("--host <address>", "Of which network; 0.0.0.0: all", "127.0.0.1")
    .option("--api-key <key>", "Key that clients must send (default: FEWBIT_API_KEY, or none)")
    .option("--cors <origin>", "Origin whose pages may ask; *: any (default: none)")
    .option("--name <name>", "Name of the model for clients (default: that of its file)")
    .option("--parallel <n>", "Answers that are written at a time", "4")
    .option("--max-queue <n>", "Requests that wait for one of these; further ones get a 429", "64")
    .option("--context <n>", "Most tokens of a conversation (default: the model's, at most 2048)")
    .option("--drain <seconds>", "How long answers may take to end after Ctrl-C", "30")
    .option("--quiet", "No line for each request")
    .option(
      "--json",
      "One JSON object when it listens, and one, on standard error, for each request",
    )
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .addHelpText("after", EXAMPLES)
    .action(async (model, args) => {
      const key = args.apiKey ?? process.env.FEWBIT_API_KEY;
      const drainMs = 1000 * number("drain", args.drain);
      const port = args.port === "0" ? 0 : count("port", args.port, MAX_PORT);
      const options = {
        model: args.name ?? nameOf(model),
        allowOrigin: args.cors ?? null,
        ...key && { apiKey: key },
        ...args.quiet ? {} : { onRequest: args.json ? logJson : log },
      };
      const parallel = count("parallel", args.parallel, 256);
      const limits: Limits = {
        parallel,
        maxQueue: args.maxQueue === "0" ? 0 : count("max-queue", args.maxQueue, 2 ** 16),
        ...args.context !== undefined && { context: count("context", args.context) },
        engine: choice("engine", args.engine, ENGINES),
        signal,
      };
      using service = await open(model ?? shippedFile(`${SHIPPED}.fewbit`), options, limits);
      const server = await listen(service.fetch, { host: args.host, port });
      askForGrace(drainMs + 2 * CLOSING_MS);
      const place = args.host.includes(":") ? `[${args.host}]` : args.host;
      const url = `http://${place}:${server.port}/v1`;
      if (args.json) printJson({ model: options.model, url, about: service.about });
      else print(`${options.model} at ${url} (${service.about})`);
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      note("fewbit: stopping; answers that are being written go on, Ctrl-C again ends them");
      await service.stop(drainMs);
      await server.close();
    });
}

interface Limits {
  readonly parallel: number;
  readonly maxQueue: number;
  readonly context?: number;
  readonly engine: EngineName;
  readonly signal: AbortSignal;
}

/** A model that answers requests. */
interface Service extends Disposable {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly about: string;
  stop(drainMs: number): Promise<void>;
}

/** Loads a model of either kind. */
async function open(source: ModelSource, options: ServerOptions, limits: Limits): Promise<Service> {
  const { parallel, maxQueue, context, ...loading } = limits;
  let task: unknown;
  try {
    const lm = await TextGenerator.fromPretrained(source, {
      ...loading,
      sessions: parallel,
      parallel,
      context,
      chunkSize: PROMPT_TOKENS + parallel,
      onProgram: (program) => {
        ({ task } = program.metadata);
        expectTask("text-generation", "Cannot serve")(program);
      },
    });
    const server = textServer(() => Promise.resolve(lm), {
      ...options,
      maxQueue,
      promptTokens: PROMPT_TOKENS,
      constrain: constrainToJson,
    });
    return {
      fetch: server.fetch,
      about: `${lm.engine}, ${parallel} answers at a time`,
      stop: server.stop,
      [Symbol.dispose]: () => lm[Symbol.dispose](),
    };
  } catch (error) {
    if (task !== "sentence-embedding") throw error;
  }
  const embedder = await TextEmbedder.fromPretrained(source, loading);
  return {
    fetch: embeddingsHandler(() => Promise.resolve(embedder), options),
    about: `${embedder.engine}, embeddings`,
    stop: () => Promise.resolve(),
    [Symbol.dispose]: () => embedder[Symbol.dispose](),
  };
}

/** Tokens of prompts in one run, beside one of each answer. */
const PROMPT_TOKENS = 64;

/** One line, and nothing of what users wrote. */
function log(record: RequestRecord): void {
  const { method, path, status, ms, firstTokenMs, promptTokens, completionTokens } = record;
  const facts = [
    ...promptTokens === undefined ? [] : [`${promptTokens} prompt tokens`],
    ...completionTokens === undefined ? [] : [`${completionTokens} tokens`],
    ...firstTokenMs === undefined ? [] : [`first after ${firstTokenMs.toFixed(0)} ms`],
    `${ms.toFixed(0)} ms`,
  ];
  note(
    oneLine(`${new Date().toISOString()} ${method} ${path ?? "-"} ${status} ${facts.join(", ")}`),
  );
}

/** The same as JSON. */
function logJson(record: RequestRecord): void {
  note(jsonLine({ time: new Date().toISOString(), ...record }));
}

/** The name of a file without its ending. */
function nameOf(model: string | undefined): string {
  const name = model?.split(/[/\\]/).filter((part) => part !== "").at(-1);
  return name?.replace(/\.(fewbit|gguf|bin)$/, "") ?? SHIPPED;
}
