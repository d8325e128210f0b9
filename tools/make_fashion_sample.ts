/**
 * Makes the pictures that `fewbit train` learns from where none are given, from Fashion-MNIST's own files:
 * 200 of each class of the training pictures, then 50 of each class of the test pictures. The same sources
 * give the same pictures.
 *
 *     deno run -A tools/make_fashion_sample.ts [FOLDER]
 *
 * FOLDER has `train-images-idx3-ubyte.gz` and the others, as Debian's package dataset-fashion-mnist has
 * them in `/usr/share/datasets/fashion-mnist`.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { readIdx } from "../src/formats/idx.ts";
import { shuffle } from "../src/numeric/shuffle.ts";

const FOLDER = Deno.args[0] ?? "/usr/share/datasets/fashion-mnist";
const MODELS = new URL("../models/", import.meta.url);
const [CLASSES, SIDE] = [10, 28];
/** Of which pictures are drawn, and in which order they come. */
const SEED = 1;
const [DRAW, ORDER] = [0, 1];

interface Pictures {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

async function read(part: string): Promise<Pictures> {
  const data = async (name: string): Promise<Uint8Array> =>
    (await readIdx(await Deno.readFile(`${FOLDER}/${part}-${name}-ubyte.gz`))).data as Uint8Array;
  return { pixels: await data("images-idx3"), labels: await data("labels-idx1") };
}

/** So many pictures of each class, drawn at random, in an order in which classes are mixed. */
function draw({ pixels, labels }: Pictures, each: number): Pictures {
  const left = new Array<number>(CLASSES).fill(each);
  const drawn = [...shuffle(labels.length, SEED, DRAW, 0)].filter((i) => left[labels[i]]-- > 0);
  if (drawn.length !== each * CLASSES) throw new Error(`there are only ${drawn.length} pictures`);
  const order = [...shuffle(drawn.length, SEED, ORDER, 0)].map((at) => drawn[at]);
  const size = SIDE * SIDE;
  const chosen = new Uint8Array(order.length * size);
  order.forEach((i, at) => chosen.set(pixels.subarray(i * size, (i + 1) * size), at * size));
  return { pixels: chosen, labels: Uint8Array.from(order, (i) => labels[i]) };
}

/** An IDX file of bytes, compressed. */
function idx(shape: readonly number[], parts: readonly Uint8Array[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint16(2, 0x0800 + shape.length);
  shape.forEach((extent, i) => header.setUint32(4 + 4 * i, extent));
  return gzipSync(concatenate([new Uint8Array(header.buffer), ...parts]), { level: 9 });
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const sample = [draw(await read("train"), 200), draw(await read("t10k"), 50)];
const count = sample.reduce((sum, { labels }) => sum + labels.length, 0);
for (
  const [name, bytes] of [
    ["images", idx([count, SIDE, SIDE], sample.map(({ pixels }) => pixels))],
    ["labels", idx([count], sample.map(({ labels }) => labels))],
  ] as const
) {
  await Deno.writeFile(new URL(`fashion-mnist-sample-${name}.idx.gz`, MODELS), bytes);
  console.log(name, bytes.length);
}
