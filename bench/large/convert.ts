/** Converts a checkpoint folder in this process as `fewbit convert` does, and says what it took. */
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { peakBytes } from "../cold/finish.ts";

/** What the process found out. */
export interface LargeConversion {
  readonly ms: number;
  readonly peakBytes: number;
  readonly fileBytes: number;
  /** Bytes of the file that are ternary weights in base 3, and how many weights they are. */
  readonly ternaryBytes: number;
  readonly ternaryWeights: number;
  readonly embeddingBytes: number;
}

const [folder, output] = Deno.args;
const start = performance.now();
const { weights, ...files } = await openTextCheckpoint(folder);
const { program } = await compileTextModel(weights, files);
const file = await encodeProgram(program);
await Deno.writeFile(output, file);
const ms = performance.now() - start;
let [ternaryBytes, ternaryWeights, embeddingBytes] = [0, 0, 0];
program.tensors.forEach(({ encoding, extents, dtype }, i) => {
  const bytes = program.data.get(i)?.length ?? 0;
  if (dtype === "bf16") embeddingBytes += bytes;
  if (encoding !== "base3") return;
  ternaryBytes += bytes;
  ternaryWeights += extents.reduce((n, extent) => n * program.expressions[extent].constant, 1);
});
const result: LargeConversion = {
  ms,
  peakBytes: peakBytes(),
  fileBytes: file.length,
  ternaryBytes,
  ternaryWeights,
  embeddingBytes,
};
console.log(JSON.stringify(result));
