/**
 * What is timed of two revisions. Only the part of `mod.ts` is used that stays the same from one to the
 * other.
 */

/** The stable part of `mod.ts`. */
export interface Api {
  load(file: Uint8Array, options: LoadOptions): Promise<Instance>;
  readonly ImageClassifier: {
    fromPretrained(
      file: Uint8Array,
      options: LoadOptions,
    ): Promise<{ classify(image: Uint8Array): Promise<unknown> }>;
  };
  readonly TextGenerator: {
    fromPretrained(file: Uint8Array, options: LoadOptions): Promise<{
      generate(prompt: string, options: object): AsyncIterable<{ readonly usage?: Usage }>;
    }>;
  };
  readonly TextEmbedder: {
    fromPretrained(
      file: Uint8Array,
      options: LoadOptions,
    ): Promise<{ embed(texts: readonly string[]): Promise<unknown> }>;
  };
}

/** How both revisions load; one that does not know an option ignores it. */
export interface LoadOptions {
  readonly engine?: string;
  readonly dot?: string;
}

interface Usage {
  readonly completionTokens: number;
}

interface Instance extends Disposable {
  run(inputs: Readonly<Record<string, ArrayBufferView>>): Promise<unknown>;
}

/** Files by name. */
export type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Something that is timed. */
export interface Row {
  readonly name: string;
  /** The file that it needs; without that the row is left out, and that is said. */
  readonly file: string;
  /** Opens what is needed and returns what is timed. */
  prepare(api: Api, files: Files, options: LoadOptions): Promise<() => Promise<unknown>>;
}

const WORDS = "the sun is over a house by the sea and we go there in the old boat with all of them";

/** A text of so many tokens of BERT's vocabulary, `[CLS]` and `[SEP]` among them. */
const textOf = (tokens: number): string =>
  Array.from({ length: tokens - 2 }, (_, i) => WORDS.split(" ")[i % 20]).join(" ");

/** An image's or a sentence's way through its network, without its pipeline. */
function runRow(name: string, file: string, inputs: () => Record<string, ArrayBufferView>): Row {
  return {
    name,
    file,
    async prepare(api, files, options) {
      const instance = await api.load(files.get(file)!, options);
      const given = inputs();
      return () => instance.run(given);
    },
  };
}

function embeddingRow(tokens: number): Row {
  return {
    name: `MiniLM, ${tokens} tokens`,
    file: "minilm.fewbit",
    async prepare(api, files, options) {
      const embedder = await api.TextEmbedder.fromPretrained(
        files.get("minilm.fewbit")!,
        options,
      );
      return () => embedder.embed([textOf(tokens)]);
    },
  };
}

/** Reads a prompt, then writes `maxTokens` tokens, of which a prompt of one token leaves the writing. */
function textRow(name: string, prompt: string, maxTokens: number): Row {
  return {
    name,
    file: "lm.fewbit",
    async prepare(api, files, options) {
      const lm = await api.TextGenerator.fromPretrained(files.get("lm.fewbit")!, options);
      return async () => {
        let usage: Usage | undefined;
        const how = { seed: 1, temperature: 0, maxTokens, stopAtEnd: false };
        for await (const piece of lm.generate(prompt, how)) usage = piece.usage ?? usage;
        if (usage?.completionTokens !== maxTokens) throw new Error(`${name}: ended early`);
      };
    },
  };
}

function loadRow(name: string, file: string): Row {
  return {
    name,
    file,
    prepare: (api, files, options) =>
      Promise.resolve(async () => (await api.load(files.get(file)!, options))[Symbol.dispose]()),
  };
}

/** Programs of one product `[m, k] × [k, n]`, and the type of x. */
export const PRODUCTS: readonly (readonly [
  kind: "w8a8" | "w7a8" | "f32" | "ternary",
  shape: readonly [m: number, k: number, n: number],
])[] = [
  ["w8a8", [197, 192, 768]],
  ["w8a8", [1, 1024, 1024]],
  ["w7a8", [197, 768, 192]],
  ["f32", [197, 192, 768]],
  ["f32", [1, 1024, 1024]],
  ["ternary", [64, 1024, 1024]],
  ["ternary", [1, 1024, 2816]],
];

/** Name of a product's file. */
export const productFile = (kind: string, shape: readonly number[]): string =>
  `${kind} ${shape.join("×")}`;

/** All rows of processes that stay; cold starts are timed apart. */
export const ROWS: readonly Row[] = [
  {
    name: "small ViT, one PNG",
    file: "vit.fewbit",
    async prepare(api, files, options) {
      const model = await api.ImageClassifier.fromPretrained(files.get("vit.fewbit")!, options);
      return () => model.classify(files.get("image.png")!);
    },
  },
  runRow(
    "small ViT, pixels",
    "vit.fewbit",
    () => ({ pixels: Uint8Array.from({ length: 28 * 28 }, (_, i) => i * 37 & 255) }),
  ),
  runRow("DeiT-T 224, w8a8", "deit_t.fewbit", () => ({
    pixels: Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => i * 37 & 255),
  })),
  embeddingRow(16),
  embeddingRow(64),
  textRow("language model, 256 letters of a prompt", "KING RICHARD: ".repeat(19).slice(0, 256), 1),
  textRow("language model, 64 tokens, one by one", "A", 64),
  ...PRODUCTS.map(([kind, shape]) =>
    runRow(`product ${productFile(kind, shape)}`, productFile(kind, shape), () => {
      const length = shape[0] * shape[1];
      const codes = Int8Array.from({ length }, (_, i) => i * 37 & 255);
      return { x: kind === "w8a8" || kind === "w7a8" ? codes : Float32Array.from(codes) };
    })
  ),
  loadRow("loading the small ViT", "vit.fewbit"),
  loadRow("loading the language model", "lm.fewbit"),
  loadRow("loading MiniLM", "minilm.fewbit"),
];
