/** Programs whose last attribute may be left out: how many there may be, and of which values. */
import assert from "node:assert/strict";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import type { Verdict } from "../../src/program/verdict.ts";
import { verdictOfTypeScript, verdictOfWasm } from "./_verdict.ts";

/** One product; by name, extents of operands. */
function product(
  instruction: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  output: readonly number[],
): CompiledProgram {
  const b = new ProgramBuilder();
  const of = (extents: readonly number[]) => extents.map((n) => b.expression(n));
  const operands = Object.fromEntries(
    Object.entries(inputs).map(([name, extents]) => {
      const tensor = b.tensor({ region: "input", name, dtype: "f32", extents: of(extents) });
      return [name, b.whole(tensor)];
    }),
  );
  const y = b.tensor({ region: "output", name: "y", dtype: "f32", extents: of(output) });
  b.instruction(instruction, { ...operands, y: b.whole(y) });
  b.entry("main");
  return b.finish();
}

/** What both verifiers say of the program with other attributes. */
async function verdictOf(program: CompiledProgram, attributes: readonly number[]): Promise<number> {
  const instructions = program.instructions.map((one) => ({ ...one, attributes }));
  const file = await encodeProgram({ ...program, instructions });
  const { verdict } = verdictOfTypeScript(file);
  assert.equal(verdictOfWasm(file, {}, () => {}, trainBuild().module), verdict, `[${attributes}]`);
  return verdict;
}

Deno.test("both verifiers take an optional attribute or none, and only values that it has", async () => {
  const matmul = product("matmul_nt_f32", { a: [1, 2, 3], b: [1, 4, 3] }, [1, 2, 4]);
  const conv = product("conv_f32", { x: [1, 3, 3, 1], weight: [2, 1, 1, 1] }, [1, 3, 3, 2]);
  const without = conv.instructions[0].attributes;
  const cases: readonly (readonly [CompiledProgram, readonly number[], Verdict])[] = [
    [matmul, [], "ok"],
    [matmul, [0], "ok"],
    [matmul, [2], "ok"],
    [matmul, [3], "bad_attribute"],
    [matmul, [-1], "bad_attribute"],
    [matmul, [0, 0], "bad_opcode"],
    [conv, without, "ok"],
    [conv, [...without, 1], "ok"],
    [conv, [...without, 3], "bad_attribute"],
    [conv, [...without, 1, 1], "bad_opcode"],
    [conv, without.slice(0, -1), "bad_opcode"],
    [conv, [], "bad_opcode"],
  ];
  for (const [program, attributes, verdict] of cases) {
    assert.equal(await verdictOf(program, attributes), VERDICTS[verdict], `[${attributes}]`);
  }
});
