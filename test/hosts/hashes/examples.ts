/** Hashes on hosts without JavaScript, by the commands of `examples/hosts`. */
import { fileURLToPath } from "node:url";
import { GREEDY, IDS, PROMPT } from "../ids.ts";
import { COUNT, PROMPT as STORY, SEED, TEMPERATURE } from "../_stories.js";
import type { Example } from "../_without_javascript.ts";
import { idsHash } from "./hash.ts";
import type { Hashes, ModelOnDisk } from "./models.ts";

const WASM: string = fileURLToPath(
  new URL("../../../wasm/fewbit.simd.wasm", import.meta.url),
);

/** The hashes of what a command prints, or that it prints. */
export async function hashesByExample(
  example: Example,
  { model, file, input }: ModelOnDisk,
): Promise<Hashes> {
  const run = (name: string, ...args: (string | number)[]): Promise<string> =>
    example(name, WASM, file, ...args.map(String));
  const idsOf = (printed: string): number[] => printed.trim().split(" ").map(Number);
  switch (model.kind) {
    case "logits":
      return { logits: printedHash(await run("classify", input)) };
    case "language":
      return { ids: await idsHash(idsOf(await run("generate", GREEDY.length, ...PROMPT))) };
    case "stories": {
      const written = async (temperature: number): Promise<number[]> =>
        idsOf(await run("sample", temperature, SEED, COUNT, ...STORY));
      return { ids: await idsHash([...await written(0), ...await written(TEMPERATURE)]) };
    }
    case "sums":
      return { sums: printedHash(await run("embed", ...IDS)) };
    case "nodes":
      throw new Error("no command gives every node");
  }
}

function printedHash(printed: string): string {
  const hash = /_sha256 ([0-9a-f]{64})/.exec(printed)?.[1];
  if (hash === undefined) throw new Error(`no hash: ${printed}`);
  return hash;
}
