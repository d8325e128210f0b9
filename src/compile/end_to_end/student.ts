/**
 * An integer Llama as a student: what its integers give, in float32 on the same codes, and the gradients of what is
 * learned. Blocks share one program: beside the residual before each there is one block in memory.
 */
import type { Inputs, SyncInstance } from "../../engines/engine.ts";
import { loadWasm } from "../../engines/wasm/load.ts";
import { trainBuild } from "../../engines/wasm/train_module.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import { encodeProgram } from "../../program/encode.ts";
import { BLOCK_LINEARS } from "../../training/quantization/llama_block.ts";
import { learnedOf, rowsOf, studentBlock } from "./_student_block.ts";
import { weightCodes } from "./_student_constants.ts";
import type { StudentConstants } from "./_student_constants.ts";
import { HEAD_ROWS, studentHead, writeHead } from "./_student_head.ts";
import type { TaughtWindow } from "./_teacher.ts";
import type { Trainables } from "./_trainables.ts";

/** A student that is loaded for windows of one length. */
export class Student implements Disposable {
  readonly #learned: readonly string[];
  readonly #angles: Float32Array;

  private constructor(
    private readonly config: LlamaConfig,
    readonly constants: StudentConstants,
    private readonly block: SyncInstance,
    private readonly head: SyncInstance,
    /** Ids of a window. */
    readonly tokens: number,
  ) {
    this.#learned = learnedOf(config).map(([name]) => name);
    this.#angles = constants.angles(tokens);
  }

  /** @param tokens Ids of a window, without the prefix. */
  static async open(constants: StudentConstants, tokens: number): Promise<Student> {
    const { config, prefix, downBits, head: matrices } = constants.parts;
    const build = trainBuild();
    const program = studentBlock(config, tokens, prefix, downBits);
    const block = await loadWasm(await encodeProgram(program), { build });
    const ahead = studentHead(config, matrices);
    const head = await loadWasm(await encodeProgram(ahead), { build });
    writeHead(head, matrices);
    return new Student(config, constants, block, head, tokens);
  }

  /** Bytes that the programs take. */
  get memoryBytes(): number {
    return this.block.memoryBytes + this.head.memoryBytes;
  }

  /** The divergence from the teacher, in nats a token. */
  loss(window: TaughtWindow, learned: Trainables): number {
    return this.#headOf(window, this.#forward(window.ids, learned).at(-1)!, learned, "loss").loss;
  }

  /** The same, and its gradient is added to that of what is learned. */
  learn(window: TaughtWindow, learned: Trainables): number {
    const streams = this.#forward(window.ids, learned);
    const { loss, dx } = this.#headOf(window, streams.pop()!, learned, "backward");
    let dy = dx;
    for (let layer = this.config.depth - 1; layer >= 0; layer--) {
      const { "bias.down": _, ...inputs } = this.#inputsOf(layer, learned);
      const x = streams.pop()!;
      const outputs = this.block.runSync({ ...inputs, x, dy }, { entry: "backward" });
      dy = (outputs.dx.data as Float32Array).slice();
      for (const name of this.#learned) {
        const { data } = outputs[`gradient.${name}`];
        learned.give(`layers.${layer}.${name}`, data as Float32Array);
      }
    }
    return loss;
  }

  /** The residual before each block, and behind the last. */
  #forward(ids: Int32Array, learned: Trainables): Float32Array[] {
    const streams: Float32Array[] = [this.constants.embed(ids)];
    for (let layer = 0; layer < this.config.depth; layer++) {
      const inputs = { ...this.#inputsOf(layer, learned), x: streams[layer] };
      const { y } = this.block.runSync(inputs, { entry: "forward" });
      streams.push((y.data as Float32Array).slice());
    }
    return streams;
  }

  #inputsOf(layer: number, learned: Trainables): Inputs {
    const { weights, inputs } = this.constants.layers[layer];
    const rows = rowsOf(this.config);
    return {
      ...inputs,
      angles: this.#angles,
      ...Object.fromEntries(
        BLOCK_LINEARS.map((name) => [`weight.${name}`, weightCodes(weights[name], rows[name])]),
      ),
      ...Object.fromEntries(
        this.#learned.map((name) => [name, learned.of(`layers.${layer}.${name}`)]),
      ),
    };
  }

  /** The divergence behind the last block, and its gradient there. */
  #headOf(
    { positions, pieces, probabilities }: TaughtWindow,
    residual: Float32Array,
    learned: Trainables,
    entry: "loss" | "backward",
  ): { readonly loss: number; readonly dx: Float32Array } {
    const { width, vocabularySize } = this.config;
    const kept = pieces.length / positions.length;
    const dx = new Float32Array(residual.length);
    const x = new Float32Array(HEAD_ROWS * width);
    const target = new Float32Array(HEAD_ROWS * vocabularySize);
    const others = new Float32Array(target.length);
    let loss = 0;
    for (let first = 0; first < positions.length; first += HEAD_ROWS) {
      const count = Math.min(HEAD_ROWS, positions.length - first);
      target.fill(0);
      others.fill(1);
      const rest = new Float32Array(HEAD_ROWS);
      for (let row = 0; row < count; row++) {
        const at = positions[first + row] * width;
        x.set(residual.subarray(at, at + width), row * width);
        let sum = 0;
        for (let i = (first + row) * kept; i < (first + row + 1) * kept; i++) {
          const place = row * vocabularySize + pieces[i];
          target[place] = probabilities[i];
          others[place] = 0;
          sum += probabilities[i];
        }
        rest[row] = Math.max(0, 1 - sum);
      }
      // Rows without a teacher have no probability, and so neither a loss nor a gradient.
      const outputs = this.head.runSync(
        { x, gain: learned.of("gain"), probabilities: target, others, rest },
        { entry },
      );
      // The program's mean is over all of its rows.
      const share = HEAD_ROWS / positions.length;
      loss += (outputs.loss.data as Float32Array)[0] * share;
      if (entry === "loss") continue;
      learned.give("gain", outputs.gradient.data as Float32Array, share);
      for (let row = 0; row < count; row++) {
        const at = positions[first + row] * width;
        const own = (outputs.dx.data as Float32Array).subarray(row * width, (row + 1) * width);
        for (let c = 0; c < width; c++) dx[at + c] = own[c] * share;
      }
    }
    return { loss, dx };
  }

  [Symbol.dispose](): void {
    this.block[Symbol.dispose]();
    this.head[Symbol.dispose]();
  }
}
