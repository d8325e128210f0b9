/** Scales files of encoders. */
import assert from "node:assert/strict";
import { readEncoderScales, writeEncoderScales } from "../../src/quantize/encoder_scales.ts";

Deno.test("scales are float32 bits by name", () => {
  const text = `{"scales_f32_bits":{"a":${0x3F800000}},"smooth_f32_bits":{"b":[${0x3F000000}]}}`;
  const scales = readEncoderScales(text);
  assert.deepEqual(scales, {
    scales: new Map([["a", 1]]),
    smooth: new Map([["b", Float32Array.of(0.5)]]),
  });
  assert.deepEqual(JSON.parse(writeEncoderScales(scales)), JSON.parse(text));
});

const BAD: readonly (readonly [text: string, message: RegExp])[] = [
  ["{", /not JSON/],
  ["null", /scales_f32_bits to be an object/],
  ['{"scales_f32_bits":[]}', /scales_f32_bits to be an object/],
  ['{"scales_f32_bits":{"a":0}}', /a to be bits of positive/],
  [`{"scales_f32_bits":{"a":${0x7F800000}}}`, /a to be bits of positive/],
  ['{"scales_f32_bits":{"a":-1}}', /-1/],
  ['{"scales_f32_bits":{"a":"1"}}', /"1"/],
  ['{"scales_f32_bits":{},"smooth_f32_bits":{"b":1}}', /b to be numbers/],
];

for (const [text, message] of BAD) {
  Deno.test(`the scales file ${text} is refused`, () => {
    assert.throws(() => readEncoderScales(text), { code: "invalid_file", message });
  });
}
