/** Where models and images come from. */
import { FewbitError } from "../errors.ts";
import { checkpointKind } from "../models/model_kind.ts";

/** A model file: its bytes, a stream of them, or where they are. */
export type ModelSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | Response;

/** Bytes, or a response or stream of them, for an engine to load. */
export async function openModel(
  source: ModelSource,
  signal?: AbortSignal,
): Promise<Uint8Array | Blob | ReadableStream<Uint8Array> | Response> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) return source;
  const url = urlOf(source);
  if (url !== undefined && url.protocol !== "file:") return await fetchModel(url, signal);
  return await openFile(url ?? source as string);
}

/** A string or URL as a URL; `undefined` for a path. */
export function urlOf(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  // A drive letter is no scheme.
  return /^[a-z][a-z0-9+.-]+:/i.test(source) && URL.canParse(source) ? new URL(source) : undefined;
}

/** The path of a local folder that has a config.json and no model.fewbit. */
export async function checkpointFolder(source: ModelSource): Promise<string | undefined> {
  if (typeof source !== "string" && !(source instanceof URL)) return undefined;
  const url = urlOf(source);
  if (url !== undefined && url.protocol !== "file:") return undefined;
  const path = url === undefined ? String(source) : decodeURIComponent(url.pathname);
  const compiled = await isFile(`${path}/model.fewbit`);
  return !compiled && await isFile(`${path}/config.json`) ? path : undefined;
}

async function fetchModel(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new FewbitError("not_found", `Cannot fetch ${url.href}: status ${response.status}`);
}

async function openFile(path: string | URL): Promise<Response> {
  const shown = path instanceof URL ? path.pathname : path;
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) {
      const inside = path instanceof URL
        ? new URL("model.fewbit", `${path.href}/`)
        : `${path}/model.fewbit`;
      return await openInside(inside, shown);
    }
    const file = await Deno.open(path);
    return new Response(file.readable, { headers: { "content-length": String(info.size) } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new FewbitError("not_found", `Cannot open ${shown}: no such file`, { cause: error });
  }
}

async function openInside(path: string | URL, directory: string): Promise<Response> {
  try {
    const file = await Deno.open(path);
    const { size } = await file.stat();
    return new Response(file.readable, { headers: { "content-length": String(size) } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const kind = await kindOfFolder(directory);
    throw new FewbitError(
      "unsupported",
      `Cannot load ${directory}: it has no model.fewbit; ` +
        (kind ?? `make one with "fewbit quantize ${directory}"`),
      { cause: error },
    );
  }
}

/** What the checkpoint in a folder is, if there is one. */
async function kindOfFolder(directory: string): Promise<string | undefined> {
  try {
    const config = JSON.parse(await Deno.readTextFile(`${directory}/config.json`));
    return typeof config === "object" && config !== null ? checkpointKind(config) : undefined;
  } catch {
    // The error to report is that there is no model.
    return undefined;
  }
}

/** Reads a whole file by path or URL. */
export async function readBytes(source: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const url = urlOf(source);
  if (url !== undefined && url.protocol !== "file:") {
    return new Uint8Array(await (await fetchModel(url, signal)).arrayBuffer());
  }
  try {
    return await Deno.readFile(url ?? source, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new FewbitError("not_found", `Cannot open ${source}: no such file`, { cause: error });
  }
}

/** Reads a whole file by path or URL; `undefined` if there is none. */
export async function readOptionalBytes(
  source: string | URL,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const url = urlOf(source);
  if (url !== undefined && url.protocol !== "file:") {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new FewbitError("not_found", `Cannot fetch ${url.href}: status ${response.status}`);
  }
  try {
    return await readBytes(source, signal);
  } catch (error) {
    if (error instanceof FewbitError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** Whether there is a file of this name. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
