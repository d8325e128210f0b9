/**
 * Constants in buffers that a GPU can bind. Where one is too small for all, they are cut at the borders of tensors; an
 * instruction binds the chunk with its largest constant, and has copies in memory of those of its others that lie elsewhere.
 */
import { FewbitError } from "../../errors.ts";
import type { Index, Instruction } from "../../program/program.ts";
import type { VerifiedProgram } from "../../program/verify.ts";
import type { ByteRange } from "./_places.ts";

/** Regions and copies begin at multiples of it. */
const ALIGNMENT = 256;

/** Where constants are. */
export class Chunks {
  /** The constants of each, as they lie in the file's region. */
  readonly ranges: readonly ByteRange[];
  /** Bytes of the copies in memory. */
  readonly copiedBytes: number;
  readonly #verified: VerifiedProgram;
  /** Places of copies behind the beginning of their area. */
  readonly #copies = new Map<Index, number>();

  /**
   * @param most Bytes that can be bound at once.
   * @throws {FewbitError} `limit_exceeded` where a tensor has more.
   */
  constructor(verified: VerifiedProgram, most: number) {
    this.#verified = verified;
    this.ranges = cut(verified, most);
    let at = 0;
    for (const instruction of verified.program.instructions) {
      const chunk = this.of(instruction);
      for (const tensor of this.#constants(instruction)) {
        if (this.#chunkOf(tensor) === chunk || this.#copies.has(tensor)) continue;
        this.#copies.set(tensor, at);
        at += Math.ceil(verified.plan.bytes[tensor] / ALIGNMENT) * ALIGNMENT;
      }
    }
    this.copiedBytes = at;
  }

  /** The chunk that an instruction binds. */
  of(instruction: Instruction): number {
    const { bytes } = this.#verified.plan;
    const constants = this.#constants(instruction);
    if (constants.length === 0) return 0;
    return this.#chunkOf(constants.reduce((a, b) => bytes[b] > bytes[a] ? b : a));
  }

  /** Whether an instruction reads the copy of a constant. */
  isCopied(instruction: Instruction, tensor: Index): boolean {
    return this.#copies.has(tensor) && this.#chunkOf(tensor) !== this.of(instruction);
  }

  /** The chunk of a constant, and where it begins in it. */
  place(tensor: Index): { readonly chunk: number; readonly offset: number } {
    const chunk = this.#chunkOf(tensor);
    return { chunk, offset: this.#verified.plan.offsets[tensor] - this.ranges[chunk].offset };
  }

  /** The copies, by their tensors. */
  get copies(): ReadonlyMap<Index, number> {
    return this.#copies;
  }

  #chunkOf(tensor: Index): number {
    const at = this.#verified.plan.offsets[tensor];
    return this.ranges.findLastIndex(({ offset }) => offset <= at);
  }

  #constants({ operands }: Instruction): Index[] {
    const { views, tensors } = this.#verified.program;
    return operands.flatMap((view) =>
      view >= 0 && tensors[views[view].tensor].region === "constant" ? [views[view].tensor] : []
    );
  }
}

/** All constants, a chunk's worth after the other. */
function cut({ program, plan }: VerifiedProgram, most: number): ByteRange[] {
  const whole = plan.regionBytes.constant;
  if (whole <= most) return [{ offset: 0, bytes: whole }];
  const constants = program.tensors.flatMap(({ region }, i) => region === "constant" ? [i] : [])
    .sort((a, b) => plan.offsets[a] - plan.offsets[b]);
  const starts = [0];
  constants.forEach((tensor, i) => {
    const next = constants[i + 1];
    const end = next === undefined ? whole : plan.offsets[next];
    if (end - plan.offsets[tensor] > most) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot load on this GPU: ${program.tensors[tensor].name || "a constant"} has ` +
          `${plan.bytes[tensor]} bytes, it binds at most ${most}`,
      );
    }
    if (end - starts.at(-1)! > most) starts.push(plan.offsets[tensor]);
  });
  return starts.map((offset, i) => ({ offset, bytes: (starts[i + 1] ?? whole) - offset }));
}
