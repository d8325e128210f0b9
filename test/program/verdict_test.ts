import assert from "node:assert/strict";
import { crc32c } from "../../src/program/crc32c.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { REGIONS } from "../../src/program/program.ts";
import type { Region } from "../../src/program/program.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import type { VerifiedProgram } from "../../src/program/verify.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { files } from "./_build.ts";
import { mutate, random, repairChecksums } from "./_mutate.ts";
import { verdictOfTypeScript, verdictOfWasm } from "./_verdict.ts";
import type { Look, Request } from "./_verdict.ts";

/** Compares the verdicts and, of a good file, where everything lies. */
function compare(bytes: Uint8Array, request: Request, where: string): number {
  const { verdict, verified, loaded } = verdictOfTypeScript(bytes, request);
  const look: Look | undefined = loaded
    ? (exports, context) => comparePlans(exports, context, verified!, where)
    : undefined;
  assert.equal(verdictOfWasm(bytes, request, look), verdict, where);
  return verdict;
}

function comparePlans(
  exports: WasmExports,
  context: number,
  { program, plan }: VerifiedProgram,
  where: string,
): void {
  const bases = new Map<Region, number>();
  program.tensors.forEach(({ region }, i) => {
    assert.equal(exports.tensor_capacity(context, i), plan.bytes[i], where);
    const base = exports.tensor_address(context, i) - plan.offsets[i];
    assert.equal(bases.get(region) ?? base, base, `${where}: tensor ${i}`);
    bases.set(region, base);
  });
  const regions = (Object.keys(REGIONS) as Region[]).slice(1);
  regions.forEach((region, i) => {
    const [from, to] = [bases.get(region), bases.get(regions[i + 1])];
    if (from === undefined || to === undefined) return;
    assert.equal(to - from, plan.regionBytes[region], `${where}: ${region}`);
  });
}

Deno.test("good programs pass both verifiers and lie where planned", async () => {
  for (const [name, bytes] of Object.entries(await files())) {
    assert.equal(compare(bytes, {}, name), VERDICTS.ok);
  }
});

Deno.test("both verifiers give the same verdict on damaged files, and none traps", async () => {
  const seen = new Map<number, number>();
  for (const [name, bytes] of Object.entries(await files())) {
    for (let seed = 0; seed < 4000; seed++) {
      const damaged = mutate(bytes, random(seed));
      const verdict = compare(damaged, {}, `${name}, seed ${seed}`);
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
    }
  }
  // The changes reach all stages of verification.
  const names = Object.entries(VERDICTS).filter(([, code]) => seen.has(code)).map(([name]) => name);
  for (const name of Object.keys(VERDICTS)) {
    // The last is not said of a module with all instructions: test/wasm/instruction_sets_test.ts.
    const rare = [
      ...["limit", "too_much_work", "bad_argument", "bad_input", "not_found"],
      "unsupported_instruction",
    ];
    if (!rare.includes(name)) assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
});

Deno.test("both verifiers bound symbols, memory and work alike", async () => {
  const all = await files();
  const next = random(7);
  const seen = new Set<number>();
  for (const [name, bytes] of Object.entries(all)) {
    const { symbols } = decodeHead(bytes).program;
    for (let i = 0; i < 500; i++) {
      const values = symbols.flatMap(({ kind }, s) =>
        kind === "load" && next(2) === 0 ? [[s, next(3) === 0 ? next(1 << 20) - 9 : next(70)]] : []
      ) as [number, number][];
      const request: Request = {
        symbols: values,
        ...next(3) === 0 ? { memoryLimitBytes: next(1 << 15) } : {},
        ...next(3) === 0 ? { workLimit: next(1 << 13) } : {},
      };
      seen.add(compare(bytes, request, `${name} ${JSON.stringify(request)}`));
    }
  }
  for (const verdict of ["ok", "bad_argument", "too_much_memory", "too_much_work"] as const) {
    assert.ok(seen.has(VERDICTS[verdict]), verdict);
  }
});

Deno.test("both verifiers refuse every truncation of a head", async () => {
  const { rows } = await files();
  const { headBytes } = decodeHead(rows);
  for (let length = 0; length < headBytes; length++) {
    const verdict = compare(rows.slice(0, length), {}, `${length} bytes`);
    assert.notEqual(verdict, VERDICTS.ok);
  }
});

Deno.test("both verifiers check the stored bytes and the indices among them", async () => {
  const { rows, ragged } = await files();
  const { headBytes } = decodeHead(rows);
  const damaged = rows.slice();
  damaged[headBytes + 5] ^= 1;
  assert.equal(compare(damaged, {}, "stored byte"), VERDICTS.checksum);

  const { segments } = decodeHead(ragged);
  const indices = ragged.slice();
  indices[segments[0].offset] = 1;
  const sum = crc32c(indices.subarray(segments[0].offset, segments[0].offset + segments[0].length));
  const view = new DataView(indices.buffer);
  // The sections are in the order of the file; SEGM is the tenth.
  view.setUint32(view.getUint32(64 + 9 * 20 + 8, true) + 12, sum, true);
  repairChecksums(indices);
  assert.equal(compare(indices, {}, "index"), VERDICTS.bad_data);
});

/** A program of one instruction. */
async function single(make: (b: ProgramBuilder) => void): Promise<Uint8Array<ArrayBuffer>> {
  const b = new ProgramBuilder();
  make(b);
  b.entry("main");
  return await encodeProgram(b.finish());
}

Deno.test("both verifiers refuse 7-bit weights of more bits, all places", async () => {
  for (let place = 0; place < 64; place += 7) {
    const data = new Uint8Array(64).fill(64);
    data[place] = 128;
    const file = await single((b) => {
      const e = (n: number) => b.expression(n);
      const x = b.tensor({ region: "input", name: "x", dtype: "i8", extents: [e(1), e(8)] });
      const weight = b.tensor({
        region: "constant",
        dtype: "i8",
        layout: "panel_8x4_u7",
        extents: [e(8), e(8)],
        data,
      });
      const y = b.tensor({ region: "output", name: "y", dtype: "i32", extents: [e(1), e(8)] });
      b.instruction("linear_i8", { x: b.whole(x), weight: b.whole(weight), y: b.whole(y) });
    });
    assert.equal(compare(file, {}, `byte ${place}`), VERDICTS.bad_data);
  }
});

Deno.test("both verifiers refuse sums of rows in a type that they have not", async () => {
  const verdicts: Record<string, number> = {};
  for (const from of ["i8", "i16", "f32"] as const) {
    for (const to of ["i32", "f32"] as const) {
      const file = await single((b) => {
        const e = (n: number) => b.expression(n);
        const x = b.tensor({ region: "input", name: "x", dtype: from, extents: [e(2), e(4)] });
        const offsets = b.tensor({
          region: "input",
          name: "offsets",
          dtype: "i32",
          extents: [e(2)],
          check: "offsets",
          limit: e(2),
        });
        const y = b.tensor({ region: "output", name: "y", dtype: to, extents: [e(1), e(4)] });
        const operands = { x: b.whole(x), offsets: b.whole(offsets), y: b.whole(y) };
        b.instruction("pool_rows", operands);
      });
      verdicts[`${from} ${to}`] = compare(file, {}, `${from} to ${to}`);
    }
  }
  const { ok, bad_rule } = VERDICTS;
  assert.deepEqual(verdicts, {
    "i8 i32": ok,
    "i8 f32": bad_rule,
    "i16 i32": ok,
    "i16 f32": bad_rule,
    "f32 i32": bad_rule,
    "f32 f32": ok,
  });
});
