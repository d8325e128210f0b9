/** Networks of the goldens of MatMul-free language models, and how tests run them. */
import type { Outputs, SyncInstance } from "../../src/engines/engine.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Layout } from "../golden/seeded.ts";
import type { Tensor } from "../../src/tensor.ts";

/** Sizes of a network. */
export interface Sizes {
  readonly vocabulary: number;
  readonly width: number;
  readonly depth: number;
  readonly hidden: number;
}

/** config.json of a network. */
export function configOf({ vocabulary, width, depth, hidden }: Sizes): Record<string, unknown> {
  return {
    architectures: ["HGRNBitForCausalLM"],
    model_type: "hgrn_bit",
    vocab_size: vocabulary,
    hidden_size: width,
    num_hidden_layers: depth,
    intermediate_size: hidden,
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

/** The tensors of golden/matmulfree/make_golden.py. */
export function layoutHgrn({ vocabulary, width, depth, hidden }: Sizes): Layout {
  const norm = (name: string, size: number): Layout => [[`${name}.weight`, [size], 0.25, 1]];
  const linear = (name: string, n: number, k: number): Layout => [
    [`${name}.weight`, [n, k], 0.1, 0],
    ...norm(`${name}.norm`, k),
  ];
  return [
    ["model.embeddings.weight", [vocabulary, width], 1, 0],
    ["model.lower_bounds", [depth, width], 1, 0],
    ...Array.from({ length: depth }, (_, l) => `model.layers.${l}.`).flatMap((at) => [
      ...norm(`${at}attn_norm`, width),
      ...["i", "f", "g"].flatMap((x) => linear(`${at}attn.${x}_proj`, width, width)),
      ...norm(`${at}attn.g_norm`, width),
      ...linear(`${at}attn.o_proj`, width, width),
      ...norm(`${at}mlp_norm`, width),
      ...linear(`${at}mlp.gate_proj`, 2 * hidden, width),
      ...linear(`${at}mlp.down_proj`, width, hidden),
    ]),
    ...norm("model.norm", width),
    ...linear("lm_head", vocabulary, width),
  ];
}

/** The tensors of golden0.py, whose generator is another, under the checkpoint's names. */
export function golden0Weights({ vocabulary, width, depth, hidden }: Sizes): Map<string, Tensor> {
  let state = 20240604;
  const weights = new Map<string, Tensor>();
  const take = (name: string, shape: number[], bound: number, offset: number): void => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => {
      state = (Math.imul(1664525, state) + 1013904223) >>> 0;
      return offset + bound * ((state >>> 8) / 2 ** 23 - 1);
    });
    weights.set(name, { dtype: "f32", shape, data });
  };
  const norm = (name: string, size: number): void => take(`${name}.weight`, [size], 0.25, 1);
  const linear = (name: string, n: number, k: number): void => {
    norm(`${name}.norm`, k);
    take(`${name}.weight`, [n, k], 0.5, 0);
  };
  take("model.embeddings.weight", [vocabulary, width], 1, 0);
  take("model.lower_bounds", [depth, width], 1, 0);
  for (let l = 0; l < depth; l++) {
    const at = `model.layers.${l}.`;
    norm(`${at}attn_norm`, width);
    for (const x of ["i", "f", "g"]) linear(`${at}attn.${x}_proj`, width, width);
    norm(`${at}attn.g_norm`, width);
    linear(`${at}attn.o_proj`, width, width);
    norm(`${at}mlp_norm`, width);
    linear(`${at}mlp.gate_proj`, 2 * hidden, width);
    linear(`${at}mlp.down_proj`, width, hidden);
  }
  norm("model.norm", width);
  linear("lm_head", vocabulary, width);
  return weights;
}

/** The inputs of one run; logits of all tokens where `rows` is not given. */
export interface Batch {
  /** Ids of each sequence. */
  readonly sequences: readonly (readonly number[])[];
  /** Sessions. Default: 0, 1, … */
  readonly slots?: readonly number[];
  /** Tokens that each session has seen. Default 0. */
  readonly past?: readonly number[];
  readonly rows?: readonly number[];
}

/** Runs a batch; returns the outputs. */
export function runBatch(instance: SyncInstance, { sequences, slots, past, rows }: Batch): Outputs {
  return instance.runSync(inputsOf({ sequences, slots, past, rows }));
}

/** The inputs of `main`. */
export function inputsOf({ sequences, slots, past, rows }: Batch): Record<string, Int32Array> {
  const ids = sequences.flat();
  const ends = sequences.map(((sum) => (ids) => sum += ids.length)(0));
  return {
    ids: Int32Array.from(ids),
    offsets: Int32Array.of(0, ...ends),
    slot: Int32Array.from(slots ?? sequences.keys()),
    past: Int32Array.from(past ?? sequences.map(() => 0)),
    rows: Int32Array.from(rows ?? ids.keys()),
  };
}

/** The rows of logits. */
export function rowsOf({ shape, data }: Tensor): Float32Array[] {
  const [rows, columns] = shape;
  return Array.from(
    { length: rows },
    (_, i) => (data as Float32Array).subarray(i * columns, (i + 1) * columns),
  );
}

/** Mean of −log softmax of each row at its target, in float64. */
export function meanLoss(rows: readonly Float32Array[], targets: readonly number[]): number {
  const losses = targets.map((target, i) => {
    const most = rows[i].reduce((a, b) => Math.max(a, b));
    const sum = rows[i].reduce((total, logit) => total + Math.exp(logit - most), 0);
    return Math.log(sum) + most - rows[i][target];
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** Tensors of short convolutions, as the authors' modules have them. */
export function layoutConv({ width, depth }: Sizes, conv: "shared" | "separate"): Layout {
  const names = conv === "shared" ? ["h"] : ["q", "f", "i"];
  return Array.from({ length: depth }, (_, l) => l).flatMap((l) =>
    names.map((name) =>
      [`model.layers.${l}.attn.${name}_conv1d.weight`, [width, 1, 4], 0.5, 0] as const
    )
  );
}

/** A program of a network, as a file. */
export async function compileHgrn(
  weights: ReadonlyMap<string, Tensor>,
  config: Readonly<Record<string, unknown>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { program } = await compileTextModel(lazyWeights(weights), { config });
  return await encodeProgram(program);
}
