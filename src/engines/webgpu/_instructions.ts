/** The instructions of a program as dispatches, compiled. */
import { instructionOf } from "../../instructions/mod.ts";
import type { InstructionSpec } from "../../instructions/mod.ts";
import type { Index, Instruction } from "../../program/program.ts";
import type { VerifiedProgram } from "../../program/verify.ts";
import type { Pipelines } from "./_pipelines.ts";
import type { Places } from "./_places.ts";
import { FLOATS } from "./wgsl/float32.ts";
import { header } from "./wgsl/header.ts";
import { dotProduct, INTEGERS } from "./wgsl/integer.ts";
import { Operation } from "./wgsl/operation.ts";
import type { Groups, Placed, ShaderOperand, Sizes, Stage } from "./wgsl/operation.ts";
import { DISPATCHES } from "./shaders/mod.ts";

/** What a host's WGSL has; not all hosts' types know of it. */
interface LanguageFeatures {
  readonly wgslLanguageFeatures?: ReadonlySet<string>;
}

/** A dispatch that is compiled. */
export interface CompiledStage {
  readonly pipeline: GPUComputePipeline;
  readonly groups: Groups;
}

/** An instruction that is compiled. */
export interface CompiledInstruction {
  readonly spec: InstructionSpec;
  readonly instruction: Instruction;
  /** The chunk of constants that it binds. */
  readonly chunk: number;
  readonly attributes: Readonly<Record<string, number>>;
  readonly stages: readonly CompiledStage[];
  /** What takes their place where y has so few rows. */
  readonly few: { readonly rows: number; readonly stages: readonly CompiledStage[] } | undefined;
}

/** All instructions of a program. */
export interface CompiledInstructions {
  readonly all: readonly CompiledInstruction[];
  /** Most words of scratch memory that one of them needs. */
  readonly scratchWords: number;
}

/** How instructions are compiled. */
export interface CompileSettings {
  /** Whether sums of products in float32 are the GPU's own. */
  readonly isFast: boolean;
  readonly onCompiled: (done: number, total: number) => void;
}

/** Compiles the shaders of all instructions at once; `onCompiled` is told how many of them are done. */
export async function compileInstructions(
  verified: VerifiedProgram,
  places: Places,
  pipelines: Pipelines,
  { isFast, onCompiled }: CompileSettings,
): Promise<CompiledInstructions> {
  const { program } = verified;
  let [done, total, scratchWords] = [0, 0, 0];
  const { wgslLanguageFeatures: features } = navigator.gpu as LanguageFeatures;
  const isPacked = features?.has("packed_4x8_integer_dot_product") ?? false;
  const all = program.instructions.map(async (instruction) => {
    const spec = instructionOf(instruction.opcode)!;
    const operands = instruction.operands.map((view, j) =>
      operandOf(verified, places, { spec, instruction }, view, j)
    );
    const operation = operationOf(verified, places, spec, instruction, operands, isFast);
    const made = DISPATCHES[spec.name](operation);
    scratchWords = Math.max(scratchWords, made.scratchWords ?? 0);
    const compiled = (stages: readonly Stage[]): Promise<CompiledStage[]> =>
      Promise.all(stages.map(async ({ body, groups }) => {
        total++;
        const code = [
          header(spec, operands),
          INTEGERS,
          body.includes("dot4(") ? dotProduct(isPacked) : "",
          usesFloats(body) ? FLOATS : "",
          body,
        ].join("");
        const pipeline = await pipelines.get(code, spec.name);
        onCompiled(++done, total);
        return { pipeline, groups };
      }));
    const [stages, few] = await Promise.all([
      compiled(made.stages),
      made.few && compiled(made.few.stages),
    ]);
    return {
      spec,
      instruction,
      chunk: places.chunks.of(instruction),
      attributes: attributesOf(spec, instruction),
      stages,
      few: few && { rows: made.few!.rows, stages: few },
    };
  });
  return { all: await Promise.all(all), scratchWords };
}

/** The operands of an instruction in a run, by name. */
export function sizesOf(
  places: Places,
  { spec, instruction }: Pick<CompiledInstruction, "spec" | "instruction">,
  values: ArrayLike<number>,
): Sizes {
  const sizes: Record<string, Placed> = {};
  instruction.operands.forEach((view, j) => {
    if (view >= 0) sizes[spec.operands[j].name] = places.view(view, values, instruction);
  });
  return sizes;
}

function operandOf(
  { program }: VerifiedProgram,
  places: Places,
  { spec, instruction }: Pick<CompiledInstruction, "spec" | "instruction">,
  view: Index,
  j: number,
): ShaderOperand | undefined {
  if (view < 0) return undefined;
  const { tensor } = program.views[view];
  const { dtype, layout, region } = program.tensors[tensor];
  const isConstant = region === "constant" && !places.isCopied(instruction, tensor);
  return { name: spec.operands[j].name, dtype, layout, isConstant };
}

function operationOf(
  { program, ranges }: VerifiedProgram,
  places: Places,
  spec: InstructionSpec,
  instruction: Instruction,
  operands: readonly (ShaderOperand | undefined)[],
  isFast: boolean,
): Operation {
  const most = sizesOf(places, { spec, instruction }, ranges.map(({ max }) => max));
  const fixed = instruction.operands.flatMap((view, j) => {
    if (view < 0) return [];
    const { offset, rowStride, extents } = program.views[view];
    const sizes = [offset, rowStride, extents[extents.length - 1]];
    return sizes.every((i) => ranges[i].min === ranges[i].max) ? [spec.operands[j].name] : [];
  });
  return new Operation({
    operands: operands.filter((operand) => operand !== undefined),
    most,
    fixed: new Set(fixed),
    attributes: attributesOf(spec, instruction),
    isFast,
  });
}

function attributesOf(
  { attributes = [] }: InstructionSpec,
  instruction: Instruction,
): Record<string, number> {
  return Object.fromEntries(attributes.map(({ name }, i) => [name, instruction.attributes[i]]));
}

const usesFloats = (body: string): boolean => /\bf_\w+\(/.test(body);
