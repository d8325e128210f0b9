/**
 * A float32 model with QuantizeLinear and DequantizeLinear as onnxruntime's `quantize_static` puts
 * them: activations u8 with a zero point for each tensor, weights s8 per channel, biases s32.
 */
import { rangeOf } from "./calibrate.ts";
import type { Range } from "./calibrate.ts";
import { OnnxGraph } from "./graph.ts";
import type { OnnxNode, OnnxTensor } from "./graph.ts";
import { quantizeWeight } from "./quantize_weight.ts";

/**
 * The operators that profit: with them alone DeiT-T takes 76 ms on onnxruntime-web 1.30, with all
 * that `quantize_static` knows 85 ms, in float32 97 ms.
 */
export const FASTEST_OPS: ReadonlySet<string> = new Set(["Conv", "MatMul"]);

/** Operators with a constant weight. */
const WEIGHTED = ["Conv", "MatMul"];

/**
 * Quantises.
 *
 * @param graph The float32 model.
 * @param ranges Ranges of its values.
 * @param ops Operators whose inputs and outputs are quantised.
 */
export function quantizeStatic(
  graph: OnnxGraph,
  ranges: ReadonlyMap<string, Range>,
  ops: ReadonlySet<string>,
): OnnxGraph {
  return new StaticQuantizer(graph, ranges, ops).run();
}

class StaticQuantizer {
  readonly #to = new OnnxGraph();
  /** Dequantised stand-ins of values. */
  readonly #names = new Map<string, string>();

  constructor(
    readonly from: OnnxGraph,
    readonly ranges: ReadonlyMap<string, Range>,
    readonly ops: ReadonlySet<string>,
  ) {}

  run(): OnnxGraph {
    const outputs = new Set(this.from.outputs.map(({ name }) => name));
    this.#to.inputs.push(...this.from.inputs);
    this.#to.outputs.push(...this.from.outputs);
    for (const node of this.from.nodes) {
      const quantized = this.ops.has(node.op);
      const inputs = node.inputs.map((name, i) =>
        quantized ? this.#quantized(node, name, i) : this.#plain(name)
      );
      this.#to.nodes.push({ ...node, inputs });
      const [y] = node.outputs;
      if (!quantized || outputs.has(y)) continue;
      const range: Range = node.op === "Softmax" ? [0, 1] : this.ranges.get(y)!;
      this.#names.set(y, this.#roundTrip(y, range));
    }
    return this.#to;
  }

  #plain(name: string): string {
    const constant = this.from.constants.get(name);
    if (constant === undefined) return this.#names.get(name) ?? name;
    return this.#to.constant(name, constant.type, constant.dims, constant.data);
  }

  #quantized(node: OnnxNode, name: string, i: number): string {
    const constant = this.from.constants.get(name);
    if (constant?.type === "int64") return this.#plain(name);
    if (this.#names.has(name)) return this.#names.get(name)!;
    let y: string;
    if (constant === undefined) y = this.#roundTrip(name, this.ranges.get(name)!);
    else if (i === 0 || !WEIGHTED.includes(node.op)) y = this.#constant(name, constant);
    else if (i === 1) y = this.#weight(node, name, constant);
    else y = this.#bias(node, name, constant);
    this.#names.set(name, y);
    return y;
  }

  #roundTrip(name: string, range: Range): string {
    const grid = this.#grid(name, range);
    const codes = this.#to.node("QuantizeLinear", [name, ...grid], `${name}.q`);
    return this.#to.node("DequantizeLinear", [codes, ...grid], `${name}.dq`);
  }

  #grid(name: string, [least, greatest]: Range): [scale: string, zero: string] {
    const scale = Math.fround((greatest - least) / 255) || 1;
    const zero = Math.round(-least / scale);
    return [
      this.#to.floats(`${name}.scale`, [], Float32Array.of(scale)),
      this.#to.constant(`${name}.zero`, "uint8", [], Uint8Array.of(zero)),
    ];
  }

  #constant(name: string, { dims, data }: OnnxTensor): string {
    const values = data as Float32Array;
    const grid = this.#grid(name, rangeOf(values));
    const scale = this.#scales(grid[0])[0];
    const zero = (this.#to.constants.get(grid[1])!.data as Uint8Array)[0];
    const codes = Uint8ClampedArray.from(values, (v) => Math.round(v / scale) + zero);
    this.#to.constant(`${name}.q`, "uint8", dims, codes);
    return this.#to.node("DequantizeLinear", [`${name}.q`, ...grid], `${name}.dq`);
  }

  #weight({ op }: OnnxNode, name: string, { dims, data }: OnnxTensor): string {
    const axis = op === "Conv" ? 0 : 1;
    const channels = dims[axis];
    const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
    const { codes, scales } = quantizeWeight(data as Float32Array, channels, inner);
    return this.#dequantized(name, dims, codes, scales, axis);
  }

  #bias(node: OnnxNode, name: string, { dims, data }: OnnxTensor): string {
    const [x] = this.#scales(`${node.inputs[0]}.scale`);
    const scales = this.#scales(`${node.inputs[1]}.scale`).map((w) => w * x);
    const codes = Int32Array.from(data as Float32Array, (b, i) => Math.round(b / scales[i]));
    return this.#dequantized(name, dims, codes, scales, 0);
  }

  #dequantized(
    name: string,
    dims: readonly number[],
    codes: Int8Array | Int32Array,
    scales: Float32Array,
    axis: number,
  ): string {
    const type = codes instanceof Int8Array ? "int8" : "int32";
    const inputs = [
      this.#to.constant(`${name}.q`, type, dims, codes),
      this.#to.floats(`${name}.scale`, [scales.length], scales),
      this.#to.constant(
        `${name}.zero`,
        type,
        [scales.length],
        type === "int8" ? new Int8Array(scales.length) : new Int32Array(scales.length),
      ),
    ];
    return this.#to.node("DequantizeLinear", inputs, `${name}.dq`, { axis });
  }

  #scales(name: string): Float32Array {
    return this.#to.constants.get(name)!.data as Float32Array;
  }
}
