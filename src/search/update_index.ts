/** Keeping an index as a folder is. */
import { FewbitError } from "../errors.ts";
import { withFileErrors } from "../files/file_error.ts";
import type { FileInfo } from "../files/file_info.ts";
import { lstat, readFolder, realPath } from "../files/file_system.ts";
import { readFile } from "../files/read_file.ts";
import { sha256 } from "../files/sha256.ts";
import type { EmbeddingModel } from "../pipelines/embedding/embedding_model.ts";
import type { IndexedFile, PassageIndex } from "./passage_index.ts";
import { splitPassages } from "./passages.ts";

/** Options of {@linkcode updateIndex}. */
export interface UpdateOptions {
  /** Stops between two batches with its reason. */
  readonly signal?: AbortSignal;
  /** Called before each file that is read. */
  readonly onFile?: (path: string) => void;
}

/** What an update did, in files. */
export interface UpdateReport {
  /** Embedded: new or changed. */
  readonly embedded: number;
  /** Left as they were. */
  readonly unchanged: number;
  /** No longer there. */
  readonly removed: number;
  /** No text: other bytes than UTF-8, or more than 16 MiB. */
  readonly skipped: number;
}

/** Longest text of a file. */
const MOST_BYTES = 2 ** 24;

/** Names of prompts that models have for what is searched. */
const PASSAGE_PROMPTS = ["passage", "document"];

/**
 * An index with the texts of a folder, or of one file. Files that have the same size and time, or the
 * same bytes, are not embedded again; files of the folder that are gone leave the index; what it has
 * from elsewhere stays. Names that begin with a dot and links are passed over.
 *
 * @throws {FewbitError} `not_found` where there is no such folder.
 */
export async function updateIndex(
  index: PassageIndex,
  root: string,
  embedder: EmbeddingModel,
  options: UpdateOptions = {},
): Promise<{ readonly index: PassageIndex; readonly report: UpdateReport }> {
  expectCosines(embedder);
  const path = await withFileErrors(`Cannot index ${root}`, () => realPath(root));
  const known = new Map(index.files.map((file) => [file.path, file]));
  const isInside = (file: string): boolean => file === path || file.startsWith(`${path}/`);
  const files = index.files.filter((file) => !isInside(file.path));
  const counts = { embedded: 0, unchanged: 0, removed: 0, skipped: 0 };
  for (const [name, info] of await listFiles(path)) {
    options.signal?.throwIfAborted();
    const before = known.get(name);
    known.delete(name);
    const file = await updated(name, info, before, index, embedder, options);
    if (file === undefined) counts.skipped++;
    else {
      counts[file.passages === before?.passages ? "unchanged" : "embedded"]++;
      files.push(file);
    }
  }
  counts.removed = [...known.keys()].filter(isInside).length;
  files.sort((a, b) => a.path < b.path ? -1 : 1);
  return { index: { ...index, files }, report: counts };
}

/** An index has embeddings in 8 bits, of which nothing is left but their directions. */
function expectCosines({ name, similarityFunction, isNormalized }: EmbeddingModel): void {
  if (similarityFunction === "cosine" || (similarityFunction === "dot" && isNormalized)) return;
  throw new FewbitError(
    "unsupported",
    `Cannot make an index with ${name}: it compares embeddings by ${similarityFunction}, an index ` +
      `by their cosine`,
  );
}

async function updated(
  path: string,
  { size, modified }: FileInfo,
  before: IndexedFile | undefined,
  { sizes }: PassageIndex,
  embedder: EmbeddingModel,
  { signal, onFile }: UpdateOptions,
): Promise<IndexedFile | undefined> {
  if (before?.size === size && before.modified === modified) return before;
  if (size > MOST_BYTES) return undefined;
  onFile?.(path);
  const bytes = await readFile(path, { maxBytes: MOST_BYTES, signal });
  const digest = await sha256(bytes);
  if (before?.sha256 === digest) return { ...before, size: bytes.length, modified };
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  const { tokenizer, prompts } = embedder;
  const count = (part: string): number =>
    tokenizer.encode(part, { addSpecialTokens: false }).ids.length;
  const passages = splitPassages(text, count, sizes);
  const prompt = PASSAGE_PROMPTS.find((name) => prompts.has(name));
  const { rows } = await embedder.embed(passages.map((passage) => passage.text), {
    format: "int8",
    ...signal && { signal },
    ...prompt !== undefined && { prompt },
  });
  return {
    path,
    size: bytes.length,
    modified,
    sha256: digest,
    passages: passages.map((passage, i) => ({ ...passage, row: rows[i] })),
  };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function listFiles(path: string): Promise<[path: string, info: FileInfo][]> {
  const action = `Cannot index ${path}`;
  const info = await withFileErrors(action, () => lstat(path));
  if (info.isFile) return [[path, info]];
  if (!info.isDirectory) return [];
  const names = (await withFileErrors(action, () => readFolder(path))).map(({ name }) => name);
  const files: [string, FileInfo][] = [];
  for (const name of names.filter((name) => !name.startsWith(".")).sort()) {
    for (const file of await listFiles(`${path}/${name}`)) files.push(file);
  }
  return files;
}
