/** SmolLM2 in integers from the parameters in `models/`, made once. */
import { isFile } from "../../src/files/read_file.ts";
import { modelFolder } from "../../tools/fetch_model.ts";

/** Bits of weights and activations. */
export type IntegerBits = "w8a8" | "w4a8g64";

/**
 * The path of the model beside the fetched ones. With 4 bits it takes minutes to make; remove it
 * where the format or the quantisation has changed.
 */
export async function integerModel(gguf: string, bits: IntegerBits): Promise<string> {
  const output = `${modelFolder(`smollm2-${bits}`)}.fewbit`;
  if (await isFile(output)) return output;
  const path = (name: string): string => new URL(name, import.meta.url).pathname;
  const params = path(`../../models/smollm2-${bits}.params.json`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path("../../cli.ts"), "quantize", gguf]
      .concat(["--bits", bits, "--params", params, "-o", output]),
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot make ${output}`);
  return output;
}
