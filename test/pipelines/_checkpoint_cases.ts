/** Folders that other libraries wrote, with what these compute: vectors/checkpoints. */

/** One folder. */
export interface CheckpointCase {
  /** Files by path: JSON as text, others in hexadecimal. */
  readonly files: Readonly<Record<string, string>>;
  /** `logits`, a part of the message of a refusal, or null where either is right. */
  readonly expect: string | null;
  /** Images and logits, float32 in base64. */
  readonly x?: string;
  readonly y?: string;
  readonly shape?: readonly number[];
}

/** Reads a file of cases. */
export async function readCases<T>(path: string | URL): Promise<T> {
  const stream = new Blob([await Deno.readFile(path)]).stream();
  return await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).json();
}

/** Writes files of a case into a folder, which need not be there. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    const bytes = path.endsWith(".json")
      ? new TextEncoder().encode(content)
      : Uint8Array.fromHex(content);
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
}

/** Calls with the path of a folder that has the files, and removes it. */
export async function withFolder<T>(
  files: Readonly<Record<string, string>>,
  call: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await writeFiles(folder, files);
    return await call(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Numbers in base64. */
export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.fromBase64(base64).buffer);
}

/** Largest difference beside the size of what is expected. */
export function relativeError(got: ArrayLike<number>, expected: Float32Array): number {
  const size = Math.hypot(...expected) / Math.sqrt(expected.length);
  return got.length === expected.length
    ? Math.max(...Array.from(expected, (y, i) => Math.abs(y - got[i]))) / size
    : Infinity;
}

/** Cosine of two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}
