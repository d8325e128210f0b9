/** `fewbit search`. */
import process from "node:process";
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { withFileErrors } from "../files/file_error.ts";
import { withFileLock } from "../files/file_lock.ts";
import { realPath } from "../files/file_system.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { urlOf } from "../checkpoints/sources.ts";
import { TextEmbedder } from "../pipelines/embedding/text_embedder.ts";
import { askIndex, checkModel } from "../search/ask_index.ts";
import type { SearchResult } from "../search/ask_index.ts";
import { decodePassageIndex, encodePassageIndex } from "../search/passage_index.ts";
import type { PassageIndex } from "../search/passage_index.ts";
import { updateIndex } from "../search/update_index.ts";
import type { UpdateReport } from "../search/update_index.ts";
import { note, print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";

/** Tokens of a passage, and those that it shares with the one before, where nothing else is asked. */
const [TOKENS, OVERLAP] = [128, 32];

/** What `fewbit search` takes and does. */
export default function searchCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("[question]", "What to look for")
    .option("--index <file>", "File of the index (must be given)")
    .option("--add <path>", "Folder (or file) to index, or to index again")
    .option(
      "--model <model>",
      "model.fewbit, or the folder of a float encoder (default: the index's model)",
    )
    .option("--tokens <n>", `Tokens of a passage (default: ${TOKENS})`)
    .option("--overlap <n>", `Tokens shared with the next (default: ${OVERLAP})`)
    .option("--top <n>", "Passages to show", "5")
    .option("--json", "One JSON object: the passages, and what --add did")
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .addHelpText(
      "after",
      examples(
        "fewbit search --index notes.index --add notes --model minilm.fewbit",
        'fewbit search "how do I add an op?" --index notes.index --top 3',
        'fewbit search "how do I add an op?" --index notes.index --add notes --json',
      ),
    )
    .action(async (question, options) => {
      const { index: path, add, json } = options;
      // As a required option it would be missed before a slip in its name is found.
      if (path === undefined) command.error("error: option '--index <file>' is missing");
      if (question === undefined && add === undefined) {
        throw new FewbitError("invalid_argument", "Give a question, or a folder with --add");
      }
      const engine = choice("engine", options.engine, ENGINES);
      const top = count("top", options.top);
      const sizes = {
        tokens: options.tokens === undefined ? undefined : count("tokens", options.tokens, 2 ** 16),
        overlap: options.overlap === undefined
          ? undefined
          : count("overlap", options.overlap, 2 ** 16),
      };
      if (add !== undefined) {
        await checkOutput(path, options.model === undefined ? [] : [options.model]);
      }
      const present = add === undefined ? await readIndex(path) : await readIndexIfAny(path);
      const source = options.model ?? present?.model.source;
      if (source === undefined) {
        throw new FewbitError("invalid_argument", "Cannot make an index: give --model");
      }
      using embedder = await TextEmbedder.fromPretrained(source, { engine, signal });
      const added = add === undefined
        ? undefined
        // Another process that adds to this index waits, and then begins with what this one has written.
        : await withFileLock(path, async () => {
          const before = await readIndexIfAny(path);
          const index = before ?? await emptyIndex(embedder, source);
          checkModel(index, embedder);
          const all = { ...index, sizes: sizesOf(index, before !== undefined, sizes, embedder) };
          const updated = await addFolder(all, add, embedder, signal);
          await writeWhole(path, await encodePassageIndex(updated.index), signal);
          return updated.report;
        }, {
          signal,
          onWait: (owner) => note(`waiting for another fewbit that adds to ${path}: ${owner}`),
        });
      if (question === undefined) {
        if (json) printJson({ added });
        return;
      }
      const index = await readIndex(path);
      checkModel(index, embedder);
      sizesOf(index, true, sizes, embedder);
      const results = await askIndex(index, question, embedder, { top, signal });
      if (json) printJson({ results, ...added && { added } });
      else show(results);
    });
}

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
    await withFileErrors(`Cannot read ${model}`, () => realPath(model));
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

/** What was done, and how many passages the index has now. */
interface IndexReport extends UpdateReport {
  readonly passages: number;
}

async function addFolder(
  index: PassageIndex,
  folder: string,
  embedder: TextEmbedder,
  signal: AbortSignal,
): Promise<{ readonly index: PassageIndex; readonly report: IndexReport }> {
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
  return { index: updated.index, report: { ...updated.report, passages } };
}

function show(results: readonly SearchResult[]): void {
  if (results.length === 0) print("nothing found: the index has no passages");
  for (const { path, firstLine, lastLine, score, text } of results) {
    print(`${score.toFixed(3)}  ${shown(path)}:${firstLine}-${lastLine}`);
    print(`${text.replaceAll(/^(?=.)/gm, "    ")}\n`);
  }
}

/** A path from where the user is. */
function shown(path: string): string {
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}
