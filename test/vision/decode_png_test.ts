import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
// deno-lint-ignore no-import-prefix -- its version is written here only
import { encode } from "npm:fast-png@8.0.0";
import { decodeImage } from "../../src/vision/decode.ts";
import { peakMemory } from "../_peak_memory.ts";
import { chunk, concat, greyPng, pngStart } from "./_png_chunks.ts";
import { Stream } from "./_seeded.ts";

const stream = new Stream(1);

Deno.test("decodeImage reads what fast-png encodes", () => {
  for (const interlace of ["null", "Adam7"] as const) {
    for (const channels of [1, 3, 4] as const) {
      for (const [width, height] of [[1, 1], [16, 9], [33, 70]]) {
        const data = stream.bytes(width * height * channels);
        const file = encode({ width, height, channels, data }, { interlace });
        assert.deepEqual(decodeImage(file), { width, height, channels, data });
      }
    }
  }
});

Deno.test("decodeImage keeps the high byte of 16-bit color and clamps 16-bit grey", () => {
  const rgb = encode({
    width: 1,
    height: 1,
    channels: 3,
    depth: 16,
    data: Uint16Array.of(0x12ff, 0x00ff, 0xff00),
  });
  assert.deepEqual([...decodeImage(rgb).data], [0x12, 0, 0xff]);
  const grey = encode({
    width: 3,
    height: 1,
    channels: 1,
    depth: 16,
    data: Uint16Array.of(0x00fe, 0x0100, 0xffff),
  });
  assert.deepEqual([...decodeImage(grey).data], [0xfe, 255, 255]);
});

Deno.test("decodeImage reads a view into a larger buffer and trailing bytes", () => {
  const file = greyPng(2, 1, Uint8Array.of(0, 7, 8));
  const buffer = concat(new Uint8Array(5), file, new Uint8Array(3));
  assert.deepEqual([...decodeImage(buffer.subarray(5)).data], [7, 8]);
});

Deno.test("decodeImage refuses every truncation of a PNG that lacks pixels, and reads the others", () => {
  const data = stream.bytes(243);
  const file = encode({ width: 9, height: 9, channels: 3, data });
  // Behind the pixels: their checksum, that of the chunk, and the end.
  const pixelsEnd = file.length - 12 - 4 - 4;
  for (let length = 0; length < file.length; length++) {
    const part = file.subarray(0, length);
    if (length >= pixelsEnd) assert.deepEqual(decodeImage(part).data, data, `${length} bytes`);
    else if (length < pixelsEnd - 2) {
      assert.throws(() => decodeImage(part), { code: "invalid_file" }, `${length} bytes`);
    }
  }
});

Deno.test("decodeImage refuses a PNG with fewer pixels than its header says, and leaves more alone", () => {
  for (const bytes of [[0, 1, 2, 0, 3], [0, 1, 2], []]) {
    assert.throws(() => decodeImage(greyPng(2, 2, Uint8Array.from(bytes))), {
      code: "invalid_file",
      message: /pixels are damaged/,
    });
  }
  for (const more of [1, 3, 100_000]) {
    const raw = concat(Uint8Array.of(0, 1, 2, 0, 3, 4), new Uint8Array(more));
    assert.deepEqual([...decodeImage(greyPng(2, 2, raw)).data], [1, 2, 3, 4]);
  }
});

Deno.test("decodeImage does not inflate a bomb", () => {
  const bomb = greyPng(1, 1, new Uint8Array(200_000_000));
  const before = performance.now();
  assert.equal(decodeImage(bomb).data[0], 0);
  assert.ok(performance.now() - before < 100);
});

Deno.test("decodeImage takes little more memory than the image: 8000 x 8000 pixels of 16 bits", async () => {
  const file = await Deno.makeTempFile();
  const script = new URL("_decode_file.ts", import.meta.url);
  try {
    await Deno.writeFile(file, greyPng(1, 1, Uint8Array.of(0, 7)));
    const before = await peakMemory(script, file);
    for (const [colorType, samples, channels] of [[0, 1, 1], [2, 3, 3]]) {
      const raw = new Uint8Array(8000 * (1 + 2 * samples * 8000));
      const pixels = chunk("IDAT", deflateSync(raw, { level: 1 }));
      await Deno.writeFile(
        file,
        concat(pngStart(8000, 8000, 16, colorType), pixels, chunk("IEND")),
      );
      const taken = await peakMemory(script, file) - before;
      assert.ok(taken < 64e6 * channels + 40e6, `${taken} bytes for ${channels} channels`);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("decodeImage does not allocate for a large header with few bytes", () => {
  const file = greyPng(8000, 8000, Uint8Array.of(0, 1));
  assert.throws(() => decodeImage(file), { code: "invalid_file", message: /truncated/ });
});

Deno.test("decodeImage refuses damaged chunks of a PNG", () => {
  const start = pngStart(1, 1, 8, 0),
    pixels = chunk("IDAT", deflateSync(Uint8Array.of(0, 5))),
    end = chunk("IEND");
  const palette = chunk("PLTE", Uint8Array.of(1, 2, 3));
  const deflated = deflateSync(Uint8Array.of(0, 5));
  const [half, otherHalf] = [deflated.subarray(0, 3), deflated.subarray(3)].map((part) =>
    chunk("IDAT", part)
  );
  // Without the checksum of the stream, that of the chunk counts.
  const badBoth = chunk("IDAT", deflated.subarray(0, -4));
  badBoth[badBoth.length - 1] ^= 1;
  const cases: [RegExp, Uint8Array][] = [
    [/checksum/, concat(start, badBoth, end)],
    [/checksum of the chunk "PLTE"/, concat(start, palette.with(-1, palette[14] ^ 1), pixels, end)],
    [/two headers/, concat(start, start.subarray(8), pixels, end)],
    [/damaged \(truncated/, concat(start, half, chunk("tEXt"), otherHalf, end)],
    [/no pixels/, concat(start, end)],
    [/bad palette/, concat(start, chunk("PLTE", new Uint8Array(771)), pixels, end)],
    [/palette is missing/, concat(pngStart(1, 1, 8, 3), pixels, end)],
    [/palette is missing/, concat(pngStart(1, 1, 8, 3), pixels, palette, end)],
    [/unknown filter 5/, greyPng(1, 1, Uint8Array.of(5, 0))],
    [/size is 0 x 1/, concat(pngStart(0, 1, 8, 0), pixels, end)],
    [/color type 2 with 4 bits/, concat(pngStart(1, 1, 4, 2), pixels, end)],
    [/color type 5/, concat(pngStart(1, 1, 8, 5), pixels, end)],
    [/interlacing/, concat(pngStart(1, 1, 8, 0, 2), pixels, end)],
    [
      /first chunk is not IHDR/,
      concat(start.subarray(0, 8), palette, start.subarray(8), pixels, end),
    ],
  ];
  for (const [message, file] of cases) {
    assert.throws(() => decodeImage(file), { code: "invalid_file", message });
  }
});

Deno.test("decodeImage skips ancillary chunks unread", () => {
  const text = chunk("iCCP", new Uint8Array(50).fill(255));
  text[text.length - 1] ^= 1;
  const file = concat(
    pngStart(1, 1, 8, 0),
    text,
    chunk("IDAT", deflateSync(Uint8Array.of(0, 5))),
    chunk("IEND"),
  );
  assert.deepEqual([...decodeImage(file).data], [5]);
});

Deno.test("decodeImage checks the limits of a PNG before it reads the pixels", () => {
  assert.throws(() => decodeImage(pngStart(8001, 8000, 8, 0)), {
    code: "limit_exceeded",
    message: /8001 x 8000/,
  });
  assert.throws(() => decodeImage(pngStart(65_536, 1, 8, 0)), { code: "limit_exceeded" });
  assert.throws(() => decodeImage(pngStart(2 ** 31, 2 ** 31, 8, 0)), { code: "limit_exceeded" });
  assert.throws(() => decodeImage(pngStart(11, 10, 8, 0), { maxPixels: 100 }), {
    code: "limit_exceeded",
  });
  assert.throws(() => decodeImage(pngStart(4000, 4000, 16, 6), { maxMemoryMiB: 60 }), {
    code: "limit_exceeded",
    message: /62 MiB/,
  });
});
