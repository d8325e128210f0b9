/** The programs of a student without its model: what they are made of, and how much memory they take. */
import type { LlamaConfig } from "../../models/llama_config.ts";
import { hasRotation } from "../../numeric/hadamard.ts";
import type { CompiledProgram } from "../../program/program.ts";
import { studentBlock } from "./_student_block.ts";
import { studentHead } from "./_student_head.ts";

/**
 * The program of a block, behind a prefix of one id, and that of the head; the latter as of a rotated network where there
 * is a rotation.
 *
 * @param tokens Ids of a window.
 */
export function previewStudent(
  config: LlamaConfig,
  tokens: number,
): { readonly block: CompiledProgram; readonly head: CompiledProgram } {
  const { width, vocabularySize } = config;
  const head = {
    codes: new Int8Array(),
    scales: new Float32Array(vocabularySize).fill(1),
    gamma: new Float32Array(width).fill(1),
    scale: 1,
    ...hasRotation(width) && { back: new Float32Array() },
  };
  return { block: studentBlock(config, tokens, 1), head: studentHead(config, head) };
}
