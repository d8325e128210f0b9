/** Where models and images come from. */
import { readParts } from "../engines/parts.ts";
import { FewbitError } from "../errors.ts";
import { fetchBytes, fetchFile, fetchOptionalBytes } from "../files/fetch_file.ts";
import { filePath } from "../files/file_url.ts";
import { isFile, isFolder, openFile, readFile, readOptionalFile } from "../files/read_file.ts";
import type { ReadFileOptions } from "../files/read_file.ts";
import { splitPath } from "../files/split_path.ts";
import { MAX_JSON_BYTES, parseJson } from "../json.ts";

/** Longest index of a model in parts. */
const MAX_INDEX_BYTES = 2 ** 20;

/** A model file, or the index of one in parts: its bytes, a stream of them, or where they are. */
export type ModelSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | Response;

/** A model file that is about to be read. */
export type OpenedModel =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | Response
  | AsyncIterable<Uint8Array>;

/** Bytes, or a response or stream of them, for an engine to load. */
export async function openModel(source: ModelSource, signal?: AbortSignal): Promise<OpenedModel> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) return source;
  const url = remoteUrl(source);
  if (/\.parts\.json$/.test(url?.pathname ?? pathOf(source))) {
    return await openParts(source, signal);
  }
  if (url !== undefined) return await fetchFile(url, signal);
  const path = pathOf(source);
  return await isFolder(path) ? await openInside(path) : await openPath(path);
}

/** A string or URL as a URL; `undefined` for a path. */
export function urlOf(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  // A drive letter is no scheme.
  return /^[a-z][a-z0-9+.-]+:/i.test(source) && URL.canParse(source) ? new URL(source) : undefined;
}

/** The path of a local folder that has a config.json and no model.fewbit. */
export async function checkpointFolder(source: ModelSource): Promise<string | undefined> {
  const path = localPath(source);
  if (path === undefined) return undefined;
  const compiled = await isFile(`${path}/model.fewbit`);
  return !compiled && await isFile(`${path}/config.json`) ? path : undefined;
}

/** The path of a source that is a local file or folder. */
export function localPath(source: ModelSource): string | undefined {
  if (typeof source !== "string" && !(source instanceof URL)) return undefined;
  return remoteUrl(source) === undefined ? pathOf(source) : undefined;
}

/** Reads a whole file by path or URL. */
export async function readBytes(
  source: string | URL,
  signal?: AbortSignal,
  options: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const url = remoteUrl(source);
  if (url !== undefined) return await fetchBytes(url, signal, options.maxBytes);
  return await readFile(pathOf(source), { ...options, signal });
}

/** Reads a whole file by path or URL; `undefined` if there is none. */
export async function readOptionalBytes(
  source: string | URL,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const url = remoteUrl(source);
  if (url !== undefined) return await fetchOptionalBytes(url, signal);
  return await readOptionalFile(pathOf(source), { signal });
}

/** The URL of a source that is no local file. */
function remoteUrl(source: string | URL): URL | undefined {
  const url = urlOf(source);
  return url?.protocol === "file:" ? undefined : url;
}

/** The path of a local file. */
function pathOf(source: string | URL): string {
  const url = urlOf(source);
  return url === undefined ? source as string : filePath(url);
}

async function openInside(folder: string): Promise<Response> {
  const path = `${folder}/model.fewbit`;
  if (await isFile(path)) return await openPath(path);
  throw new FewbitError(
    "unsupported",
    `Cannot load ${folder}: it has no model.fewbit; ` +
      (await kindOfFolder(folder) ?? `make one with "fewbit quantize ${folder}"`),
  );
}

/** A model in parts, by its index; the parts are beside it. */
async function openParts(
  source: string | URL,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const index = parseJson(
    `Cannot read ${source}`,
    await readBytes(source, signal, { maxBytes: MAX_INDEX_BYTES }),
  );
  const url = remoteUrl(source);
  const open = (name: string): Promise<Response> =>
    url === undefined
      ? openPath(`${splitPath(pathOf(source))[0]}/${name}`)
      : fetchFile(new URL(name, url), signal);
  return readParts(index, open, signal === undefined ? {} : { signal });
}

/** What the checkpoint in a folder is, if there is one. */
async function kindOfFolder(folder: string): Promise<string | undefined> {
  try {
    const path = `${folder}/config.json`;
    const bytes = await readOptionalFile(path, { maxBytes: MAX_JSON_BYTES });
    const config = bytes && parseJson(path, bytes);
    // It knows all architectures of timm by name, which nobody who has a model needs.
    const { checkpointKind } = await import("../models/model_kind.ts");
    return typeof config === "object" && config !== null
      ? checkpointKind({ ...config })
      : undefined;
  } catch {
    // The error to report is that there is no model.
    return undefined;
  }
}

async function openPath(path: string): Promise<Response> {
  const { file, size } = await openFile(path);
  return new Response(file.readable(), { headers: { "content-length": String(size) } });
}
