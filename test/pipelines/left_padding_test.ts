import assert from "node:assert/strict";
import { stripLeftPadding } from "../../src/pipelines/text/left_padding.ts";

Deno.test("padding on the left is stripped", () => {
  assert.deepEqual(
    stripLeftPadding([[2, 2, 5], [7, 8, 9]], [[0, 0, 1], [1, 1, 1]]).map((ids) => [...ids]),
    [[5], [7, 8, 9]],
  );
});

Deno.test("padding on the right or in the middle, and masks that do not fit, are refused", () => {
  const bad: readonly (readonly [ids: number[][], mask: number[][], code: string])[] = [
    [[[5, 2]], [[1, 0]], "invalid_argument"],
    [[[5, 2, 6]], [[1, 0, 1]], "invalid_argument"],
    [[[2, 2]], [[0, 0]], "invalid_argument"],
    [[[5, 6]], [[1]], "shape_mismatch"],
    [[[5, 6]], [], "shape_mismatch"],
    [[[5, 6]], [[1, 2]], "invalid_argument"],
  ];
  for (const [ids, mask, code] of bad) {
    assert.throws(
      () => stripLeftPadding(ids, mask),
      (error: { code?: string; message: string }) => {
        assert.equal(error.code, code, `${JSON.stringify(mask)}: ${error.message}`);
        return true;
      },
    );
  }
});
