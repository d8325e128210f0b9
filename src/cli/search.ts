/** `fewbit search`. */
import { defineCommand } from "citty";
import { ENGINES } from "../engines/load.ts";
import type { EngineName } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { readBytes, readOptionalBytes, urlOf } from "../pipelines/_sources.ts";
import { TextEmbedder } from "../pipelines/text_embedder.ts";
import { askIndex, checkModel } from "../search/ask_index.ts";
import type { SearchResult } from "../search/ask_index.ts";
import { decodePassageIndex, encodePassageIndex } from "../search/passage_index.ts";
import type { PassageIndex } from "../search/passage_index.ts";
import { updateIndex } from "../search/update_index.ts";
import { choice, count, progressLine, runCommand, writeWhole } from "./_run.ts";

/** Tokens of a passage, and those that it shares with the one before, where nothing else is asked. */
const [TOKENS, OVERLAP] = [128, 32];

export default defineCommand({
  meta: { name: "search", description: "Index the texts of a folder and find passages by meaning" },
  args: {
    question: { type: "positional", description: "What to look for", required: false },
    index: { type: "string", description: "File of the index", required: true },
    add: { type: "string", description: "Folder (or file) to index, or to index again" },
    model: {
      type: "string",
      description: "model.fewbit, or the folder of a float encoder (default: the index's model)",
    },
    tokens: { type: "string", description: `Tokens of a passage (default ${TOKENS})` },
    overlap: { type: "string", description: `Tokens shared with the next (default ${OVERLAP})` },
    top: { type: "string", default: "5", description: "Passages to show" },
    json: { type: "boolean", description: "Print JSON" },
    engine: { type: "string", default: "auto", description: ENGINES.join(", ") },
  },
  run: ({ args }) =>
    runCommand(async (signal) => {
      const { question, index: path, add, json = false } = args;
      if (question === undefined && add === undefined) {
        throw new FewbitError("invalid_argument", "Give a question, or a folder with --add");
      }
      const engine = choice("engine", args.engine, ENGINES);
      const top = count("top", args.top);
      const sizes = {
        tokens: args.tokens === undefined ? undefined : count("tokens", args.tokens, 2 ** 16),
        overlap: args.overlap === undefined ? undefined : count("overlap", args.overlap, 2 ** 16),
      };
      const before = await readIndex(path, add !== undefined);
      using embedder = await openModel(args.model ?? before?.model.source, engine, signal);
      let index = before ?? emptyIndex(embedder, args.model!);
      checkModel(index, embedder);
      index = { ...index, sizes: sizesOf(index, before !== undefined, sizes, embedder) };
      if (add !== undefined) {
        index = await addFolder(index, add, embedder, signal);
        await writeWhole(path, await encodePassageIndex(index));
      }
      if (question === undefined) return;
      const results = await askIndex(index, question, embedder, { top, signal });
      if (json) console.log(JSON.stringify(results));
      else print(results);
    }),
});

async function readIndex(path: string, mayBeMissing: boolean): Promise<PassageIndex | undefined> {
  const bytes = mayBeMissing ? await readOptionalBytes(path) : await readBytes(path);
  return bytes && await decodePassageIndex(bytes);
}

async function openModel(
  source: string | undefined,
  engine: EngineName,
  signal: AbortSignal,
): Promise<TextEmbedder> {
  if (source !== undefined) return await TextEmbedder.fromPretrained(source, { engine, signal });
  throw new FewbitError("invalid_argument", "Cannot make an index: give --model");
}

function emptyIndex({ id, name, dimension }: TextEmbedder, model: string): PassageIndex {
  const source = urlOf(model)?.href ?? Deno.realPathSync(model);
  const sizes = { tokens: TOKENS, overlap: OVERLAP };
  return { model: { id, name, source }, dimension, sizes, files: [] };
}

/** The sizes of an index that is there, or those of a new one. */
function sizesOf(
  { sizes }: PassageIndex,
  isThere: boolean,
  asked: { readonly tokens: number | undefined; readonly overlap: number | undefined },
  { tokenizer, maxTokens }: TextEmbedder,
): PassageIndex["sizes"] {
  const most = maxTokens - tokenizer.encode("").ids.length;
  const { tokens = isThere ? sizes.tokens : Math.min(sizes.tokens, most) } = asked;
  const { overlap = isThere ? sizes.overlap : Math.min(sizes.overlap, Math.floor(tokens / 4)) } =
    asked;
  if (isThere && (tokens !== sizes.tokens || overlap !== sizes.overlap)) {
    throw new FewbitError(
      "invalid_argument",
      `The index has passages of ${sizes.tokens} tokens, ${sizes.overlap} of them shared; ` +
        "make a new one for other sizes",
    );
  }
  if (tokens > most || overlap >= tokens) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot make passages of ${tokens} tokens, ${overlap} of them shared: ` +
        `expected at most ${most}, and fewer shared`,
    );
  }
  return { tokens, overlap };
}

async function addFolder(
  index: PassageIndex,
  folder: string,
  embedder: TextEmbedder,
  signal: AbortSignal,
): Promise<PassageIndex> {
  const progress = progressLine();
  const updated = await updateIndex(index, folder, embedder, {
    signal,
    onFile: (path) => progress.update(path),
  }).finally(() => progress.end());
  const { embedded, unchanged, removed, skipped } = updated.report;
  const passages = updated.index.files.reduce((sum, file) => sum + file.passages.length, 0);
  console.error(
    `${embedded} files embedded, ${unchanged} unchanged, ${removed} removed, ` +
      `${skipped} without text; ${passages} passages in all`,
  );
  return updated.index;
}

function print(results: readonly SearchResult[]): void {
  if (results.length === 0) console.log("nothing found: the index has no passages");
  for (const { path, firstLine, lastLine, score, text } of results) {
    console.log(`${score.toFixed(3)}  ${shown(path)}:${firstLine}-${lastLine}`);
    console.log(text.replaceAll(/^/gm, "    "), "\n");
  }
}

/** A path from where the user is. */
function shown(path: string): string {
  const here = `${Deno.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
