/**
 * I-ViT: rewrites a float32 transformer into one of integers only. Scales are not known here: what
 * follows from them are derived constants, which calibration or a checkpoint settles.
 *
 * @module
 */
import { FewbitError } from "../errors.ts";
import { nodesOf } from "../graph/graph.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import {
  attentionScoresInteger,
  attentionValuesInteger,
  concatRows,
  dequantizeLinear,
  gatherRows,
  lookup,
  meanRows,
  patches,
  quantizeLinear,
  relativePositionBias,
  reshape,
  selectRow,
  shiftGelu,
  sliceColumns,
  softmaxInteger,
} from "../graph/ops/mod.ts";
import { activationOf } from "../graph/activations.ts";
import type { Tensor } from "../tensor.ts";
import { IntegerBuilder } from "./_integer_builder.ts";
import type { Codes } from "./_integer_builder.ts";
import { accumulate, normalize } from "./_integer_layers.ts";
import { dyadic } from "../numeric/dyadic.ts";
import { requantize } from "../numeric/requantize.ts";
import type { ActivationFunction } from "./i_vit_constants.ts";
import {
  activationTable,
  checkEpsilon,
  gelu,
  shiftExponent,
  softmaxTable,
} from "./i_vit_constants.ts";
import { multiply, ruleOf } from "./i_vit_network.ts";
import type { IntegerNetwork, ScaleRule, Scales } from "./i_vit_network.ts";
import type { IntegerParameters } from "./i_vit_parameters.ts";
import { clampCode, quantizeValue } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";

/** Options of {@linkcode quantizeIVit}. */
export interface IVitOptions {
  /** `shift`: the paper's Shiftmax and ShiftGELU. `table`: exact functions, tabulated. */
  readonly nonlinear: "shift" | "table";
  /** Bits of the weights. */
  readonly weightBits: 7 | 8;
  /** Integer weights, biases and norms. */
  readonly parameters: IntegerParameters;
  /** Float32 value of each pixel byte `[channels, 256]`: adds the entry `main`, which takes pixels. */
  readonly pixelTable?: Float32Array;
}

/** Entry of a compiled classifier that takes u8 pixels `[batch, height, width, channels]`. */
export const PIXELS = "main";

/**
 * Rewrites a float32 graph.
 *
 * @throws {FewbitError} `unsupported` where the graph has an op that I-ViT has no integers for.
 */
export function quantizeIVit(source: Graph, options: IVitOptions): IntegerNetwork {
  const rewriter = new Rewriter(source, options);
  for (const { entry } of source.outputs) {
    if (options.pixelTable !== undefined) rewriter.rewrite(entry, PIXELS);
    rewriter.rewrite(entry, entry);
  }
  const activations = [...rewriter.builder.activations.values()];
  return {
    graph: rewriter.graph,
    activations,
    taps: new Map([
      ...activations.map(({ name, output }) => [name, output] as const),
      ...rewriter.builder.taps,
    ]),
  };
}

class Rewriter {
  readonly builder: IntegerBuilder = new IntegerBuilder();
  readonly graph: Graph = this.builder.graph;
  #codes: Map<number, Codes> = new Map();
  #consumers: Map<number, { node: Node; at: number }[]> = new Map();
  #channelsLast = false;

  constructor(readonly source: Graph, readonly options: IVitOptions) {
    for (const symbol of source.symbols.values()) {
      this.graph.symbols.set(symbol.name, symbol);
    }
  }

  /** Rewrites what the outputs of an entry need, as an entry of another name. */
  rewrite(entry: string, as: string): void {
    this.#codes = new Map();
    this.builder.activations.clear();
    this.builder.taps.clear();
    this.#channelsLast = as === PIXELS && entry !== PIXELS;
    const nodes = nodesOf(
      this.source,
      this.source.outputs.filter((output) => output.entry === entry),
    );
    this.#consumers = this.#uses(nodes);
    for (const input of this.source.inputs) this.#input(input);
    for (const node of nodes) this.#node(node);
    for (const { name, value, entry: of } of this.source.outputs) {
      if (of !== entry) continue;
      const { value: codes, scale } = this.#of(value);
      this.graph.output(`${name}_i32`, codes, as);
      const scales = this.builder.derivedScale(`scale ${name}`, scale);
      this.graph.output(name, this.graph.apply(dequantizeLinear, [codes, scales]), as);
    }
  }

  /** Uses of each value, seen through ops that only move elements. */
  #uses(nodes: readonly Node[]): Map<number, { node: Node; at: number }[]> {
    const uses = new Map<number, { node: Node; at: number }[]>();
    for (const node of nodes.toReversed()) {
      const through = MOVES.includes(node.op) ? uses.get(node.output.id) ?? [] : undefined;
      node.inputs.forEach((input, at) => {
        if (input === undefined) return;
        const list = uses.get(input.id) ?? [];
        list.push(...(through ?? [{ node, at }]));
        uses.set(input.id, list);
      });
    }
    return uses;
  }

  #of(value: Value | undefined): Codes {
    const codes = value === undefined ? undefined : this.#codes.get(value.id);
    if (codes === undefined) {
      throw new FewbitError("unsupported", `I-ViT cannot quantise the value "${value?.name}"`);
    }
    return codes;
  }

  #set(value: Value, codes: Value, scale: ScaleRule): void {
    this.#codes.set(value.id, { value: codes, scale });
  }

  #input(input: Value): void {
    const name = "qact_input";
    if (this.#channelsLast) {
      const [batch, channels, height, width] = input.shape;
      const shape = [batch, height, width, channels];
      if (this.options.pixelTable!.length !== channels as number * 256) {
        throw new FewbitError(
          "shape_mismatch",
          `The network has ${channels} channels, the preprocessing ${
            this.options.pixelTable!.length / 256
          }`,
        );
      }
      const pixels = this.graph.input("pixels", "u8", shape);
      const table = this.builder.constant(
        "pixels",
        "i8",
        [channels as number, 256],
        [name],
        (scales) => {
          const scale = scales.get(name)!;
          return Int8Array.from(this.options.pixelTable!, (x) => quantizeValue(x, scale, 8));
        },
      );
      return this.#set(input, this.graph.apply(lookup, [pixels, table]), ruleOf(name));
    }
    const x = this.graph.input(input.name, input.dtype, input.shape);
    const scale = this.builder.derivedScale("scale input", ruleOf(name));
    const codes = this.graph.apply(quantizeLinear, [x, scale], { to: "i8" });
    this.#set(input, codes, ruleOf(name));
    this.builder.activation({
      name,
      bits: 8,
      output: codes,
      source: { kind: "input", x },
    });
  }

  #node(node: Node): void {
    const { inputs: [a, b], output, attributes } = node;
    switch (node.op) {
      case "Patches": {
        const { value, scale } = this.#of(a);
        const order = this.#channelsLast ? "channels_last" : "channels_first";
        return this.#set(
          output,
          this.graph.apply(patches, [value], { ...attributes, order }),
          scale,
        );
      }
      case "SliceColumns":
        return this.#move(node, sliceColumns);
      case "SelectRow":
        return this.#move(node, selectRow);
      case "Reshape":
        return this.#move(node, reshape(output.shape));
      case "GatherRows": {
        const { value, scale } = this.#of(a);
        const index = this.#plain(b!);
        return this.#set(output, this.graph.apply(gatherRows, [value, index]), scale);
      }
      case "Linear":
        return this.#linear(node);
      case "LayerNormalization":
        return this.#norm(node);
      case "AttentionScores":
        return this.#scores(node);
      case "Softmax":
        return this.#softmax(node);
      case "AttentionValues": {
        const p = this.#of(a);
        const v = this.#of(b);
        const acc = this.graph.apply(attentionValuesInteger, [p.value, v.value]);
        return this.#requantize(node, acc, multiply(p.scale, v.scale), 8);
      }
      case "Gelu":
        return this.#gelu(node);
      case "Activation":
        return this.#tabulated(node, activationOf(attributes.kind as string));
      case "Add":
        return this.#add(node);
      case "Identity": {
        const { value, scale } = this.#of(a);
        return this.#requantize(node, value, scale, 16);
      }
      case "MeanRows": {
        const { value, scale } = this.#of(a);
        const mean = this.graph.apply(meanRows, [value]);
        return this.#requantize(node, mean, scale, this.#isResidual(output) ? 16 : 8);
      }
      // Taken up by the addition that follows.
      case "ConcatRows":
      case "RelativePositionBias":
        return;
      default:
        throw new FewbitError("unsupported", `I-ViT has no integers for the op ${node.op}`);
    }
  }

  #move(node: Node, op: Parameters<Graph["apply"]>[0]): void {
    const { value, scale } = this.#of(node.inputs[0]);
    this.#set(node.output, this.graph.apply(op, [value], node.attributes), scale);
  }

  #linear(node: Node): void {
    const { name, inputs: [x, weight, bias], output } = node;
    const real = bias === undefined ? undefined : this.#floats(bias);
    const rows = this.source.constants.get(weight!.id)!.tensor(new Map());
    const { parameters, weightBits } = this.options;
    const acc = accumulate(
      this.builder,
      this.#of(x),
      { name, rows, bias: real },
      parameters,
      weightBits,
    );
    if (this.source.outputs.some((o) => o.value === output)) {
      return this.#set(output, acc.value, acc.scale);
    }
    const uses = this.#consumers.get(output.id) ?? [];
    const wide = uses.some(({ node: { op }, at }) =>
      op === "ConcatRows" || (op === "Add" && at === 0)
    );
    this.#requantize(node, acc.value, acc.scale, wide ? 16 : 8);
  }

  #norm(node: Node): void {
    const { name, inputs: [x, gamma, beta], output } = node;
    checkEpsilon(node.attributes.epsilon as number, name);
    const z = normalize(
      this.builder,
      this.#of(x).value,
      name,
      this.#floats(gamma!),
      this.#floats(beta!),
      this.options.parameters,
    );
    this.#requantize(node, z.value, z.scale, this.#isResidual(output) ? 16 : 8);
  }

  /** Whether a value goes on as the residual: into a norm or a sum, not into a layer. */
  #isResidual(value: Value): boolean {
    const uses = this.#consumers.get(value.id) ?? [];
    return uses.some(({ node: { op } }) => RESIDUAL.includes(op));
  }

  #floats(value: Value): Float32Array {
    return this.source.constants.get(value.id)!.tensor(new Map()).data as Float32Array;
  }

  #scores(node: Node): void {
    const q = this.#of(node.inputs[0]);
    const k = this.#of(node.inputs[1]);
    const root = node.attributes.scale as number;
    const acc = this.graph.apply(attentionScoresInteger, [q.value, k.value], {
      heads: node.attributes.heads,
    });
    const factor: ScaleRule = { from: [], of: () => Float32Array.of(root) };
    this.#requantize(node, acc, multiply(multiply(q.scale, k.scale), factor), 8);
  }

  #softmax(node: Node): void {
    const { inputs: [x, mask], output } = node;
    const { value, scale } = this.#of(x);
    const [from] = scale.from;
    const { nonlinear } = this.options;
    // Swin, whose scores have a bias, has 8 bits in the paper.
    const paperBits = this.#producer(x!)?.op === "Add" ? 8 : 16;
    const bits = nonlinear === "table" ? 16 : paperBits;
    const parameter = nonlinear === "table"
      ? this.builder.constant(
        `exponentials ${from}`,
        "i32",
        [256],
        [from],
        (scales) => softmaxTable(scales.get(from)!),
      )
      : this.builder.constant(
        `x0 ${from}`,
        "i32",
        [1],
        [from],
        (scales) => Int32Array.of(shiftExponent(scales.get(from)!)),
      );
    const codes = this.graph.apply(
      softmaxInteger,
      [value, parameter, mask === undefined ? undefined : this.#plain(mask)],
      { mode: nonlinear, bits },
    );
    this.builder.taps.set(output.name, codes);
    this.#set(output, codes, { from: [], of: () => Float32Array.of(2 ** (1 - bits)) });
  }

  #gelu(node: Node): void {
    const { inputs: [x], name } = node;
    const { value, scale } = this.#of(x);
    const [from] = scale.from;
    if (this.options.nonlinear === "table") return this.#tabulated(node, gelu);
    const x0 = this.builder.constant(`x0 ${from}`, "i32", [1], [from], (scales) =>
      Int32Array.of(
        shiftExponent(Math.fround(scales.get(from)! * Math.fround(1.702))),
      ));
    const product = this.graph.apply(shiftGelu, [value, x0]);
    this.builder.taps.set(name, product);
    const factor: ScaleRule = { from: [], of: () => Float32Array.of(2 ** -7) };
    this.#requantize(node, product, multiply(scale, factor), 8);
  }

  /** Any function of a byte, as a table; the paper approximates no other than GELU. */
  #tabulated({ inputs: [x], output }: Node, f: ActivationFunction): void {
    const { value, scale } = this.#of(x);
    const [from] = scale.from;
    const to = output.name;
    const table = this.builder.constant(
      `activation ${to}`,
      "i8",
      [1, 256],
      [from, to],
      (scales) => activationTable(scales.get(from)!, scales.get(to)!, f),
    );
    const codes = this.graph.apply(lookup, [value, table]);
    this.builder.activation({
      name: to,
      bits: 8,
      output: codes,
      source: { kind: "activation", x: value, scale: from, f },
    });
    this.#set(output, codes, ruleOf(to));
  }

  #add(node: Node): void {
    const [a, b] = node.inputs;
    const first = this.#producer(a!);
    if (first?.op === "ConcatRows") return this.#embed(node, first);
    const bits = first?.op === "AttentionScores" ? 8 : 16;
    const branch = this.#of(a);
    const identity = this.#codes.get(b!.id) ?? this.#constantArm(b!);
    this.#requantize(node, branch.value, branch.scale, bits, identity);
  }

  /** A constant that is added: an activation of its own (`qact_pos`, `qact_table`). */
  #constantArm(value: Value): Codes {
    const producer = this.#producer(value);
    const relative = producer?.op === "RelativePositionBias";
    const constant = this.source.constants.get(relative ? producer.inputs[0]!.id : value.id);
    if (constant === undefined) return this.#of(value);
    const bits = relative ? 8 : 16;
    const codes = this.#constantActivation(constant.value, constant.tensor(new Map()), bits);
    if (!relative) return codes;
    const index = this.#plain(producer.inputs[1]!);
    const rows = this.source.constants.get(producer.inputs[1]!.id)!.tensor(new Map());
    const { shape } = relativePositionBias.infer([codes.value, index], {});
    const name = constant.value.name;
    const arm = this.builder.constant(
      `relative ${name}`,
      "i8",
      shape as number[],
      [name],
      (scales) => {
        const table = this.graph.constants.get(codes.value.id)!.tensor(scales).data as Int8Array;
        const heads = constant.value.shape[1] as number;
        const pairs = rows.data.length;
        return Int8Array.from(
          { length: heads * pairs },
          (_, i) => table[(rows.data[i % pairs] as number) * heads + Math.floor(i / pairs)],
        );
      },
    );
    return { value: arm, scale: codes.scale };
  }

  #constantActivation({ name, shape }: Value, tensor: Tensor, bits: 8 | 16): Codes {
    const data = tensor.data as Float32Array;
    const codes = this.builder.constant(
      `codes ${name}`,
      bits === 8 ? "i8" : "i16",
      shape as number[],
      [name],
      (scales) => {
        const scale = scales.get(name)!;
        const quantized = data.map((x) => quantizeValue(x, scale, bits));
        return bits === 8 ? Int8Array.from(quantized) : Int16Array.from(quantized);
      },
    );
    this.builder.activation({ name, bits, output: codes, source: { kind: "constant", tensor } });
    return { value: codes, scale: ruleOf(name) };
  }

  /**
   * Class token, patches and position embeddings. The rows of the class token and those like it are
   * constants, so they are requantised here, exactly, whatever their size (a code need not fit 16 bits).
   */
  #embed(node: Node, concat: Node): void {
    const [first, x] = concat.inputs;
    const token = this.source.constants.get(first!.id)!.tensor(new Map()).data as Float32Array;
    const position = node.inputs[1]!;
    const tensor = this.source.constants.get(position.id)!.tensor(new Map());
    const embedding = this.#constantActivation(position, tensor, 16);
    const branch = this.#of(x);
    const [from] = branch.scale.from;
    const { name } = node.output;
    const to = position.name;
    const [ahead, width] = first!.shape as number[];
    const codesOf = (scales: Scales): Int16Array =>
      this.graph.constants.get(embedding.value.id)!.tensor(scales).data as Int16Array;
    const tokenCode = (scales: Scales, i: number): number => {
      const code = roundHalfEven(Math.fround(token[i] / scales.get(from)!));
      if (Number.isFinite(code)) return code;
      throw new FewbitError("invalid_file", `Cannot quantise the class token: ${token[i]}`);
    };
    const rest = tensor.shape[0] - ahead;
    const arm = this.builder.constant(
      `rows ${to}`,
      "i16",
      [rest, width],
      [to],
      (scales) => codesOf(scales).slice(token.length),
    );
    const rows = this.builder.requantized(
      name,
      branch.value,
      branch.scale,
      16,
      { value: arm, scale: embedding.scale },
      (scales) => {
        const codes = codesOf(scales);
        return Float32Array.from({ length: token.length }, (_, i) =>
          Math.fround(
            Math.fround(tokenCode(scales, i) * scales.get(from)!) +
              Math.fround(codes[i] * scales.get(to)!),
          ));
      },
    );
    const row = this.builder.constant(
      `token ${name}`,
      "i16",
      [ahead, width],
      [from, to, name],
      (scales) => {
        const codes = codesOf(scales);
        const d = dyadic(scales.get(from)!, scales.get(name)!);
        const e = dyadic(scales.get(to)!, scales.get(name)!);
        return Int16Array.from({ length: token.length }, (_, i) =>
          clampCode(
            Number(
              requantize(tokenCode(scales, i), d.multiplier, d.shift) +
                requantize(codes[i], e.multiplier, e.shift),
            ),
            16,
          ));
      },
    );
    const codes = this.graph.apply(concatRows, [row, rows]);
    this.builder.taps.set(name, codes);
    this.#set(node.output, codes, ruleOf(name));
  }

  #requantize(node: Node, x: Value, scale: ScaleRule, bits: 8 | 16, identity?: Codes): void {
    this.#set(
      node.output,
      this.builder.requantized(node.output.name, x, scale, bits, identity),
      ruleOf(node.output.name),
    );
  }

  /** A constant of the float graph that stays as it is: an index, a mask. */
  #plain(value: Value): Value {
    const { tensor } = this.source.constants.get(value.id)!;
    const { dtype, shape } = value;
    return this.builder.constant(
      `plain ${value.id}`,
      dtype,
      shape as number[],
      [],
      () => tensor(new Map()).data,
    );
  }

  #producer(value: Value): Node | undefined {
    return this.source.nodes.find((node) => node.output === value);
  }
}

/** Ops whose inputs need 16 bits; a sum of scores is one of 8, which no norm makes. */
const RESIDUAL = ["Identity", "LayerNormalization", "Add"];

/** Ops that move elements and change none. */
const MOVES = ["SliceColumns", "SelectRow", "Reshape", "GatherRows", "Patches"];
