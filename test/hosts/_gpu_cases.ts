/** A seeded fifth of the cases of the conformance suite, for GPUs beside that of the suite itself. */
import { decodeBase64, encodeBase64 } from "../../src/base64.ts";
import { DISPATCHES } from "../../src/engines/webgpu/shaders/mod.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import type { Case } from "../conformance/_case.ts";
import { CASES } from "../conformance/cases.ts";
import { compareResults } from "../conformance/_compare.ts";
import { prepare, runPrepared } from "../conformance/_program.ts";
import type { Prepared } from "../conformance/_program.ts";
import { Random } from "../conformance/_random.ts";
import type { AnsweredCase, SentCase } from "./_gpu_cases_run.ts";

const SEED = 20261129;

/** A case, and its place among those of its instruction. */
export interface DrawnCase {
  readonly instruction: string;
  readonly index: number;
  readonly case: Case;
}

/**
 * A fifth of the cases of every instruction, drawn with a seed.
 *
 * @param most Of each instruction so many at most, spread over its fifth.
 */
export function drawCases(most: number): DrawnCase[] {
  const draw = new Random(SEED + 5);
  return Object.keys(DISPATCHES).flatMap((instruction) => {
    const all = [...CASES[instruction](new Random(SEED))];
    const chosen = all.map((one, index) => ({ instruction, index, case: one }))
      .filter(({ index }) => draw.chance(0.2) || index === 0);
    const count = Math.min(most, chosen.length);
    return Array.from({ length: count }, (_, i) => chosen[Math.floor(i * chosen.length / count)]);
  });
}

/** A prepared case as it is sent. */
export function sent({ file, inputs, symbols, results }: Prepared): SentCase {
  return {
    file: encodeBase64(file),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, data]) => [name, encodeBase64(bytesOf(data))]),
    ),
    symbols,
    results: results.map(({ name }) => name),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Holds an answer against the reference engine. */
export async function checkAnswer(
  { case: one, index }: DrawnCase,
  prepared: Prepared,
  { results }: AnsweredCase,
): Promise<void> {
  using reference = await loadReference(prepared.file);
  const expected = runPrepared(reference, prepared);
  const actual = results.map((text) => decodeBase64(text)!);
  const engine = { name: "Chromium's GPU", load: loadReference };
  compareResults(one, prepared, expected, actual, engine, index);
}

/** The case as a program. */
export function prepared({ case: one }: DrawnCase): Promise<Prepared> {
  return prepare(one);
}
