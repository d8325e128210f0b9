/** Files of a package that is to be written. */

/** Contents by path. */
export type Files = ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>;

/** Bytes of a file. */
export function bytesOf(content: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Writes a package to a folder that has nothing else afterwards. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  for (const [name, content] of files) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, bytesOf(content));
    if (name.startsWith("bin/")) await Deno.chmod(path, 0o755);
  }
}
