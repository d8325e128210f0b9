/** Trits in base 3 against bytes that NumPy packed. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { packBase3, unpackBase3 } from "../../src/numeric/base3.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ternaryProgram } from "../program/_ternary.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const FORMATS = "golden/matmulfree/formats.json";
const ignore = absent(`${SHARED}/${FORMATS}`);

interface Row {
  readonly shape: readonly [number, number];
  readonly t_i8_base64: string;
  readonly base3_base64: string;
}

function tensors(): { rows: number; columns: number; trits: Int8Array; stored: Uint8Array }[] {
  return (readJson(FORMATS) as Row[]).map(({ shape: [rows, columns], ...row }) => ({
    rows,
    columns,
    trits: new Int8Array(Uint8Array.fromBase64(row.t_i8_base64).buffer),
    stored: Uint8Array.fromBase64(row.base3_base64),
  }));
}

Deno.test({
  name: "golden: base 3 has the bytes of the oracle",
  ignore,
  fn: () => {
    for (const { trits, stored } of tensors()) {
      assert.deepEqual(packBase3(trits), stored);
      assert.deepEqual(unpackBase3(stored, trits.length), trits);
    }
  },
});

Deno.test({
  name: "golden: a file holds the bytes of the oracle, and every engine multiplies by its trits",
  ignore,
  fn: async () => {
    const weights = tensors();
    const file = await encodeProgram(ternaryProgram(weights));
    const { offset } = decodeHead(file).segments[3];
    const expected = weights.flatMap(({ stored }) => [...stored]);
    assert.deepEqual([...file.subarray(offset, offset + expected.length)], expected);
    const inputs = Object.fromEntries(
      weights.map((
        { columns },
        i,
      ) => [`x${i}`, Int8Array.from({ length: columns }, (_, k) => k * 37)]),
    );
    for (const load of [loadReference, loadWasm]) {
      using instance = await load(file);
      const outputs = instance.runSync(inputs);
      weights.forEach(({ rows, columns, trits }, i) => {
        const sums = Array.from({ length: rows }, (_, n) => {
          const row = trits.subarray(n * columns, (n + 1) * columns);
          return row.reduce((sum, trit, k) => sum + trit * inputs[`x${i}`][k], 100 * i + n);
        });
        assert.deepEqual([...outputs[`y${i}`].data], sums);
      });
    }
  },
});
