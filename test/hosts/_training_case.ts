/** What every host has to learn: a program, pictures in MNIST's format, and what comes of them. */
import { BF16, trainingProgram } from "../../examples/hosts/training_program.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { load } from "../../src/train.ts";
import { shuffle } from "../../src/numeric/shuffle.ts";
import { trainedOn } from "./_train.js";

const COUNT = 96;
const SIDE = 28;

/** Stripes whose period is the class, and some pixels that are none of them. */
export const PIXELS: Uint8Array<ArrayBuffer> = new Uint8Array(COUNT * SIDE * SIDE);
/** The classes. */
export const CLASSES: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: COUNT },
  (_, i) => i % 10,
);

for (let i = 0; i < COUNT; i++) {
  const noise = shuffle(SIDE * SIDE, i, 0x4e4f4953, 0);
  for (let p = 0; p < SIDE * SIDE; p++) {
    const isOn = p % SIDE % (CLASSES[i] + 2) === 0;
    PIXELS[i * SIDE * SIDE + p] = noise[p] < 60 ? noise[p] : isOn ? 255 : 0;
  }
}

/** An IDX file of bytes. */
export function idx(extents: readonly number[], bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(4 + 4 * extents.length + bytes.length);
  file.set([0, 0, 8, extents.length]);
  const view = new DataView(file.buffer);
  extents.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  file.set(bytes, 4 + 4 * extents.length);
  return file;
}

/** Writes the program, pictures and labels into a folder; gives their paths. */
export async function writeCase(
  folder: string,
  kind: Kind,
): Promise<[program: string, string, string]> {
  const files = [
    [`${folder}/training.fewbit`, await program(kind)],
    [`${folder}/images.idx`, idx([COUNT, SIDE, SIDE], PIXELS)],
    [`${folder}/labels.idx`, idx([COUNT], CLASSES)],
  ] as const;
  for (const [path, bytes] of files) await Deno.writeFile(path, bytes);
  return files.map(([path]) => path) as [string, string, string];
}

/** How the network is kept: in float32, or in bfloat16 with updates that are rounded at random. */
export const KINDS = ["f32", "bf16"] as const;
export type Kind = (typeof KINDS)[number];

/** Bytes in which the hosts train in bfloat16: half of what it takes where nothing is computed again. */
const LIMIT = 4_500_000;

const made = new Map<Kind, Promise<Uint8Array<ArrayBuffer>>>();
const expected = new Map<Kind, ReturnType<typeof trainedOn>>();

/**
 * The program of `examples/hosts`. In bfloat16 values are computed again where they are needed next, and gradients are not kept:
 * the bits are those of {@linkcode expectedTraining}, which keeps all of them.
 */
export function program(kind: Kind): Promise<Uint8Array<ArrayBuffer>> {
  const known = made.get(kind) ?? trainingProgram(
    kind === "bf16" ? { ...BF16, memoryLimitBytes: LIMIT, releaseGradients: true } : {},
  );
  made.set(kind, known);
  return known;
}

/** What Deno makes of it. */
export function expectedTraining(kind: Kind): ReturnType<typeof trainedOn> {
  const known = expected.get(kind) ??
    trainingProgram(kind === "bf16" ? BF16 : {})
      .then((file) => trainedOn(load, file, PIXELS, CLASSES));
  expected.set(kind, known);
  return known;
}

/** The loss of the first step by the reference engine, which shares no code with the WebAssembly. */
export async function firstLoss(kind: Kind): Promise<number> {
  const instance = await loadReference(await program(kind));
  const { loss } = instance.runSync({
    x: Float32Array.from(PIXELS.subarray(0, 16 * SIDE * SIDE), (p) => p / 255),
    labels: Int32Array.from(CLASSES.subarray(0, 16)),
  }, { entry: "train_step" });
  return loss.data[0] as number;
}
