/** What hosts other than Deno load as one bundle. */
import { load } from "../../src/train.ts";
import { trainedOn } from "./_train.js";

/** Trains with the module that `./train` carries. */
export function run(
  file: Uint8Array,
  pixels: Uint8Array,
  classes: Uint8Array,
): ReturnType<typeof trainedOn> {
  return trainedOn(load, file, pixels, classes);
}
