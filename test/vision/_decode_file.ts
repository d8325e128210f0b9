/** Decodes a picture, for {@linkcode peakMemory}. */
import { decodeImage } from "../../src/vision/decode.ts";

/** The first argument is the file. */
export function run(path: string): void {
  decodeImage(Deno.readFileSync(path));
}
