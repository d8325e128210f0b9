/** Ternary weights: stored in base 3, streamed in pieces, decoded into panels. */
import assert from "node:assert/strict";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import type { SyncInstance } from "../../../src/engines/engine.ts";
import { decodeHead } from "../../../src/program/decode.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { VERDICTS } from "../../../src/program/verdict.ts";
import { grow, release, take } from "../../../src/engines/wasm/memory_pool.ts";
import { pickBuild } from "../../../src/engines/wasm/module.ts";
import type { WasmExports } from "../../../src/engines/wasm/_exports.ts";
import { random } from "../../program/_mutate.ts";
import { rowsProgram } from "../../program/_build.ts";
import { matrices, ternaryProgram } from "../../program/_ternary.ts";
import type { TernaryMatrix } from "../../program/_ternary.ts";

/** A file in pieces of 1 to `most` bytes. */
function* pieces(file: Uint8Array<ArrayBuffer>, most: number): Generator<Uint8Array<ArrayBuffer>> {
  const next = random(most);
  for (let at = 0; at < file.length;) {
    const size = 1 + next(most);
    yield file.subarray(at, at += size);
  }
}

/** The panels of `w0`, `w1` … in memory. */
function residents(instance: SyncInstance): Uint8Array[] {
  return instance.program.tensors.flatMap(({ encoding }, i) => {
    if (encoding !== "base3") return [];
    const { buffer, byteOffset, byteLength } = instance.peekSync(i).data;
    return [new Uint8Array(buffer, byteOffset, byteLength)];
  });
}

/** By the definition of `panel_8x16_t2`: every trit, and trit 0 in the padding. */
function checkPanel(panel: Uint8Array, { rows, columns, trits }: TernaryMatrix): void {
  const groups = Math.ceil(columns / 16);
  assert.equal(panel.length, Math.ceil(rows / 8) * groups * 32);
  for (let n = 0; n < Math.ceil(rows / 8) * 8; n++) {
    for (let k = 0; k < groups * 16; k++) {
      const [group, rest] = [Math.floor(k / 16), k % 16];
      const [p, j] = [Math.floor(rest / 4), rest % 4];
      const byte = panel[((Math.floor(n / 8) * groups + group) * 8 + n % 8) * 4 + j];
      const trit = n < rows && k < columns ? trits[n * columns + k] : 0;
      if ((byte >> 2 * p & 3) !== trit + 1) {
        assert.fail(`[${rows}, ${columns}]: row ${n}, column ${k}: ${byte >> 2 * p & 3}`);
      }
    }
  }
}

Deno.test("trits: all remainders of rows and columns are decoded alike by all engines", async () => {
  // K takes all remainders modulo 5 and 16 together, N all modulo 8.
  for (let n = 1; n <= 8; n++) {
    const shapes = Array.from({ length: 80 }, (_, i) => [n + 8 * (i % 2), i + 1] as const);
    const weights = matrices(...shapes);
    const file = await encodeProgram(ternaryProgram(weights));
    using reference = await loadReference(file);
    const expected = residents(reference);
    assert.equal(expected.length, 80);
    expected.forEach((panel, i) => checkPanel(panel, weights[i]));
    for (const build of ["simd", "relaxed"] as const) {
      using instance = await loadWasm(file, { build });
      assert.deepEqual(residents(instance), expected);
    }
  }
});

Deno.test("trits: a stream may be cut anywhere", async () => {
  const file = await encodeProgram(ternaryProgram(matrices([3, 7], [9, 33], [1, 1], [17, 45])));
  using reference = await loadReference(file);
  const expected = residents(reference);
  for (const most of [1, 2, 3, 5, 17, 100, 1000]) {
    using instance = await loadWasm([...pieces(file, most)]);
    assert.deepEqual(residents(instance), expected, `pieces up to ${most} bytes`);
    using fork = instance.fork();
    assert.deepEqual(residents(fork), expected);
  }
});

Deno.test("trits: more than the buffer holds, and raw constants keep their place", async () => {
  const weights = matrices([1000, 517], [1, 3]);
  const program = ternaryProgram(weights);
  const file = await encodeProgram(program);
  using instance = await loadWasm(file);
  residents(instance).forEach((panel, i) => checkPanel(panel, weights[i]));
  for (const [i, bytes] of program.data) {
    if (program.tensors[i].encoding === "base3") continue;
    const { buffer } = instance.peekSync(i).data;
    assert.deepEqual(new Uint8Array(buffer), bytes);
  }
});

/** Calls the module as a host does, up to the point where trits are pushed. */
function planned(
  file: Uint8Array,
  use: (exports: WasmExports, model: number, stored: Uint8Array) => void,
): void {
  const machine = take(pickBuild("simd").module, file.length);
  try {
    const { exports } = machine;
    const { headBytes, segments } = decodeHead(file);
    const model = exports.heap_base();
    grow(machine, model + exports.model_size(headBytes));
    new Uint8Array(exports.memory.buffer).set(file.subarray(0, headBytes), model + 256);
    assert.equal(exports.model_load(model, headBytes), 0);
    assert.equal(exports.trits_push(model, 1), -VERDICTS.bad_argument, "before planning");
    assert.equal(exports.model_plan(model, 2 ** 28, 2 ** 30), 0);
    grow(machine, exports.model_end(model) + exports.instance_size(model));
    segments.slice(0, 3).forEach(({ offset, length }, i) =>
      new Uint8Array(exports.memory.buffer).set(
        file.subarray(offset, offset + length),
        exports.segment_address(model, i),
      )
    );
    const trits = segments.at(3) ?? { offset: 0, length: 0 };
    use(exports, model, file.subarray(trits.offset, trits.offset + trits.length));
  } finally {
    release(machine);
  }
}

Deno.test("trits: too many or too few are refused", async () => {
  const file = await encodeProgram(ternaryProgram(matrices([90, 700])));
  planned(file, (exports, model, stored) => {
    const push = (from: number, to: number): number => {
      const piece = stored.subarray(from, to);
      new Uint8Array(exports.memory.buffer).set(piece, exports.trits_address(model));
      return exports.trits_push(model, to - from);
    };
    const refused = -VERDICTS.bad_argument;
    assert.equal(exports.trits_bytes(model), stored.length);
    assert.equal(exports.model_ready(model), refused, "nothing pushed");
    assert.equal(push(0, 0), 0);
    assert.equal(push(0, stored.length - 1), 0);
    assert.equal(exports.model_ready(model), refused, "one byte short");
    assert.equal(push(stored.length - 1, stored.length + 1), refused, "one too many");
    assert.equal(exports.trits_push(model, -1), refused);
    assert.equal(push(stored.length - 1, stored.length), 0);
    assert.equal(push(stored.length, stored.length + 1), refused);
    assert.equal(exports.model_ready(model), 0);
    assert.equal(push(0, 1), refused, "after the end");
  });
});

Deno.test("trits: a push is not larger than the buffer", async () => {
  const file = await encodeProgram(ternaryProgram(matrices([1000, 517])));
  planned(file, (exports, model) => {
    const capacity = exports.trits_capacity(model);
    assert.ok(capacity >= 4096 && capacity < exports.trits_bytes(model));
    assert.equal(exports.trits_push(model, capacity + 1), -VERDICTS.bad_argument);
  });
});

Deno.test("trits: a model without any has no buffer", async () => {
  const file = await encodeProgram(rowsProgram());
  planned(file, (exports, model) => {
    assert.equal(exports.trits_bytes(model), 0);
    assert.equal(exports.trits_capacity(model), 0);
    assert.equal(exports.trits_address(model), 0);
    assert.equal(exports.trits_push(model, 1), -VERDICTS.bad_argument);
    assert.equal(exports.trits_push(model, 0), 0);
    assert.equal(exports.model_ready(model), 0);
  });
});
