/** The picture that every host classifies, and the hash that every host must give. */
import { createHash } from "node:crypto";
import { load } from "../../src/engines/load.ts";
import { decodeImage } from "../../src/vision/decode.ts";

/** The shipped model. */
export const MODEL: URL = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);

/** The pixels of the picture, as the model takes them. */
export function pixels(): Uint8Array {
  const path = new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url);
  return decodeImage(Deno.readFileSync(path)).data;
}

/** SHA-256 of bytes, hexadecimal. */
export function sha256(data: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** Hash of the logits on an engine of this process. */
export async function hashOn(engine: "reference" | "wasm-simd" | "wasm-relaxed"): Promise<string> {
  using instance = await load(Deno.readFileSync(MODEL), { engine });
  const { logits } = await instance.run({ pixels: pixels() });
  return sha256(logits.data);
}

/** Runs a program to its end; throws with what it printed where it fails. */
export async function capture(
  command: string,
  args: string[],
  options: Deno.CommandOptions = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, ...options })
    .output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`${command} failed:\n${text}\n${new TextDecoder().decode(stderr)}`);
  return text;
}

/** Why a host cannot be tried here: its program is missing. In CI everything must be there. */
export function missing(command: string): boolean {
  if (Deno.env.get("CI") !== undefined) return false;
  const found = (Deno.env.get("PATH") ?? "").split(":").some((directory) => {
    try {
      return Deno.statSync(`${directory}/${command}`).isFile;
    } catch {
      return false;
    }
  });
  if (!found) console.log(`skipped: ${command} is not installed`);
  return !found;
}

/** A folder of this test's own that is removed at the end. */
export function scratchFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
