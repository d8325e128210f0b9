/** all-MiniLM-L6-v2 as one file, from the folder that `deno task fetch-model minilm` fills. */
import { encodeProgram } from "../../src/program/encode.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { modelFolder } from "../../tools/fetch_model.ts";

export { IDS } from "./ids.ts";

/** Whether a test has to be skipped: the model is not there. Prints so; in CI nothing is skipped. */
export function minilmIsMissing(): boolean {
  if (Deno.env.get("CI") !== undefined) return false;
  try {
    Deno.statSync(`${modelFolder("minilm")}/model.safetensors`);
    return false;
  } catch {
    console.log("skipped: all-MiniLM-L6-v2 is not there; run deno task fetch-model minilm");
    return true;
  }
}

/** The file. */
export async function minilmFile(): Promise<Uint8Array<ArrayBuffer>> {
  return await encodeProgram(await quantizeEncoder(await readEncoderFolder(modelFolder("minilm"))));
}

/** SHA-256 of its channel sums as int32, by the numpy oracle (`integer.json` of the goldens). */
export const SUMS_SHA256 = "0664a8bf4551fdd3b2187c1f8ed56ed099907c673394e915c4dc37edad96c185";
