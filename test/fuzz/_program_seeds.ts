/** The good programs from which the mutants come. */
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { convertVision } from "../../src/compile/vision.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { CASES } from "../conformance/cases.ts";
import { prepare } from "../conformance/_program.ts";
import { Random } from "../conformance/_random.ts";
import { files } from "../program/_build.ts";
import { splitFile } from "./_file_parts.ts";
import type { ProgramSeed } from "./_mutate_program.ts";

/** The model that is shipped. */
export const SHIPPED = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
/** A checkpoint of I-ViT's training, of 32 channels, and what it does not say of itself. */
export const TINY = new URL("../vectors/tiny/deit.safetensors", import.meta.url);
export const TINY_CONFIG = { num_heads: 2 };

/** Cases of each instruction, and the largest file. */
const CASES_EACH = 8;
const MAX_CASE_BYTES = 3000;

/** Seeds by kind: `one` has one instruction, `small` uses all of the format, then two networks. */
export interface ProgramSeeds {
  readonly one: readonly ProgramSeed[];
  readonly small: readonly ProgramSeed[];
  readonly tiny: ProgramSeed;
  readonly shipped: ProgramSeed;
}

/** Makes all seeds. */
export async function programSeeds(): Promise<ProgramSeeds> {
  const small = Object.entries(await files()).map(([name, file]) => seedOf(name, file));
  return {
    one: await oneInstructionSeeds(),
    small,
    tiny: seedOf("tiny", await tinyProgram()),
    shipped: seedOf("shipped", Uint8Array.from(await Deno.readFile(SHIPPED))),
  };
}

async function tinyProgram(): Promise<Uint8Array<ArrayBuffer>> {
  const weights = readSafetensors(await Deno.readFile(TINY));
  return await encodeProgram(convertVision({ config: TINY_CONFIG, weights }).program);
}

async function oneInstructionSeeds(): Promise<ProgramSeed[]> {
  const seeds: ProgramSeed[] = [];
  for (const [name, makeCases] of Object.entries(CASES)) {
    const smallFiles: Uint8Array<ArrayBuffer>[] = [];
    for (const c of makeCases(new Random(1))) {
      const { file } = await prepare(c);
      if (file.length <= MAX_CASE_BYTES) smallFiles.push(file);
    }
    const step = Math.max(1, Math.floor(smallFiles.length / CASES_EACH));
    for (let i = 0; i < smallFiles.length; i += step) seeds.push(seedOf(name, smallFiles[i]));
  }
  return seeds;
}

function seedOf(name: string, file: Uint8Array<ArrayBuffer>): ProgramSeed {
  return { name, file, ...splitFile(file) };
}
