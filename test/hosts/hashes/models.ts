/** The models of the table of hashes: files and inputs, from what the repository holds or from seeds alone. */
import { compileTaps, preprocessingOf, quantizeVision } from "../../../src/compile/vision.ts";
import type { CompiledVision } from "../../../src/compile/vision.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { normalizePixels } from "../../../src/vision/preprocess.ts";
import { buildSeeded, layoutDeiT, layoutSwin, Stream } from "../../golden/seeded.ts";
import type { Layout } from "../../golden/seeded.ts";
import { minilmFile } from "../_minilm.ts";
import { MODEL, pixels } from "../_picture.ts";
import { LANGUAGE_MODEL } from "../_prompt.ts";

/** How a model is run: `hash.ts` has a function for each. */
export type Kind = "logits" | "nodes" | "language" | "stories" | "sums";

/** A model, its rows of the table, and what it is given. */
export interface HashedModel {
  readonly name: string;
  readonly kind: Kind;
  /** What is hashed, by the names that {@linkcode Kind} gives. */
  readonly rows: Readonly<Record<string, string>>;
  /** The file. */
  file(): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes of its input: pixels, or float32 that are normalised. */
  input(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A model with its bytes as files, for other processes. */
export interface ModelOnDisk {
  readonly model: HashedModel;
  readonly file: string;
  readonly input: string;
}

/** Hashes by what is hashed. */
export type Hashes = Readonly<Record<string, string>>;

/** A network with weights from a seed, calibrated on one picture from another. */
class SeededVision {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #layout: Layout;
  readonly #pixels: Uint8Array<ArrayBuffer>;
  #made: Promise<CompiledVision> | undefined;

  constructor(architecture: string, side: number, modelArgs: object, layout: Layout) {
    this.#config = {
      architecture,
      num_classes: 1000,
      model_args: modelArgs,
      pretrained_cfg: {
        input_size: [3, side, side],
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        interpolation: "bicubic",
        crop_pct: 0.9,
      },
    };
    this.#layout = layout;
    const stream = new Stream(99);
    this.#pixels = Uint8Array.from({ length: 3 * side * side }, () => stream.next() >>> 24);
  }

  /** The models of the logits, and of every node. */
  models(name: string, title: string): HashedModel[] {
    const made = (): Promise<CompiledVision> =>
      this.#made ??= quantizeVision(
        { config: this.#config, weights: buildSeeded(this.#layout, 7) },
        [this.#pixels],
        { batchSize: 1 },
      );
    const { inputSize, ...rest } = preprocessingOf({ config: this.#config, weights: new Map() });
    const image = normalizePixels(this.#pixels, { inputSize, ...rest });
    return [{
      name,
      kind: "logits",
      rows: { logits: `${title}: logits` },
      file: async () => await encodeProgram((await made()).program),
      input: () => Promise.resolve(this.#pixels),
    }, {
      name: `${name}-nodes`,
      kind: "nodes",
      rows: { nodes: `${title}: logits and every node` },
      file: async () => await encodeProgram(compileTaps(await made())),
      input: () => Promise.resolve(Uint8Array.from(new Uint8Array(image.buffer))),
    }];
  }
}

const deit = new SeededVision(
  "deit_tiny_patch16_224",
  64,
  { img_size: 64 },
  layoutDeiT(192, 12, 16, 3, 17),
);
// Four stages halve 32 rows of patches to 4; 112² pixels have 28, whose quarter does not halve.
const swin = new SeededVision(
  "swin_tiny_patch4_window7_224",
  128,
  { img_size: 128, window_size: 4 },
  layoutSwin().map(([name, [rows, ...others], ...rest]) => // Windows of 4 have 7 × 7 distances, those of 7 have 13 × 13.
  [name, [name.endsWith("bias_table") ? 49 : rows, ...others], ...rest]),
);

const nothing = (): Promise<Uint8Array<ArrayBuffer>> => Promise.resolve(new Uint8Array());

/** All models, in the order of the table. */
export const MODELS: readonly HashedModel[] = [
  {
    name: "vit",
    kind: "logits",
    rows: { logits: "ViT of Fashion-MNIST that ships: logits" },
    file: () => Deno.readFile(MODEL),
    input: () => Promise.resolve(Uint8Array.from(pixels())),
  },
  ...deit.models("deit", "DeiT-T, 64²"),
  ...swin.models("swin", "Swin-T, 128², windows of 4"),
  {
    name: "hgrn",
    kind: "language",
    rows: {
      ids: "HGRN language model that ships: 64 ids",
      state: "HGRN language model that ships: its state behind them",
    },
    file: () => Deno.readFile(LANGUAGE_MODEL),
    input: nothing,
  },
  {
    name: "stories",
    kind: "stories",
    rows: { ids: "stories260k in integers, that ships: 64 greedy and 64 drawn ids" },
    file: () => Deno.readFile(new URL("../../../models/stories260k.fewbit", import.meta.url)),
    input: nothing,
  },
  {
    name: "minilm",
    kind: "sums",
    rows: { sums: "all-MiniLM-L6-v2: channel sums of a text" },
    file: minilmFile,
    input: nothing,
  },
];

/** The name of a row: of its model and of what is hashed. */
export function rowName({ name }: HashedModel, hashed: string): string {
  return `${name}.${hashed}`;
}
