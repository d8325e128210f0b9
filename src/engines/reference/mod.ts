/**
 * The reference engine: the readable definition of every instruction, and the oracle of the others.
 *
 * @module
 */
import type { LoadOptions, SyncInstance } from "../engine.ts";
import { wholeProgram } from "../whole_program.ts";
import { ReferenceInstance } from "./_instance.ts";

/**
 * Loads a program on the reference engine.
 *
 * @param bytes A whole `model.fewbit` file.
 * @throws {ProgramError} Where the file is damaged or not safe to run.
 */
export async function loadReference(
  bytes: Uint8Array,
  options: LoadOptions = {},
): Promise<SyncInstance> {
  await Promise.resolve();
  const source = wholeProgram(bytes, options);
  return new ReferenceInstance(source, source);
}
