/** `fewbit search`. */
import { defineCommand } from "./_command.ts";
import { ENGINES } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { withFileErrors } from "../files/file_error.ts";
import { withFileLock } from "../files/file_lock.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { urlOf } from "../pipelines/_sources.ts";
import { TextEmbedder } from "../pipelines/text_embedder.ts";
import { askIndex, checkModel } from "../search/ask_index.ts";
import type { SearchResult } from "../search/ask_index.ts";
import { decodePassageIndex, encodePassageIndex } from "../search/passage_index.ts";
import type { PassageIndex } from "../search/passage_index.ts";
import { updateIndex } from "../search/update_index.ts";
import { note, print } from "./_print.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";

/** Tokens of a passage, and those that it shares with the one before, where nothing else is asked. */
const [TOKENS, OVERLAP] = [128, 32];

export default defineCommand({
  description: "Index the texts of a folder and find passages by meaning",
  arguments: {
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
  run: async (args, signal) => {
    const { question, index: path, add, json } = args;
    if (question === undefined && add === undefined) {
      throw new FewbitError("invalid_argument", "Give a question, or a folder with --add");
    }
    const engine = choice("engine", args.engine, ENGINES);
    const top = count("top", args.top);
    const sizes = {
      tokens: args.tokens === undefined ? undefined : count("tokens", args.tokens, 2 ** 16),
      overlap: args.overlap === undefined ? undefined : count("overlap", args.overlap, 2 ** 16),
    };
    if (add !== undefined) await checkOutput(path, args.model === undefined ? [] : [args.model]);
    const present = add === undefined ? await readIndex(path) : await readIndexIfAny(path);
    const source = args.model ?? present?.model.source;
    if (source === undefined) {
      throw new FewbitError("invalid_argument", "Cannot make an index: give --model");
    }
    using embedder = await TextEmbedder.fromPretrained(source, { engine, signal });
    if (add !== undefined) {
      // Another process that adds to this index waits, and then begins with what this one has written.
      await withFileLock(path, async () => {
        const before = await readIndexIfAny(path);
        const index = before ?? await emptyIndex(embedder, source);
        checkModel(index, embedder);
        const all = { ...index, sizes: sizesOf(index, before !== undefined, sizes, embedder) };
        const updated = await addFolder(all, add, embedder, signal);
        await writeWhole(path, await encodePassageIndex(updated), signal);
      }, { signal, onWait: () => note(`waiting for another fewbit that adds to ${path}`) });
    }
    if (question === undefined) return;
    const index = await readIndex(path);
    checkModel(index, embedder);
    sizesOf(index, true, sizes, embedder);
    const results = await askIndex(index, question, embedder, { top, signal });
    if (json) print(JSON.stringify(results));
    else show(results);
  },
});

async function readIndex(path: string): Promise<PassageIndex> {
  return await decodePassageIndex(await readFile(path));
}

async function readIndexIfAny(path: string): Promise<PassageIndex | undefined> {
  const bytes = await readOptionalFile(path);
  return bytes && await decodePassageIndex(bytes);
}

async function emptyIndex(
  { id, name, dimension }: TextEmbedder,
  model: string,
): Promise<PassageIndex> {
  const source = urlOf(model)?.href ??
    await withFileErrors(`Cannot read ${model}`, () => Deno.realPath(model));
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
  note(
    `${embedded} files embedded, ${unchanged} unchanged, ${removed} removed, ` +
      `${skipped} without text; ${passages} passages in all`,
  );
  return updated.index;
}

function show(results: readonly SearchResult[]): void {
  if (results.length === 0) print("nothing found: the index has no passages");
  for (const { path, firstLine, lastLine, score, text } of results) {
    print(`${score.toFixed(3)}  ${shown(path)}:${firstLine}-${lastLine}`);
    print(`${text.replaceAll(/^/gm, "    ")} \n`);
  }
}

/** A path from where the user is. */
function shown(path: string): string {
  const here = `${Deno.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
