/** Pictures with a bright band, which is where their label says. */
import { Random } from "../conformance/_random.ts";

export const [COUNT, SIDE, CLASSES] = [200, 12, 4];

/** An IDX file of bytes. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Runs with such pictures in a folder of their own, and the options that name them. */
export async function withPictures(
  run: (folder: string, given: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const random = new Random(8);
    const labels = Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES);
    const pixels = Uint8Array.from({ length: COUNT * SIDE * SIDE }, (_, i) => {
      const row = Math.floor(i / SIDE) % SIDE;
      const isBright = Math.floor(row / 3) === labels[Math.floor(i / (SIDE * SIDE))];
      return random.integer(0, 80) + (isBright ? 170 : 0);
    });
    await Deno.writeFile(`${folder}/images`, idx([COUNT, SIDE, SIDE], pixels));
    await Deno.writeFile(`${folder}/labels`, idx([COUNT], labels));
    await run(folder, ["--images", `${folder}/images`, "--labels", `${folder}/labels`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
