/** Pictures of every kind that a classifier takes, on the model that is shipped. */
import assert from "node:assert/strict";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import type { ImageInput } from "../../src/pipelines/image/image_classifier.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import type { Image } from "../../src/vision/image.ts";

const PICTURES = new URL("../../examples/fashion/", import.meta.url);
const BOOT = new URL("000-ankle-boot.png", PICTURES);

function bits({ buffer, byteOffset, length }: Float32Array): number[] {
  return [...new Uint32Array(buffer, byteOffset, length)];
}

Deno.test("a picture gives the same bits from wherever it comes", async () => {
  using model = await ImageClassifier.fromPretrained();
  const bytes = await Deno.readFile(BOOT);
  const image = decodeImage(bytes);
  const repeat = (channels: 3 | 4): Image => ({
    ...image,
    channels,
    data: Uint8Array.from(
      { length: 784 * channels },
      (_, i) => i % channels === 3 ? 255 : image.data[Math.floor(i / channels)],
    ),
  });
  await using server = serve(() => new Response(bytes));
  const imageData = new ImageData(new Uint8ClampedArray(repeat(4).data), image.width);
  const cut = (whole: ImageData, at: readonly number[]): ImageData => {
    assert.deepEqual(at, [0, 0, whole.width, whole.height]);
    return whole;
  };
  const inputs: Record<string, ImageInput> = {
    "URL": BOOT,
    "URL as a string": BOOT.href,
    "path": BOOT.pathname,
    "bytes": bytes,
    "a part of a buffer": new Uint8Array([0, ...bytes, 0]).subarray(1, -1),
    "buffer": Uint8Array.from(bytes).buffer,
    "Blob": new Blob([bytes]),
    "File": new File([bytes], "boot.png"),
    "HTTP": server.url,
    "pixels": image,
    "RGB": repeat(3),
    "RGBA": repeat(4),
    "ImageData": imageData,
    "clamped pixels": { ...image, data: new Uint8ClampedArray(image.data) },
    "canvas": {
      width: image.width,
      height: image.height,
      getContext: () => ({ getImageData: (...at) => cut(imageData, at) }),
    },
  };
  const expected = bits((await model.classify(bytes)).logits);
  for (const [name, input] of Object.entries(inputs)) {
    assert.deepEqual(bits((await model.classify(input)).logits), expected, name);
  }
  assert.deepEqual(bits((await model.logits([await model.prepare(bytes)]))[0]), expected);
});

Deno.test("a picture of another size is resized", async () => {
  using model = await ImageClassifier.fromPretrained();
  const { width, height, data } = decodeImage(await Deno.readFile(BOOT));
  const twice: Image = {
    width: 2 * width,
    height: 2 * height,
    channels: 1,
    data: Uint8Array.from(
      { length: 4 * data.length },
      (_, i) => data[Math.floor(i / (4 * width)) * width + Math.floor(i % (2 * width) / 2)],
    ),
  };
  assert.equal((await model.classify(twice)).label, (await model.classify(BOOT)).label);
  const sizes: [number, number][] = [[1, 1], [1, 300], [300, 1], [27, 29], [640, 480]];
  for (const [width, height] of sizes) {
    const image: Image = { width, height, channels: 1, data: new Uint8Array(width * height) };
    assert.equal((await model.prepare(image)).length, 784);
    assert.equal((await model.classify(image)).logits.length, 10);
  }
});

Deno.test("what is no picture, and a canvas that may not be read, are refused", async () => {
  using model = await ImageClassifier.fromPretrained();
  const canvas = (getContext: () => unknown) => ({ width: 28, height: 28, getContext });
  const tainted = new DOMException("The canvas has been tainted", "SecurityError");
  const cases: readonly (readonly [image: unknown, code: string, message: RegExp])[] = [
    [canvas(() => ({ getImageData: () => throwing(tainted) })), "invalid_argument", /tainted/],
    [canvas(() => null), "unsupported", /two dimensions/],
    [new Uint8ClampedArray(784), "invalid_argument", /got a Uint8ClampedArray/],
    [{ width: 28, height: 28, data: new Uint8ClampedArray(10) }, "invalid_argument", /got 10/],
    [null, "invalid_argument", /expected a path/],
  ];
  for (const [image, code, message] of cases) {
    await assert.rejects(model.classify(image as ImageInput), {
      name: "FewbitError",
      code,
      message,
    });
  }
});

function throwing(error: Error): never {
  throw error;
}

function serve(handler: (request: Request) => Response): { url: string } & AsyncDisposable {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
