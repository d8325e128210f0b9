/** What most users import, on the model that is shipped. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { FewbitError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import type { ImageInput } from "../../src/pipelines/image/image_classifier.ts";
import type { Image } from "../../src/vision/image.ts";
import { normalizePixels } from "../../src/vision/preprocess.ts";

const PICTURES = new URL("../../examples/fashion/", import.meta.url);
const MODEL = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
const FILES = [...Deno.readDirSync(PICTURES)].map(({ name }) => name).filter((name) =>
  name.endsWith(".png")
).toSorted();
const BOOT = new URL("000-ankle-boot.png", PICTURES);

function code(expected: ErrorCode, message?: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof FewbitError && error.code === expected &&
    (message === undefined || message.test(error.message));
}

function bits({ buffer, byteOffset, length }: Float32Array): number[] {
  return [...new Uint32Array(buffer, byteOffset, length)];
}

Deno.test("the shipped model knows the pictures of the examples", async () => {
  using model = await ImageClassifier.fromPretrained();
  let right = 0;
  for (const file of FILES) {
    const { label } = await model.classify(new URL(file, PICTURES));
    const named = (text: string): string => text.toLowerCase().replace(/\/.*|[^a-z]/g, "");
    if (named(file.replace(/^\d+-|\.png$/g, "")) === named(label)) right++;
  }
  assert.equal(FILES.length, 12);
  assert.ok(right >= 10, `${right} of 12`);
});

Deno.test("a classification has all labels, best first, with probabilities", async () => {
  using model = await ImageClassifier.fromPretrained();
  const { label, index, score, top, logits } = await model.classify(BOOT, { topK: 100 });
  assert.equal(model.labels.length, 10);
  assert.equal(top.length, 10);
  assert.deepEqual([top[0].label, top[0].index, top[0].score], [label, index, score]);
  assert.equal(label, model.labels[index]);
  assert.deepEqual(top.map((one) => one.index).toSorted((a, b) => a - b), [...logits.keys()]);
  assert.ok(Math.abs(top.reduce((sum, one) => sum + one.score, 0) - 1) < 1e-9);
  for (let i = 1; i < top.length; i++) {
    assert.ok(top[i - 1].score >= top[i].score);
    assert.ok(logits[top[i - 1].index] >= logits[top[i].index]);
  }
  assert.equal((await model.classify(BOOT)).top.length, 5);
  assert.equal((await model.classify(BOOT, { topK: 1 })).top.length, 1);
  for (const topK of [0, -1, 1.5, NaN, Infinity, "2" as unknown as number]) {
    const message = `Cannot classify: topK is ${topK}, expected an integer of at least 1`;
    await assert.rejects(model.classify(BOOT, { topK }), { code: "invalid_argument", message });
  }
});

Deno.test("a batch gives the bits of single pictures", async () => {
  const pictures = FILES.map((file) => new URL(file, PICTURES));
  using one = await ImageClassifier.fromPretrained();
  const expected: number[][] = [];
  for (const picture of pictures) expected.push(bits((await one.classify(picture)).logits));
  for (const batchSize of [1, 2, 5, 12, 16]) {
    using model = await ImageClassifier.fromPretrained(MODEL, { batchSize });
    const all = await model.classifyAll(pictures);
    assert.deepEqual(all.map(({ logits }) => bits(logits)), expected, `batch size ${batchSize}`);
    assert.deepEqual(await model.classifyAll([]), []);
  }
});

Deno.test("every engine has a name and gives the same bits", async () => {
  const names: Record<SyncEngineName, string> = {
    "auto": "wasm-",
    "wasm": "wasm-",
    "wasm-simd": "wasm-simd",
    "wasm-relaxed": "wasm-relaxed",
    "reference": "reference",
  };
  const seen = new Set<string>();
  for (const [engine, name] of Object.entries(names)) {
    using model = await ImageClassifier.fromPretrained(MODEL, { engine: engine as SyncEngineName });
    assert.ok(model.engine.startsWith(name), `${engine}: ${model.engine}`);
    assert.ok(model.memoryBytes > 1_000_000 && model.memoryBytes < 4_000_000, engine);
    seen.add(bits((await model.classify(BOOT)).logits).join());
  }
  assert.equal(seen.size, 1);
  await assert.rejects(
    ImageClassifier.fromPretrained(MODEL, { engine: "gpu" as SyncEngineName }),
    code("invalid_argument", /gpu.*expected auto.*webgpu/),
  );
});

Deno.test("loading tells its progress, to the end", async () => {
  const { size } = await Deno.stat(MODEL);
  const steps: [number, number | undefined][] = [];
  using _ = await ImageClassifier.fromPretrained(MODEL, {
    onProgress: (loaded, total) => steps.push([loaded, total]),
  });
  assert.deepEqual(steps.at(-1), [size, size]);
  assert.ok(steps.length > 2);
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i][0] >= steps[i - 1][0]);
});

Deno.test("loading and classifying stop with the reason of an abort", async () => {
  const reason = new Error("enough");
  const same = (error: unknown): boolean => error === reason;
  const signal = AbortSignal.abort(reason);
  await assert.rejects(ImageClassifier.fromPretrained(MODEL, { signal }), same);
  const abort = new AbortController();
  await assert.rejects(
    ImageClassifier.fromPretrained(MODEL, {
      signal: abort.signal,
      onProgress: (loaded) => loaded > 100_000 && abort.abort(reason),
    }),
    same,
  );
  using model = await ImageClassifier.fromPretrained();
  const bytes = await Deno.readFile(BOOT);
  await assert.rejects(model.classify(bytes, { signal }), same);
  await assert.rejects(model.classify(BOOT, { signal }), same);
  assert.equal((await model.classify(bytes)).label, "Ankle boot");
});

Deno.test("a model loads from path, URL, bytes, stream, response, folder and server", async () => {
  const bytes = await Deno.readFile(MODEL);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/model.fewbit`, bytes);
    await using server = serve(() => new Response(bytes));
    const sources = [
      ...[MODEL, MODEL.href, MODEL.pathname, bytes, bytes.buffer, new Blob([bytes])],
      ...[new Blob([bytes]).stream(), new Response(bytes), folder, new URL(`file://${folder}`)],
      ...[new URL(`file://${folder}/`), server.url, new URL(server.url)],
    ];
    for (const source of sources) {
      using model = await ImageClassifier.fromPretrained(source);
      assert.equal((await model.classify(BOOT)).label, "Ankle boot");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a model that is not there, or not one, says so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const missing = code("unsupported", /model\.fewbit.*fewbit quantize/);
    await assert.rejects(ImageClassifier.fromPretrained(folder), missing);
    await assert.rejects(ImageClassifier.fromPretrained(new URL(`file://${folder}`)), missing);
    const file = `${folder}/none.fewbit`;
    await assert.rejects(ImageClassifier.fromPretrained(file), code("not_found", /none\.fewbit/));
    await Deno.writeTextFile(file, "");
    await assert.rejects(ImageClassifier.fromPretrained(file), code("invalid_file"));
    await Deno.writeTextFile(file, "not a model".repeat(100));
    await assert.rejects(ImageClassifier.fromPretrained(file), code("invalid_file"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await using server = serve(({ url }) =>
    url.endsWith("short")
      ? new Response("FEWB", { status: 200 })
      : new Response("gone", { status: url.endsWith("500") ? 500 : 404 })
  );
  for (const [path, expected] of [["404", "not_found"], ["500", "not_found"]] as const) {
    await assert.rejects(
      ImageClassifier.fromPretrained(`${server.url}${path}`),
      code(expected, new RegExp(`${path}.*status ${path}`)),
    );
  }
  await assert.rejects(
    ImageClassifier.fromPretrained(`${server.url}short`),
    code("invalid_file"),
  );
  await assert.rejects(
    ImageClassifier.fromPretrained(new Response("gone", { status: 404 })),
    code("not_found"),
  );
  for (const batchSize of [0, -1, 1.5, NaN, 1e9]) {
    await assert.rejects(
      ImageClassifier.fromPretrained(MODEL, { batchSize }),
      code("invalid_argument"),
      `batch size ${batchSize}`,
    );
  }
  await assert.rejects(
    ImageClassifier.fromPretrained(MODEL, { memoryLimitBytes: 1000 }),
    code("limit_exceeded"),
  );
  await assert.rejects(
    ImageClassifier.fromPretrained(MODEL, { memoryLimitBytes: NaN }),
    code("invalid_argument"),
  );
});

Deno.test("a picture that is not there, or not one, says so", async () => {
  using model = await ImageClassifier.fromPretrained();
  const png = await Deno.readFile(BOOT);
  await using server = serve(() => new Response("gone", { status: 404 }));
  const gif = new TextEncoder().encode("GIF89a…………");
  const image = (channels: number, length: number): Image =>
    ({ width: 28, height: 28, channels, data: new Uint8Array(length) }) as Image;
  const cases: [unknown, ErrorCode][] = [
    ["none.png", "not_found"],
    [new URL("none.png", PICTURES), "not_found"],
    [server.url, "not_found"],
    [new Uint8Array(), "invalid_file"],
    [new Blob([]), "invalid_file"],
    [png.subarray(0, png.length >> 1), "invalid_file"],
    [new TextEncoder().encode("text"), "invalid_file"],
    [gif, "unsupported"],
    [image(2, 2 * 784), "invalid_argument"],
    [image(1, 783), "invalid_argument"],
    [{ ...image(1, 784), width: NaN }, "invalid_argument"],
    [{ ...image(1, 784), data: new Float32Array(784) }, "invalid_argument"],
    [{}, "invalid_argument"],
    [null, "invalid_argument"],
    [undefined, "invalid_argument"],
    [7, "invalid_argument"],
    [new Uint8ClampedArray(784), "invalid_argument"],
    [{ width: 28, height: 28, getContext: () => null }, "unsupported"],
  ];
  for (const [input, expected] of cases) {
    await assert.rejects(
      model.classify(input as ImageInput),
      code(expected),
      `${input} ${JSON.stringify(input)?.slice(0, 80)}`,
    );
  }
  await assert.rejects(
    model.logits([new Uint8Array(784), new Uint8Array(10)]),
    code("shape_mismatch", /pixels of image 1: 10 bytes, 784 expected$/),
  );
  assert.equal((await model.classify(png)).label, "Ankle boot");
});

Deno.test("a disposed classifier says so", async () => {
  const model = await ImageClassifier.fromPretrained();
  model[Symbol.dispose]();
  model[Symbol.dispose]();
  await assert.rejects(model.classify(BOOT), code("disposed"));
});

Deno.test("a program that is no classifier is refused", async () => {
  const { files } = await import("../program/_build.ts");
  const { rows } = await files();
  await assert.rejects(
    ImageClassifier.fromPretrained(rows, { symbols: {} }),
    (error) => error instanceof FewbitError,
  );
});

for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  Deno.test(`${engine}: normalised images give the bits of pixels, bad inputs an error`, async () => {
    const file = await Deno.readFile(MODEL);
    using instance = await load(file, { engine, symbols: { max_batch: 2 } });
    using model = await ImageClassifier.fromPretrained(file);
    const pixels = await model.prepare(BOOT);
    const image = normalizePixels(pixels, model.preprocessing);
    const entry = "normalized";
    const expected = instance.runSync({ pixels }).logits;
    assert.deepEqual(instance.runSync({ image }, { entry }).logits, expected);
    const bytes = new Uint8Array(image.buffer);
    assert.deepEqual(instance.runSync({ image: bytes }, { entry }).logits, expected);

    type Call = readonly [inputs: unknown, options: unknown, expected: ErrorCode];
    const big = new Float32Array(3 * 784);
    const calls: Record<string, Call> = {
      "no input": [{}, { entry }, "invalid_argument"],
      "another input": [{ image, x: image }, { entry }, "invalid_argument"],
      "the other entry's input": [{ pixels }, { entry }, "invalid_argument"],
      "an input of every object": [{ toString: image }, { entry }, "invalid_argument"],
      "empty": [{ image: new Float32Array() }, { entry }, "shape_mismatch"],
      "too short": [{ image: image.subarray(1) }, { entry }, "shape_mismatch"],
      "too short for its batch": [
        { image: image.subarray(1) },
        { entry, symbols: { batch: 1 } },
        "shape_mismatch",
      ],
      "beyond the largest batch": [{ image: big }, { entry }, "shape_mismatch"],
      "float64": [{ image: Float64Array.from(image) }, { entry }, "dtype_mismatch"],
      "integers": [
        { image: new Int32Array(784) },
        { entry, symbols: { batch: 1 } },
        "dtype_mismatch",
      ],
      "null": [{ image: null }, { entry, symbols: { batch: 1 } }, "dtype_mismatch"],
      "an array": [{ image: [1, 2, 3] }, { entry, symbols: { batch: 1 } }, "dtype_mismatch"],
      "unknown entry": [{ image }, { entry: "other" }, "not_found"],
      "batch 0": [{ image }, { entry, symbols: { batch: 0 } }, "invalid_argument"],
      "batch 3": [{ image: big }, { entry, symbols: { batch: 3 } }, "invalid_argument"],
      "batch 1.5": [{ image }, { entry, symbols: { batch: 1.5 } }, "invalid_argument"],
      "batch NaN": [{ image }, { entry, symbols: { batch: NaN } }, "invalid_argument"],
      "batch as text": [{ image }, { entry, symbols: { batch: "1" } }, "invalid_argument"],
      "unknown symbol": [{ image }, { entry, symbols: { x: 1 } }, "invalid_argument"],
      "load-time symbol": [{ image }, { entry, symbols: { max_batch: 1 } }, "invalid_argument"],
    };
    for (const [name, [inputs, options, expectedCode]] of Object.entries(calls)) {
      const run = (): unknown =>
        instance.runSync(
          inputs as Parameters<SyncInstance["runSync"]>[0],
          options as Parameters<SyncInstance["runSync"]>[1],
        );
      assert.throws(run, code(expectedCode), name);
    }
    assert.deepEqual(instance.runSync({ image }, { entry }).logits, expected);
  });
}

Deno.test("any floats give finite logits, the same on every engine", async () => {
  const file = await Deno.readFile(MODEL);
  const values = [NaN, Infinity, -Infinity, 1e38, -1e38, 1e-45, -0, 0, 1e9];
  const images = [
    Float32Array.from({ length: 784 }, (_, i) => values[i % values.length]),
    ...values.map((value) => new Float32Array(784).fill(value)),
  ];
  const seen = images.map(() => new Set<string>());
  for (const engine of ["wasm-simd", "wasm-relaxed", "reference"] as const) {
    using instance = await load(file, { engine });
    // The reference is slow: the first image has all of the values.
    images.slice(0, engine === "reference" ? 1 : undefined).forEach((image, i) => {
      const row = instance.runSync({ image }, { entry: "normalized" }).logits.data as Float32Array;
      assert.ok(row.every(Number.isFinite), `${engine}, image ${i}`);
      seen[i].add(bits(row).join());
    });
  }
  assert.deepEqual(seen.map(({ size }) => size), images.map(() => 1));
});

/** A server of this process. */
function serve(handler: (request: Request) => Response): { url: string } & AsyncDisposable {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
