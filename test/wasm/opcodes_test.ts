/** What the built modules contain, seen through wabt. */
import assert from "node:assert/strict";
import wabt from "wabt";
import { compileModule } from "../../tools/asc.ts";

const root = new URL("../../", import.meta.url);

async function disassemble(wasm: Uint8Array): Promise<string> {
  const { readWasm } = await wabt();
  const features = { simd: true, relaxed_simd: true };
  const module = readWasm(wasm, { readDebugNames: true, ...features });
  try {
    module.applyNames();
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}

for (const build of ["simd", "relaxed"]) {
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
 * Functions of integer instructions that use float64 for requantisation. Each has the proof that the
 * result is exact at its head, and is compared with the 64-bit integer twin at the bound by the
 * conformance suite (`_cases_integer.ts`: ties, |z·m| around 2^53, saturation).
 */
const PROVED = [
  /^asm\/kernels\/requantize\//,
  /^asm\/kernels\/epilogue(_panel)?\//,
  /^asm\/kernels\/integer\/real_multiplier$/,
  /^asm\/kernels\/attention_i8\/add_bias$/,
  /^asm\/kernels\/residual\/residual_row$/,
  // Hands multipliers to residual_row.
  /^asm\/(kernels\/embed\/embed|ops\/embedding_i[48]\/exec_embedding_i[48])$/,
  // Compares bounds of the plan; no value goes through it.
  /^asm\/ops\/attention_i8\/exec_attention_i8$/,
];

/** Float32 instructions, and the boundary where integers begin and end. */
const FLOAT = [
  /_f32/,
  /^asm\/ops\/(quantize_linear|dequantize_linear|rms_norm_quantize_i8)\//,
  // What a row's alpha makes of exact sums: float32 by the instruction's description.
  /^asm\/kernels\/gemm_t2\/(gemm_t2|finish)$/,
  // These have a float32 type beside their integer ones.
  /^asm\/ops\/(mean_rows|accumulate|pool_rows)\//,
  // Float32 norm in front of int8 codes, and the float32 factor after an integer product.
  /^asm\/ops\/rms_norm_quantize_i8\//,
  /^asm\/kernels\/gemm_t2\/(finish|gemm_t2)$/,
];

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
  const known = [...PROVED, ...FLOAT];
  assert.deepEqual(
    [...floats].filter((kernel) => !known.some((pattern) => pattern.test(kernel))),
    [],
  );
});
