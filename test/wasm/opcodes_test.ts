/** What the built modules contain, seen through wabt. */
import assert from "node:assert/strict";
import { compileModule } from "../../tools/asc.ts";
import { disassemble } from "./_disassemble.ts";

const root = new URL("../../", import.meta.url);

for (const build of ["simd", "relaxed", "int"]) {
  Deno.test(`wasm: fewbit.${build}.wasm has no imports and exports its memory`, () => {
    const bytes = Deno.readFileSync(new URL(`wasm/fewbit.${build}.wasm`, root));
    const module = new WebAssembly.Module(bytes);
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    assert.ok(WebAssembly.Module.exports(module).some(({ kind }) => kind === "memory"));
  });
}

Deno.test("wasm: relaxed opcodes are in the relaxed build only", async () => {
  const bytes = (name: string): Uint8Array => Deno.readFileSync(new URL(`wasm/${name}`, root));
  assert.doesNotMatch(await disassemble(bytes("fewbit.simd.wasm")), /relaxed/);
  assert.match(await disassemble(bytes("fewbit.relaxed.wasm")), /relaxed_dot/);
});

/**
 * Whether the file of a function says why it may hold float opcodes: float32 instructions by their
 * name, others in a line `Floats in FUNCTIONS: why`. The conformance suite compares those that are exact
 * with the 64-bit integer twin at the bound (`_cases_integer.ts`: ties, |z·m| around 2^53, saturation).
 */
async function mayHaveFloats(name: string): Promise<boolean> {
  const [, file, called] = /^(asm\/\w+\/\w+)\/(\w+)/.exec(name) ?? [];
  if (/_f32(_|$)|^asm\/kernels\/f32_/.test(file)) return true;
  const text = await Deno.readTextFile(new URL(`${file}.ts`, root));
  const [, functions = ""] = /^\/\/ Floats in ([^:]+): \S/m.exec(text) ?? [];
  return functions.split(", ").some((one) => one === "*" || one === called);
}

Deno.test("wasm: integer kernels have no float opcode that is not proved exact", async () => {
  const text = await disassemble(await compileModule("simd", { flags: ["--debug"] }));
  let name = "";
  const kernels = new Set<string>();
  const floats = new Set<string>();
  for (const line of text.split("\n")) {
    const start = /^ {2}\(func \$(\S+)/.exec(line);
    if (start !== null) name = start[1];
    if (!/^asm\/(kernels|ops)\//.test(name)) continue;
    kernels.add(name);
    if (/\b(f32|f64|f32x4|f64x2)\./.test(line)) floats.add(name);
  }
  // The names are there, so the check sees something.
  assert.ok(kernels.has("asm/ops/attention_i8/exec_attention_i8") && kernels.size > 60);
  const unexplained: string[] = [];
  for (const kernel of floats) if (!await mayHaveFloats(kernel)) unexplained.push(kernel);
  assert.deepEqual(unexplained, []);
  assert.ok(floats.size > 30);
});
