/** Files as careless writers leave them, read as Pillow reads them (test/vectors/make_odd_images.py). */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import { toChannels } from "../../src/vision/image.ts";
import committed from "../vectors/images/odd_images.json" with { type: "json" };
import { sha256 } from "./_hash.ts";

interface Row {
  readonly name: string;
  readonly base64: string;
  /** Of Pillow's RGB pixels. */
  readonly sha256?: string;
  /** What Pillow raises. */
  readonly error?: string;
}

/** What Pillow reads without an error and we do not, with the reason. */
const STRICTER: readonly (readonly [reason: string, names: RegExp])[] = [
  ["pixels are missing, Pillow makes up others", /^PNG missing row$/],
  ["colours are missing, Pillow takes black", /^PNG pal (missing|empty|after idat)$/],
  ["it says that it is no PNG", /^PNG (two ihdr|text before ihdr|comp 1)$/],
  [
    "parts of the pixels are lost, Pillow gives other ones",
    /^JPEG (rst in nonrst|rs missing one|rs dup|rs one lost)$/,
  ],
  ["arithmetic coding is not supported", /^JPEG arith$/],
];

/** A folder in which make_odd_images.py has written more. */
const folder = Deno.env.get("FEWBIT_IMAGES");
const rows: Row[] = folder === undefined
  ? committed
  : JSON.parse(await Deno.readTextFile(`${folder}/odd_images.json`));
const read = rows.filter(({ error }) => error === undefined);
const isStricter = (row: Row): boolean => STRICTER.some(([, names]) => names.test(row.name));
const same = read.filter((row) => !isStricter(row));

Deno.test(`decodeImage gives Pillow's pixels of ${same.length} odd files, to the bit`, () => {
  for (const { name, base64, sha256: expected } of same) {
    const image = toChannels(decodeImage(Uint8Array.fromBase64(base64)), 3);
    assert.equal(sha256(image.data), expected, name);
  }
});

const lost = read.filter(isStricter);

Deno.test(`decodeImage refuses ${lost.length} odd files that Pillow reads, each for a named reason`, () => {
  assert.ok(STRICTER.every(([, names]) => lost.some(({ name }) => names.test(name))));
  for (const { name, base64 } of lost) {
    assert.throws(() => decodeImage(Uint8Array.fromBase64(base64)), FewbitError, name);
  }
});

const refused = rows.filter(({ error }) => error !== undefined);

Deno.test(`decodeImage refuses ${refused.length} odd files that Pillow refuses, or reads their pixels`, () => {
  let alike = 0;
  for (const { name, base64 } of refused) {
    try {
      decodeImage(Uint8Array.fromBase64(base64));
    } catch (error) {
      assert.ok(error instanceof FewbitError, `${name}: ${error}`);
      alike++;
    }
  }
  // Text, colour profiles and animation are not read here, so that it does not matter what is in them.
  assert.ok(alike > 0.7 * refused.length, `${alike} of ${refused.length}`);
});
