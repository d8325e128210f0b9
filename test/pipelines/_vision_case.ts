import { encodeProgram } from "../../src/program/encode.ts";
import { load } from "../../src/engines/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { readCheckpointFolder } from "../../src/checkpoints/checkpoint_folder.ts";
import { compileFloatVision, preprocessingOf, quantizeVision } from "../../src/compile/vision.ts";
import { normalizePixels } from "../../src/vision/preprocess.ts";
import { floats, relativeError, withFolder } from "./_checkpoint_cases.ts";
import type { CheckpointCase } from "./_checkpoint_cases.ts";

/** What became of a folder. */
export interface VisionResult {
  /** Why it was refused. */
  readonly refused?: FewbitError;
  /** Of the float logits. */
  readonly error?: number;
  /** Root mean square difference of integer and float logits beside the float logits' size. */
  readonly loss?: number;
}

/** Random pixels. */
function* pictures(count: number, size: number): Generator<Uint8Array> {
  let state = 1;
  for (let n = 0; n < count; n++) {
    yield Uint8Array.from({ length: size }, () => {
      state = Math.imul(state, 1664525) + 1013904223 | 0;
      return state >>> 24;
    });
  }
}

/** Builds a folder's model in float32 and in integers and runs both. */
export async function runVision({ files, x, y, shape }: CheckpointCase): Promise<VisionResult> {
  return await withFolder(files, async (folder) => {
    try {
      const checkpoint = await readCheckpointFolder(folder);
      const program = compileFloatVision(checkpoint);
      const symbols = { max_batch: 48 };
      using float = await load(await encodeProgram(program), { symbols });
      const { logits } = await float.run({ image: floats(x!) }, {
        entry: "normalized",
        symbols: { batch: shape![0] },
      });
      const error = relativeError(logits.data as Float32Array, floats(y!));
      const preprocessing = preprocessingOf(checkpoint);
      const size = preprocessing.inputSize.reduce((a, b) => a * b);
      const images = [...pictures(48, size)];
      const { program: integers } = await quantizeVision(checkpoint, images);
      using integer = await load(await encodeProgram(integers), { symbols });
      const pixels = new Uint8Array(images.flatMap((image) => [...image]));
      const normal = new Float32Array(
        images.flatMap((image) => [...normalizePixels(image, preprocessing)]),
      );
      const run = { symbols: { batch: images.length } };
      const a = (await integer.run({ pixels }, { ...run, entry: "main" })).logits.data;
      const b = (await float.run({ image: normal }, { ...run, entry: "normalized" })).logits.data;
      return { error, loss: lossOf(a as Float32Array, b as Float32Array) };
    } catch (error) {
      if (error instanceof FewbitError) return { refused: error };
      throw error;
    }
  });
}

function lossOf(got: Float32Array, expected: Float32Array): number {
  const square = (f: (i: number) => number): number =>
    expected.reduce((sum, _, i) => sum + f(i) ** 2, 0);
  return Math.sqrt(square((i) => got[i] - expected[i]) / square((i) => expected[i]));
}
