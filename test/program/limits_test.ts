import assert from "node:assert/strict";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { LIMITS } from "../../src/program/program.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import { verdictOfTypeScript, verdictOfWasm } from "./_verdict.ts";

/** Both verdicts, which must be one. */
async function verdictOf(program: CompiledProgram): Promise<number> {
  const file = await encodeProgram(program);
  const { verdict } = verdictOfTypeScript(file);
  assert.equal(verdictOfWasm(file), verdict);
  return verdict;
}

/** A chain of copies through so many arena tensors, all of which live to the end. */
function chain(tensors: number): CompiledProgram {
  const b = new ProgramBuilder();
  const [one, size] = [b.expression(1), b.expression(16)];
  const rows = (name: string, region: "input" | "output" | "arena"): number =>
    b.whole(b.tensor({ name, region, dtype: "f32", extents: [one, size] }));
  const x = rows("x", "input");
  const values = Array.from({ length: tensors }, () => rows("", "arena"));
  const y = rows("y", "output");
  values.forEach((value) => b.instruction("copy", { x, y: value }));
  const sum = values[0];
  for (const value of values.slice(1)) b.instruction("accumulate", { x: value, y: sum });
  b.instruction("copy", { x: sum, y });
  b.entry("main");
  return b.finish();
}

Deno.test("both verifiers refuse one record more than the limits, not the last one within", async () => {
  const program = chain(2);
  const more = <T>(list: readonly T[], length: number): T[] =>
    Array.from({ length }, (_, i) => list[i] ?? list[list.length - 1]);
  const named = (length: number): CompiledProgram["symbols"] =>
    Array.from({ length }, (_, i) => ({
      name: `s${i}`,
      kind: "load",
      min: 1,
      max: 0,
      default: 1,
    }));
  const variants: readonly [keyof typeof LIMITS, (length: number) => CompiledProgram][] = [
    ["symbols", (length) => ({ ...program, symbols: named(length) })],
    ["expressions", (length) => ({
      ...program,
      expressions: more(program.expressions, length),
    })],
    ["tensors", (length) => ({ ...program, tensors: more(program.tensors, length) })],
    ["views", (length) => ({ ...program, views: more(program.views, length) })],
    ["instructions", (length) => ({
      ...program,
      instructions: more(program.instructions, length),
      entries: [{ name: "main", first: 0, count: length }],
    })],
    ["entries", (length) => ({
      ...program,
      instructions: more(program.instructions.slice(0, 1), length).map((i) => ({
        ...i,
        operands: program.instructions[program.instructions.length - 1].operands.map((o, j) =>
          j === 0 ? program.instructions[0].operands[0] : o
        ),
      })),
      entries: Array.from({ length }, (_, i) => ({ name: `e${i}`, first: i, count: 1 })),
    })],
  ];
  for (const [name, make] of variants) {
    assert.equal(await verdictOf(make(LIMITS[name])), VERDICTS.ok, name);
    assert.equal(await verdictOf(make(LIMITS[name] + 1)), VERDICTS.limit, name);
  }
});

Deno.test("the largest program that a file can hold is verified in seconds", async () => {
  const file = await encodeProgram(chain(16_000));
  const started = performance.now();
  assert.equal(verdictOfWasm(file), VERDICTS.ok);
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds < 5, `${seconds} s`);
});

Deno.test("expressions that could be rounded are refused", async () => {
  const b = new ProgramBuilder();
  const big = b.expression(2 ** 31 - 1);
  const [p, q] = ["p", "q"].map((name) =>
    b.symbol({ name, kind: "load", min: 1, max: big, default: 2 ** 31 - 1 })
  );
  const rows = b.symbol({ name: "rows", kind: "run", min: 1, max: b.expression(4), default: 1 });
  // 2^62 + rows − 2^62: float64 would give 0 for it.
  const extent = b.expression(0, [[2 ** 31 - 1, p], [1, rows], [-(2 ** 31 - 1), q]]);
  const one = b.expression(1);
  const x = b.tensor({ name: "x", region: "input", dtype: "i8", extents: [one, extent] });
  const y = b.tensor({ name: "y", region: "output", dtype: "i8", extents: [one, extent] });
  b.instruction("copy", { x: b.whole(x), y: b.whole(y) });
  b.entry("main");
  assert.equal(await verdictOf(b.finish()), VERDICTS.bad_expression);
});

Deno.test("past must count from the offsets of the same instruction", async () => {
  const verdict = async (own: boolean): Promise<number> => {
    const b = new ProgramBuilder();
    const [one, two, eight] = [b.expression(1), b.expression(2), b.expression(8)];
    const input = (
      name: string,
      extent: number,
      check: "offsets" | "distinct" | "past",
      of?: number,
    ): number =>
      b.tensor({
        name,
        region: "input",
        dtype: "i32",
        extents: [extent],
        check,
        limit: eight,
        offsets: of,
      });
    const x = b.tensor({ name: "x", region: "input", dtype: "i8", extents: [eight, eight] });
    const cache = b.tensor({
      name: "cache",
      region: "state",
      dtype: "i8",
      extents: [eight, eight, eight],
      encoding: "zero",
    });
    const [offsets, other] = [input("offsets", two, "offsets"), input("other", two, "offsets")];
    b.instruction("append_rows", {
      x: b.whole(x),
      offsets: b.whole(offsets),
      slot: b.whole(input("slot", one, "distinct")),
      past: b.whole(input("past", one, "past", own ? offsets : other)),
      cache: b.whole(cache),
    });
    b.entry("main");
    return await verdictOf(b.finish());
  };
  assert.equal(await verdict(true), VERDICTS.ok);
  assert.equal(await verdict(false), VERDICTS.bad_operand);
});

Deno.test("rings are bounded by their steps", async () => {
  const verdict = async (width: number): Promise<number> => {
    const b = new ProgramBuilder();
    const position = b.symbol({
      name: "p",
      kind: "run",
      min: 0,
      max: b.expression(99),
      default: 0,
    });
    const [one, six, four] = [b.expression(1), b.expression(6), b.expression(4)];
    const offset = b.expression(0, [[width, position]], b.expression(24));
    const x = b.tensor({ name: "x", region: "input", dtype: "i8", extents: [one, six] });
    const ring = b.tensor({
      name: "ring",
      region: "state",
      dtype: "i8",
      extents: [four, six],
      encoding: "zero",
    });
    b.instruction("copy", { x: b.whole(x), y: b.view(ring, [one, six], six, offset) });
    b.entry("main");
    return await verdictOf(b.finish());
  };
  assert.equal(await verdict(6), VERDICTS.ok);
  assert.equal(await verdict(12), VERDICTS.ok);
  assert.equal(await verdict(3), VERDICTS.out_of_bounds);
  assert.equal(await verdict(5), VERDICTS.out_of_bounds);
});
