import assert from "node:assert/strict";
import { ChannelMaximum, createObserver, scaleFor } from "../../src/quantize/observer.ts";

const f = Math.fround;

Deno.test("minmax: extremes by channel, averaged over batches with momentum 0.95, float32", () => {
  const observer = createObserver("minmax");
  // Two channels: low −1 and 2, high 3 and 8.
  assert.equal(observer.observe(Float32Array.of(-1, 2, 3, 8, 0, 4), 2), 8);
  // Channel 1 falls to 4 … 5: high 0.95·8 + 0.05·5; channel 0 goes to −21 … 1.
  const magnitude = observer.observe(Float32Array.of(-21, 4, 1, 5), 2);
  assert.equal(magnitude, f(f(f(0.95) * 8) + f(f(0.05) * 5)));
  // Again: now the low of channel 0 is the largest, after enough batches.
  let low = f(f(f(0.95) * -1) + f(f(0.05) * -21));
  let high = magnitude;
  for (let i = 0; i < 30; i++) {
    low = f(f(f(0.95) * low) + f(f(0.05) * -100));
    high = f(f(f(0.95) * high) + f(f(0.05) * 1));
    assert.equal(observer.observe(Float32Array.of(-100, 1), 2), Math.max(-low, high));
  }
});

Deno.test("minmax: a value that is not a number is not lost", () => {
  for (const place of [0, 1, 2, 3]) {
    const observer = createObserver("minmax");
    const values = Float32Array.of(1, 2, 3, 4);
    values[place] = NaN;
    assert.ok(Number.isNaN(observer.observe(values, 2)));
  }
});

Deno.test("percentile: the magnitude below which 99.99 % of all values lie", () => {
  const observer = createObserver("percentile");
  const values = Float32Array.from({ length: 100_000 }, (_, i) => (i % 2 ? -1 : 1) * i / 100_000);
  const first = observer.observe(values, 1);
  assert.ok(Math.abs(first - 0.9999) < 2e-4, `${first}`);
  // Ten outliers among as many values again are 0.005 %: passed over.
  const wide = values.slice();
  for (let i = 0; i < 10; i++) wide[i * 1000] = 1000;
  const second = observer.observe(wide, 1);
  assert.ok(second >= first && second < 1.2, `${second}`);
  // Forty more are beyond the share.
  for (let i = 0; i < 40; i++) wide[i * 2000 + 1] = 1000;
  assert.ok(observer.observe(wide, 1) > 500);
  assert.ok(Number.isNaN(observer.observe(Float32Array.of(Infinity), 1)));
});

Deno.test("channel maximum: of each channel over batches, of all where their number changes", () => {
  const observer = new ChannelMaximum();
  assert.equal(observer.observe(Float32Array.of(1, -5, 2, 3), 2), 5);
  assert.deepEqual([...observer.maxima], [2, 5]);
  assert.equal(observer.observe(Float32Array.of(-9, 4), 2), 9);
  assert.deepEqual([...observer.maxima], [9, 5]);
  assert.equal(observer.observe(Float32Array.of(1, 2, 12), 3), 12);
  assert.deepEqual([...observer.maxima], [12]);
  assert.ok(Number.isNaN(observer.observe(Float32Array.of(NaN, 7), 1)));
  assert.ok(Number.isNaN(observer.observe(Float32Array.of(1), 1)));
});

Deno.test("a scale needs a finite magnitude, an observer a known name", () => {
  assert.equal(scaleFor(12.7, 8, "x"), f(12.7 / 127));
  for (const magnitude of [NaN, Infinity]) {
    assert.throws(() => scaleFor(magnitude, 8, "x"), { code: "invalid_argument", message: /x/ });
  }
  assert.throws(() => createObserver("median" as never), { code: "invalid_argument" });
});
