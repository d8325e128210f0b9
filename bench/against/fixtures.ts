/** The model files that both revisions are given. */
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { isFile } from "../../src/files/read_file.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { gemmProgram } from "../gemm_program.ts";
import { ternaryProgram } from "../ternary_program.ts";
import { sharedPath } from "../shared.ts";
import { productFile, PRODUCTS } from "./rows.ts";

const root = new URL("../../", import.meta.url);

/** Writes the files to a folder; what needs data that is not here is left out. */
export async function writeFixtures(folder: string): Promise<void> {
  const write = async (name: string, program: CompiledProgram): Promise<void> =>
    await Deno.writeFile(`${folder}/${name}`, await encodeProgram(program));
  const copies = [
    ["vit.fewbit", "models/vit-fashion-mnist.fewbit"],
    ["lm.fewbit", "models/hgrn-shakespeare.fewbit"],
    ["image.png", "examples/fashion/000-ankle-boot.png"],
  ] as const;
  for (const [name, path] of copies) await Deno.copyFile(new URL(path, root), `${folder}/${name}`);
  for (const [kind, shape] of PRODUCTS) {
    const [, k, n] = shape;
    const codes = Int8Array.from({ length: k * n }, (_, i) => (i * 1103 >> 3) % 127 - 63);
    const program = kind === "ternary"
      ? ternaryProgram(shape, { trits: codes.map((code) => code % 2), scale: 0.02 })
      : gemmProgram(kind, shape, kind === "f32" ? Float32Array.from(codes) : codes);
    await write(productFile(kind, shape), program);
  }
  if (await isFile(sharedPath("golden/ivit/deit_t_table.json"))) {
    const { DEIT_T, integerNetwork } = await import("../seeded_vision.ts");
    await write("deit_t.fewbit", integerNetwork(DEIT_T, 8).program);
  }
  if (await isFile(`${modelFolder("minilm")}/model.safetensors`)) {
    const minilm = await readEncoderFolder(modelFolder("minilm"));
    await write("minilm.fewbit", await quantizeEncoder(minilm, {}));
  }
}
