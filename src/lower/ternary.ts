/** Ops of MatMul-free language models to instructions. */
import { FewbitError } from "../errors.ts";
import { product, sameShape, times } from "../graph/extent.ts";
import type { Extent, Node, Value } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import { float32 } from "./_constants.ts";
import type { Index } from "../program/program.ts";
import type { Lowering, QuantizedRows } from "./_lowering.ts";

/** Lowers an op of a MatMul-free model; returns whether the node is one. */
export function lowerTernary(lowering: Lowering, node: Node): boolean {
  const { op, inputs, attributes, output } = node;
  const [x, second, third] = inputs;
  switch (op) {
    case "BitLinear":
      emitBitLinear(lowering, node, output, undefined);
      return true;
    case "Add": {
      const layer = layerOf(lowering, node);
      if (layer === undefined) return false;
      emitBitLinear(lowering, layer, output, second);
      return true;
    }
    case "HgrnScan": {
      const [, , lowerBound, ...session] = inputs;
      lowering.emit(output, "hgrn_scan_f32", {
        u: lowering.operand(x!),
        z: lowering.operand(second!),
        lower_bound: lowering.optional(lowerBound),
        ...sessions(lowering, session),
        y: lowering.result(output),
      });
      return true;
    }
    case "ShortConv": {
      const [, weight, ...session] = inputs;
      lowering.emit(output, "short_conv_f32", {
        x: lowering.operand(x!),
        weight: lowering.operand(weight!),
        ...sessions(lowering, session),
        y: lowering.result(output),
      });
      return true;
    }
    case "HgrnGate":
      lowering.emit(output, "hgrn_gate_f32", {
        p: lowering.operand(x!),
        gamma: lowering.operand(second!),
        epsilon: float32(lowering, attributes.epsilon as number),
        x: lowering.operand(third!),
        y: lowering.result(output),
      });
      return true;
    case "SwiGlu":
      lowering.emit(output, "swiglu_f32", {
        gate: lowering.operand(x!),
        up: lowering.operand(second!),
        y: lowering.result(output),
      });
      return true;
    case "Embedding":
      lowering.emit(output, "embedding_f32", {
        table: lowering.operand(x!),
        index: lowering.operand(second!),
        y: lowering.result(output),
      });
      return true;
    case "RMSNormalization":
      lowering.emit(output, "rms_norm_f32", {
        x: lowering.operand(x!),
        gamma: lowering.operand(second!),
        epsilon: float32(lowering, attributes.epsilon as number),
        y: lowering.result(output),
      });
      return true;
    case "FusedBitLinear":
      throw new FewbitError(
        "unsupported",
        `Cannot compile ${node.name}: its weights are floats; make the graph ternary first`,
      );
    default:
      return false;
  }
}

/** The operands that every instruction with a state has. */
function sessions(lowering: Lowering, session: Node["inputs"]): Record<string, Index> {
  const [offsets, slot, past, state] = session.map((value) => lowering.operand(value!));
  return { offsets, slot, past, state };
}

/** Nodes that a later ternary layer takes into its instructions. */
export function absorbedByTernary(lowering: Lowering, node: Node): Node[] {
  const layer = node.op === "BitLinear" ? node : layerOf(lowering, node);
  if (layer === undefined) return [];
  const norm = normBefore(lowering, layer);
  return [...(layer === node ? [] : [layer]), ...(norm === undefined ? [] : [norm])];
}

/** The ternary layer whose result a residual addition takes. */
function layerOf(lowering: Lowering, { op, inputs: [a, b] }: Node): Node | undefined {
  if (op !== "Add" || !lowering.options.fuse || !sameShape(a!.shape, b!.shape)) return undefined;
  return lowering.only(a, "BitLinear");
}

/** The norm before a layer, where nothing but ternary layers reads its result. */
function normBefore(lowering: Lowering, layer: Node): Node | undefined {
  const x = layer.inputs[0]!;
  const norm = lowering.producer(x);
  if (!lowering.options.fuse || norm?.op !== "RMSNormalization") return undefined;
  const readers = lowering.readers(x);
  return readers.length > 0 && readers.every((reader) => reader.op === "BitLinear")
    ? norm
    : undefined;
}

function emitBitLinear(
  lowering: Lowering,
  layer: Node,
  output: Value,
  identity: Value | undefined,
): void {
  const [x, , weight, weightScale] = layer.inputs;
  const columns = x!.shape[x!.shape.length - 1] as number;
  const rows = rowsOf(x!);
  const { layers, codes, factors } = quantizedRows(lowering, layer);
  const at = layers.indexOf(layer);
  const width = output.shape[output.shape.length - 1];
  lowering.emit(output, "linear_ternary", {
    x: lowering.view({
      tensor: codes,
      offset: times(rows, at * columns),
      extents: [rows, columns],
      rowStride: columns,
    }),
    alpha: lowering.view({
      tensor: factors,
      offset: times(rows, at),
      extents: [rows, 1],
      rowStride: 1,
    }),
    weight: lowering.weight(weight!, "panel_8x16_t2"),
    weight_scale: lowering.operand(weightScale!),
    identity: identity && lowering.shaped(identity, [rows, width]),
    y: lowering.result(output, [rows, width]),
  });
}

/** The int8 rows that a layer reads: made once for all layers that read the same value. */
function quantizedRows(lowering: Lowering, layer: Node): QuantizedRows {
  const [x] = layer.inputs;
  const known = lowering.quantized.get(x!.id);
  if (known?.layers.includes(layer)) return known;
  const { epsilon } = layer.attributes;
  const layers = lowering.options.fuse && lowering.readers(x!).length > 0
    ? lowering.readers(x!).filter(({ op, attributes }) =>
      op === "BitLinear" && attributes.epsilon === epsilon
    )
    : [layer];
  const norm = normBefore(lowering, layer);
  const source = norm?.inputs[0] ?? x!;
  const rows = rowsOf(x!);
  const columns = x!.shape[x!.shape.length - 1] as number;
  const arena = (dtype: "i8" | "f32", extents: readonly Extent[]): number =>
    lowering.builder.tensor({
      region: "arena",
      dtype,
      extents: extents.map((extent) => lowering.extent(extent)),
    });
  const codes = arena("i8", [layers.length, rows, columns]);
  const factors = arena("f32", [layers.length, rows]);
  lowering.builder.instruction("rms_norm_quantize_i8", {
    x: lowering.shaped(source, [rows, columns]),
    ...norm && {
      pre_gamma: lowering.operand(norm.inputs[1]!),
      pre_epsilon: float32(lowering, norm.attributes.epsilon as number),
    },
    gamma: gammas(lowering, layers.map(({ inputs }) => inputs[1]!), columns),
    epsilon: float32(lowering, epsilon as number),
    q: lowering.builder.whole(codes),
    alpha: lowering.builder.whole(factors),
  });
  const made = { layers, codes, factors };
  lowering.quantized.set(x!.id, made);
  return made;
}

/** The norms' weights as rows of one constant. */
function gammas(lowering: Lowering, values: readonly Value[], columns: number): number {
  const key = `gammas ${values.map(({ id }) => id)}`;
  return lowering.literal(key, (): Tensor => {
    const data = new Float32Array(values.length * columns);
    values.forEach((value, i) => {
      data.set(lowering.elements(value).data as Float32Array, i * columns);
    });
    return { dtype: "f32", shape: [values.length, columns], data };
  });
}

function rowsOf({ shape }: Value): Extent {
  return product(shape.slice(0, -1));
}
