import wabt from "../../tools/wabt.ts";

/** A module as text, with the names it has. */
export async function disassemble(wasm: Uint8Array): Promise<string> {
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
