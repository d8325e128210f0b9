/** Cases of the instructions that keep bits and places in place of values. */
import type { Case, Value } from "./_case.ts";
import { pools, tied } from "./_cases_train_products.ts";
import type { Random } from "./_random.ts";
import { apart } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Numbers of bytes: less and more than a block, and blocks. */
const COUNTS = [1, 2, 7, 16, 33, 63, 64, 65, 128, 200];

function bytes(random: Random, ...extents: number[]): Value {
  return apart(random, value(random, "u8", extents));
}

/** Zeros of both signs, the least above them, infinities and NaNs among others. */
const SPECIAL = {
  f32: [0, -0, 1e-45, -1e-45, Infinity, -Infinity, NaN],
  bf16: [0, 0x8000, 1, 0x8001, 0x7f80, 0xff80, 0x7f81, 0x7fc0, 0xffc0],
  f16: [0, 0x8000, 1, 0x8001, 0x7c00, 0xfc00, 0x7c01, 0x7e00, 0xfe00],
};

export function* signBits(random: Random): Cases {
  for (const dtype of ["f32", "f16", "bf16"] as const) {
    for (const count of COUNTS) {
      const x = value(random, dtype, [count, 8], random.pick(STYLES));
      x.elements.forEach((_, i, all) => {
        if (random.chance(0.2)) all[i] = random.pick(SPECIAL[dtype]);
      });
      yield {
        name: `${dtype} [${count}]`,
        instruction: "sign_bits",
        operands: { x: apart(random, x) },
        results: { y: { dtype: "u8", extents: [count] } },
      };
    }
  }
}

export function* maskedF32(random: Random): Cases {
  for (const count of COUNTS) {
    for (const style of FLOAT_STYLES) {
      yield {
        name: `[${count}] ${style}`,
        instruction: "masked_f32",
        operands: {
          x: apart(random, value(random, "f32", [count, 8], style)),
          bits: value(random, "u8", [count]),
        },
        results: { y: apart(random, { dtype: "f32", extents: [count, 8] }) },
      };
    }
  }
}

export function* maxPoolPlacesF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, true)) {
    yield {
      name,
      instruction: "max_pool_places_f32",
      attributes,
      operands: { x: tied(random, picture) },
      results: { y: apart(random, { dtype: "u8", extents: outputs }) },
    };
  }
  // More places than a byte holds.
  const size = [1, 20, 20, 3];
  const x = value(random, "f32", size, "any");
  for (const [kernel_h, kernel_w] of [[16, 16], [15, 17], [20, 20]]) {
    yield {
      name: `kernel ${kernel_h}×${kernel_w}`,
      instruction: "max_pool_places_f32",
      attributes: { ...ONCE, kernel_h, kernel_w },
      operands: { x },
      results: { y: { dtype: "u8", extents: [1, 2, 2, 3] } },
    };
  }
}

const ONCE = {
  stride_h: 4,
  stride_w: 4,
  pad_top: 0,
  pad_left: 0,
  dilation_h: 1,
  dilation_w: 1,
};

/** Places of windows, and some that are none. */
export function* maxPoolScatterF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, true)) {
    const places = bytes(random, ...outputs);
    const most = attributes.kernel_h * attributes.kernel_w;
    places.elements.forEach((_, i, all) => {
      if (random.chance(0.9)) all[i] = random.integer(0, most);
    });
    yield {
      name,
      instruction: "max_pool_scatter_f32",
      attributes,
      operands: {
        places,
        dy: apart(random, value(random, "f32", outputs, random.pick(FLOAT_STYLES))),
      },
      results: { dx: apart(random, { dtype: "f32", extents: picture }) },
    };
  }
  yield {
    name: "a window whose last place is 255",
    instruction: "max_pool_scatter_f32",
    attributes: { ...ONCE, kernel_h: 16, kernel_w: 16 },
    operands: {
      places: given("u8", [1, 1, 1, 3], [254, 255, 16]),
      dy: given("f32", [1, 1, 1, 3], [1, 2, 3]),
    },
    results: { dx: { dtype: "f32", extents: [1, 16, 16, 3] } },
  };
}
