import assert from "node:assert/strict";
// deno-lint-ignore no-import-prefix -- its version is written here only
import { encode } from "npm:jpeg-js@0.4.4";
import { decodeImage } from "../../src/vision/decode.ts";
import { concat } from "./_png_chunks.ts";

const WIDTH = 40, HEIGHT = 24;

/** A gradient that jpeg-js encodes with little loss. */
function gradient(): Uint8Array {
  const data = new Uint8Array(WIDTH * HEIGHT * 4).fill(255);
  for (let y = 0, p = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, p += 4) data.set([x * 6, y * 10, 128], p);
  }
  return data;
}

const file = new Uint8Array(encode({ width: WIDTH, height: HEIGHT, data: gradient() }, 100).data);

/** Offset of the first marker of a kind. */
function find(bytes: Uint8Array, marker: number): number {
  for (let at = 2; at < bytes.length; at += 2 + (bytes[at + 2] << 8 | bytes[at + 3])) {
    if (bytes[at + 1] === marker) return at;
  }
  throw new Error(`no marker ${marker}`);
}

/** The file with one byte of a segment changed. */
function patched(marker: number, offset: number, value: number): Uint8Array {
  const out = file.slice();
  out[find(out, marker) + offset] = value;
  return out;
}

Deno.test("decodeImage reads what jpeg-js encodes, within 4 levels at quality 100", () => {
  const { data, ...shape } = decodeImage(file);
  assert.deepEqual(shape, { width: WIDTH, height: HEIGHT, channels: 3 });
  const expected = gradient().filter((_, i) => i % 4 !== 3);
  assert.ok(data.every((value, i) => Math.abs(value - expected[i]) <= 4));
});

Deno.test("decodeImage refuses every truncation of a JPEG, also with an end marker", () => {
  for (let length = 3; length < file.length; length++) {
    const part = file.subarray(0, length);
    assert.throws(() => decodeImage(part), { code: "invalid_file" }, `${length} bytes`);
    if (length < file.length - 12) {
      assert.throws(() => decodeImage(concat(part, Uint8Array.of(0xff, 0xd9))), {
        code: "invalid_file",
      });
    }
  }
});

Deno.test("decodeImage refuses damaged and rare kinds of JPEG by name", () => {
  const frame = find(file, 0xc0), scan = find(file, 0xda);
  const segment = file.subarray(frame, frame + 2 + (file[frame + 2] << 8 | file[frame + 3]));
  const cases: [string, RegExp, Uint8Array][] = [
    ["unsupported", /arithmetic/, patched(0xc0, 1, 0xc9)],
    ["unsupported", /lossless/, patched(0xc0, 1, 0xc3)],
    ["unsupported", /12 bits/, patched(0xc0, 4, 12)],
    ["unsupported", /height that follows/, patched(0xc0, 6, 0)],
    ["invalid_file", /width is 0/, patched(0xc0, 8, 0)],
    ["invalid_file", /sampling factors 0/, patched(0xc0, 11, 0x01)],
    ["invalid_file", /two components/, patched(0xc0, 10, 2)],
    ["invalid_file", /bad frame header/, patched(0xc0, 9, 2)],
    ["invalid_file", /names component 9/, patched(0xda, 5, 9)],
    ["invalid_file", /bad scan header/, patched(0xda, 4, 2)],
    ["invalid_file", /two frames/, concat(file.subarray(0, frame), segment, file.subarray(frame))],
    ["invalid_file", /before the frame/, concat(file.subarray(0, frame), file.subarray(scan))],
    ["invalid_file", /no frame/, Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)],
    ["invalid_file", /no scan/, concat(file.subarray(0, scan), Uint8Array.of(0xff, 0xd9))],
    ["invalid_file", /table/, patched(0xda, 6, 0x33)],
    [
      "invalid_file",
      /restart/,
      concat(file.subarray(0, scan), Uint8Array.of(0xff, 0xdd, 0, 4, 0, 2), file.subarray(scan)),
    ],
  ];
  for (const [code, message, bytes] of cases) {
    assert.throws(() => decodeImage(bytes), { code, message });
  }
});

Deno.test("decodeImage refuses a JPEG with too many scans", () => {
  const scan = find(file, 0xda);
  const entropy = file.subarray(scan, file.length - 2);
  const bytes = concat(
    file.subarray(0, scan),
    ...Array(65).fill(entropy),
    Uint8Array.of(0xff, 0xd9),
  );
  assert.throws(() => decodeImage(bytes), { code: "unsupported", message: /64 scans/ });
});

Deno.test("decodeImage does not allocate for a large JPEG with few bytes", () => {
  const bytes = file.slice();
  bytes.set([0x1f, 0x40, 0x1f, 0x40], find(bytes, 0xc0) + 5);
  assert.throws(() => decodeImage(bytes), {
    code: "invalid_file",
    message: /fewer bits than blocks/,
  });
});

Deno.test("decodeImage checks the limits of a JPEG", () => {
  const pixels = WIDTH * HEIGHT;
  assert.equal(decodeImage(file, { maxPixels: pixels }).width, WIDTH);
  assert.throws(() => decodeImage(file, { maxPixels: pixels - 1 }), { code: "limit_exceeded" });
  assert.throws(() => decodeImage(file, { maxMemoryMiB: 0.001 }), { code: "limit_exceeded" });
});

Deno.test("decodeImage ignores EXIF and comments, and bytes after the end", () => {
  const exif = concat(
    Uint8Array.of(0xff, 0xe1, 0, 34),
    new TextEncoder().encode(
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    ),
  );
  const bytes = concat(file.subarray(0, 2), exif, file.subarray(2), new Uint8Array(10));
  assert.deepEqual(decodeImage(bytes), decodeImage(file));
});

Deno.test("decodeImage takes components for RGB if Adobe's marker says so", () => {
  const adobe = (transform: number) =>
    concat(
      file.subarray(0, 2),
      Uint8Array.of(0xff, 0xee, 0, 14),
      new TextEncoder().encode("Adobe"),
      Uint8Array.of(0, 100, 0, 0, 0, 0, transform),
      // Without JFIF, which says YCbCr.
      file.subarray(find(file, 0xe0) + 18),
    );
  assert.deepEqual(decodeImage(adobe(1)), decodeImage(file));
  const [red, , blue] = decodeImage(adobe(0)).data;
  const [y, cr] = [0.114 * 128, 128 - 0.0813 * 128];
  assert.ok(Math.abs(red - y) < 4 && Math.abs(blue - cr) < 4, `${red} ${blue}`);
});
