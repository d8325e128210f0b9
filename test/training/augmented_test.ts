/** Augmentation: pictures are moved, mirrored and made lighter as the settings say, by the seed, the epoch and the example. */
import assert from "node:assert/strict";
import { augmented } from "../../src/training/augmented.ts";
import type { AugmentationSettings } from "../../src/training/augmented.ts";
import { arrayData } from "../../src/training/training_data.ts";

const [COUNT, HEIGHT, WIDTH, CHANNELS] = [400, 5, 4, 2];
const SIZE = HEIGHT * WIDTH * CHANNELS;
const PICTURE = [HEIGHT, WIDTH, CHANNELS] as const;

/** Every pixel is a number of its own. */
const x = Float32Array.from({ length: COUNT * SIZE }, (_, i) => i % SIZE + 1);
const DATA = arrayData({ x, labels: new Int32Array(COUNT) }, COUNT);
const ALL = Int32Array.from({ length: COUNT }, (_, i) => i);

async function pictures(
  settings: Partial<AugmentationSettings>,
  epoch = 0,
  examples = ALL,
): Promise<Float32Array[]> {
  const data = augmented(DATA, { picture: PICTURE, ...settings });
  const { x } = await data.batch(examples, { epoch });
  return Array.from(examples, (_, i) => (x as Float32Array).subarray(i * SIZE, (i + 1) * SIZE));
}

/** A picture, mirrored or not, of which a part is seen that lies so far below and right. */
function seen(down: number, right: number, mirrored: boolean): number[] {
  return Array.from({ length: SIZE }, (_, i) => {
    const [row, column, c] = [
      Math.floor(i / WIDTH / CHANNELS),
      Math.floor(i / CHANNELS) % WIDTH,
      i % CHANNELS,
    ];
    const [y, z] = [row + down, (mirrored ? WIDTH - 1 - column : column) + right];
    const isInside = y >= 0 && y < HEIGHT && z >= 0 && z < WIDTH;
    return isInside ? (y * WIDTH + z) * CHANNELS + c + 1 : -7;
  });
}

Deno.test("augmented: every move up to the most is there, about as often, and nothing else", async () => {
  const counts = new Map<string, number>();
  for (const down of [-1, 0, 1]) {
    for (const right of [-1, 0, 1]) {
      for (const mirrored of [false, true]) counts.set(seen(down, right, mirrored).join(), 0);
    }
  }
  for (const picture of await pictures({ crop: 1, flip: true, fill: -7 })) {
    const key = picture.join();
    assert.ok(counts.has(key), key);
    counts.set(key, counts.get(key)! + 1);
  }
  // 400 / 18 = 22 are expected of each; 5 are four deviations below.
  assert.ok(Math.min(...counts.values()) >= 5, `${[...counts.values()]}`);
});

Deno.test("augmented: jitter is x·factor + plus with both within the share", async () => {
  const factors: number[] = [];
  for (const picture of await pictures({ jitter: 0.2 })) {
    const factor = (picture[SIZE - 1] - picture[0]) / (SIZE - 1);
    const plus = picture[0] - factor;
    factors.push(factor);
    assert.ok(Math.abs(factor - 1) <= 0.2 + 1e-5 && Math.abs(plus) <= 0.2 + 1e-4);
    picture.forEach((value, i) => assert.ok(Math.abs(value - factor * (i + 1) - plus) < 1e-4));
  }
  assert.ok(Math.min(...factors) < 0.83 && Math.max(...factors) > 1.17);
});

Deno.test("augmented: the same in whatever batches, otherwise in each epoch and with each seed", async () => {
  const settings = { crop: 2, flip: true, jitter: 0.1 };
  const all = await pictures(settings, 3);
  const some = Int32Array.of(7, 399, 20);
  (await pictures(settings, 3, some)).forEach((picture, i) =>
    assert.deepEqual(picture, all[some[i]])
  );
  const differ = (other: Float32Array[]): number =>
    other.filter((picture, i) => picture.join() !== all[i].join()).length;
  assert.equal(differ(await pictures(settings, 3)), 0);
  assert.ok(differ(await pictures(settings, 4)) > 390);
  assert.ok(differ(await pictures({ ...settings, seed: 1 }, 3)) > 390);
});

Deno.test("augmented: where nothing is learned, pictures are as they are; settings are checked", async () => {
  const data = augmented(DATA, { picture: PICTURE, crop: 2, flip: true, jitter: 0.5 });
  const { x: plain, labels } = await data.batch(Int32Array.of(5, 6));
  assert.deepEqual(plain, x.slice(5 * SIZE, 7 * SIZE));
  assert.deepEqual(labels, new Int32Array(2));
  assert.equal(data.count, COUNT);
  const bad = [{ crop: -1 }, { crop: 0.5 }, { jitter: 1 }, { jitter: NaN }, { fill: Infinity }];
  for (const settings of [...bad, { picture: [5, 4] as never }]) {
    const make = () => augmented(DATA, { picture: PICTURE, ...settings });
    assert.throws(make, { code: "invalid_argument" }, JSON.stringify(settings));
  }
  const other = augmented(DATA, { picture: [5, 5, 2], flip: true });
  await assert.rejects(async () => await other.batch(ALL, { epoch: 0 }), {
    code: "shape_mismatch",
  });
});
