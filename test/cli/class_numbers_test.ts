/** Classes of pictures as those of a network that was trained before. */
import assert from "node:assert/strict";
import { classNumbers } from "../../src/cli/_class_numbers.ts";

Deno.test("classes of pictures are found by their names, whatever their order", () => {
  const own = ["Sneaker", "Bag", "Coat"];
  assert.deepEqual([...classNumbers(own, 3, ["Bag", "Coat", "Sneaker"])], [1, 2, 0]);
  assert.deepEqual([...classNumbers(own, 3, ["Coat"])], [2]);
  assert.deepEqual([...classNumbers(own, 3, ["0", "1"])], [0, 1]);
  assert.deepEqual([...classNumbers(undefined, 4, ["a", "b"])], [0, 1]);
  for (const labels of [["Bag", "Boot"], ["0", "1", "2", "3"]]) {
    assert.throws(() => classNumbers(own, 3, labels), { code: "invalid_argument" });
  }
  assert.throws(() => classNumbers(own, 3, ["Boot"]), /no class "Boot", .* Sneaker, Bag, Coat/);
});
