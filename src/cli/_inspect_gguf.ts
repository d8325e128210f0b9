/** `fewbit inspect FILE.gguf`. */
import { openFile } from "../files/read_file.ts";
import { type Gguf, type GgufTensorInfo, openGguf } from "../formats/gguf.ts";
import { fileAccess } from "../formats/random_access.ts";
import { ggufListing } from "../inspect/text_gguf.ts";
import { print, printJson } from "./_print.ts";

/** Whether a model is a GGUF file, by its name. */
export function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path);
}

/** Prints the metadata and tensors of a file; only its header is read. */
export async function inspectGguf(path: string, json: boolean): Promise<void> {
  using file = (await openFile(path)).file;
  const access = fileAccess(file);
  const gguf = await openGguf(access);
  if (json) printJson(plain(gguf, access.size));
  else print(ggufListing(gguf, access.size).join("\n"));
}

/** What JSON can hold: integers beyond 2^53 as text. */
function plain({ version, metadata, tensors }: Gguf<GgufTensorInfo>, fileBytes: number): object {
  const entries = [...tensors].map(([name, { type, shape, byteOffset, byteLength }]) => ({
    name,
    type,
    shape,
    byteOffset,
    byteLength,
  }));
  const values: unknown = JSON.parse(JSON.stringify(
    Object.fromEntries(metadata),
    (_, value) => typeof value === "bigint" ? String(value) : value,
  ));
  return { version, fileBytes, metadata: values, tensors: entries };
}
