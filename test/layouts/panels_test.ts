import assert from "node:assert/strict";
import { packed, PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import { layoutBytes, LAYOUTS, PANELS } from "../../src/layouts/mod.ts";
import type { PanelLayout, Panels } from "../../src/layouts/mod.ts";
import type { TensorData } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { tensorOf } from "../../src/tensor.ts";

const SIZES = [[1, 1], [8, 4], [9, 5], [3, 16], [17, 33], [8, 1], [1, 40]] as const;
const RANGES: { readonly [name in PanelLayout]: readonly [least: number, most: number] } = {
  panel_8x4: [-128, 127],
  panel_8x4_u7: [-63, 63],
  panel_8: [-1000, 1000],
  panel_8x16_t2: [-1, 1],
  panel_8x16_u4: [0, 15],
  panel_8_u8: [0, 255],
};
/** What holds the elements of a type. */
const ARRAYS = { f32: Float32Array, i8: Int8Array, u8: Uint8Array };

function arrayOf({ dtype }: Panels): typeof ARRAYS[keyof typeof ARRAYS] {
  return ARRAYS[dtype as keyof typeof ARRAYS];
}

function matrix(name: PanelLayout, count: number, random: Random): TensorData {
  const values = Array.from({ length: count }, () => random.integer(...RANGES[name]));
  return arrayOf(PANELS[name]).from(values);
}

for (const name of Object.keys(PANELS) as PanelLayout[]) {
  const { dtype, columns, blockBytes } = PANELS[name];
  const { pack, read } = PANEL_ELEMENTS[name];

  Deno.test(`${name}: every element is where it is read, the rest stands for 0`, () => {
    const random = new Random(3);
    for (const [n, k] of SIZES) {
      const data = matrix(name, n * k, random);
      const bytes = packed(tensorOf(dtype, [n, k], data), name);
      assert.equal(bytes.length, layoutBytes(name, dtype, [n, k]));
      assert.equal(bytes.length, Math.ceil(n / 8) * Math.ceil(k / columns) * blockBytes);
      const memory = new (arrayOf(PANELS[name]))(bytes.slice().buffer);
      // With its padding a panel is a matrix of whole blocks.
      const wide = Math.ceil(k / columns) * columns;
      for (let row = 0; row < Math.ceil(n / 8) * 8; row++) {
        for (let column = 0; column < wide; column++) {
          const inside = row < n && column < k;
          const expected = inside ? Number(data[row * k + column]) : 0;
          assert.equal(read(memory, k, row, column), expected, `${n} × ${k}: ${row}, ${column}`);
        }
      }
    }
  });

  Deno.test(`${name}: the order of bytes is that of the format`, () => {
    // One element at row 9, column 17 of 16 × 40.
    const data = new (arrayOf(PANELS[name]))(640);
    data[9 * 40 + 17] = 1;
    const bytes = pack(data, 16, 40);
    const empty = pack(data.map(() => 0) as TensorData, 16, 40);
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== empty[i]);
    const at = {
      // Panel 1 has 10 blocks; column 17 is byte 1 of block 4, row 9 the second of the panel.
      panel_8x4: [(10 + 4) * 32 + 4 + 1],
      panel_8x4_u7: [(10 + 4) * 32 + 4 + 1],
      // 1.0 is 0x3F800000.
      panel_8: [((40 + 17) * 8 + 1) * 4 + 2, ((40 + 17) * 8 + 1) * 4 + 3],
      // Of 3 groups the second has k = 16 … 31; k = 17 is p = 0, j = 1.
      panel_8x16_t2: [(3 + 1) * 32 + 4 + 1],
      // 3 blocks; k = 17 is the low half of byte 1 of the second.
      panel_8x16_u4: [(3 + 1) * 64 + 4 + 1],
      panel_8_u8: [(40 + 17) * 8 + 1],
    }[name];
    assert.deepEqual(changed, at);
  });

  Deno.test(`${name}: a wrong number of elements is refused`, () => {
    for (const count of [7, 9]) {
      assert.throws(() => pack(new Int8Array(count), 2, 4), { code: "invalid_argument" });
    }
  });
}

Deno.test("panel_8x4_u7: codes and bytes beyond 7 bits are refused", () => {
  const { pack } = PANEL_ELEMENTS.panel_8x4_u7;
  const { isValid } = PANELS.panel_8x4_u7;
  for (const code of [-64, 64, -128]) {
    assert.throws(() => pack(Int8Array.of(0, code), 1, 2), {
      code: "invalid_argument",
      message: /Cannot pack code/,
    });
  }
  assert.equal(isValid!(pack(Int8Array.of(-63, 63), 1, 2)), true);
  assert.equal(isValid!(Uint8Array.of(0, 127, 128)), false);
});

Deno.test("panel_8x16_u4: codes beyond 4 bits are refused", () => {
  assert.throws(() => PANEL_ELEMENTS.panel_8x16_u4.pack(Uint8Array.of(0, 16), 1, 2), {
    code: "invalid_argument",
    message: /Cannot pack code 16/,
  });
});

Deno.test("codes of layouts are those of files that exist", () => {
  assert.deepEqual(LAYOUTS, {
    rows: 0,
    panel_8x4: 1,
    panel_8x4_u7: 2,
    panel_8: 3,
    panel_8x16_t2: 4,
    panel_8x16_u4: 5,
    panel_8_u8: 6,
  });
});
