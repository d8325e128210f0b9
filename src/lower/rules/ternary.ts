/** Ops of MatMul-free language models to instructions. */
import { FewbitError } from "../../errors.ts";
import { product, times } from "../../graph/extent.ts";
import type { Extent, Value } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed, OpName } from "../../graph/op_names.ts";
import type { Index } from "../../program/program.ts";
import type { Tensor } from "../../tensor.ts";
import { float32 } from "../constants.ts";
import type { Lowering, QuantizedRows } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of the ops of MatMul-free models. */
export const TERNARY_RULES = {
  BitLinear(lowering, node) {
    emitBitLinear(lowering, node, node.outputs.y);
  },
  FusedBitLinear(_, { name }) {
    throw new FewbitError(
      "unsupported",
      `Cannot compile ${name}: its weights are floats; make the graph ternary first`,
    );
  },
  HgrnGate(lowering, { inputs: { p, gamma, x }, attributes: { epsilon }, outputs: { y } }) {
    lowering.emit(y, "hgrn_gate_f32", {
      p: lowering.operand(p),
      gamma: lowering.operand(gamma),
      epsilon: float32(lowering, epsilon),
      x: lowering.operand(x),
      y: lowering.result(y),
    });
  },
  HgrnScan(lowering, { inputs, outputs: { y } }) {
    lowering.emit(y, "hgrn_scan_f32", {
      u: lowering.operand(inputs.u),
      z: lowering.operand(inputs.z),
      lower_bound: lowering.optional(inputs.lowerBound),
      ...sessions(lowering, inputs),
      y: lowering.result(y),
    });
  },
  RMSNormalization(lowering, { inputs: { x, gamma }, attributes: { epsilon }, outputs: { y } }) {
    lowering.emit(y, "rms_norm_f32", {
      x: lowering.operand(x),
      gamma: lowering.operand(gamma),
      epsilon: float32(lowering, epsilon),
      y: lowering.result(y),
    });
  },
  ShortConv(lowering, { inputs, outputs: { y } }) {
    lowering.emit(y, "short_conv_f32", {
      x: lowering.operand(inputs.x),
      weight: lowering.operand(inputs.weight),
      ...sessions(lowering, inputs),
      y: lowering.result(y),
    });
  },
  SwiGlu(lowering, { inputs: { gate, up }, outputs: { y } }) {
    lowering.emit(y, "swiglu_f32", {
      gate: lowering.operand(gate),
      up: lowering.operand(up),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;

/** The operands that every instruction with a state has. */
function sessions(
  lowering: Lowering,
  inputs: { readonly [name in "offsets" | "slot" | "past" | "state"]: Value },
): Record<string, Index> {
  return {
    offsets: lowering.operand(inputs.offsets),
    slot: lowering.operand(inputs.slot),
    past: lowering.operand(inputs.past),
    state: lowering.operand(inputs.state),
  };
}

/**
 * Adds a ternary layer: its rows as int8 codes, made once for all layers that read them, and sums.
 *
 * @param norm The norm before it, where the instruction that makes the codes takes it up.
 * @param identity What is added to the result.
 */
export function emitBitLinear(
  lowering: Lowering,
  layer: NodeNamed<"BitLinear">,
  output: Value,
  { norm, identity }: {
    readonly norm?: NodeNamed<"RMSNormalization"> | undefined;
    readonly identity?: Value;
  } = {},
): void {
  const { x, weight, weightScale } = layer.inputs;
  const columns = x.shape[x.shape.length - 1] as number;
  const rows = rowsOf(x);
  const { layers, codes, factors } = quantizedRows(lowering, layer, norm);
  const at = layers.findIndex(({ outputs }) => outputs.y === layer.outputs.y);
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
    weight: lowering.weight(weight, "panel_8x16_t2"),
    weight_scale: lowering.operand(weightScale),
    identity: identity && lowering.shaped(identity, [rows, width]),
    y: lowering.result(output, [rows, width]),
  });
}

/** The int8 rows that a layer reads: made once for all layers that read the same value. */
function quantizedRows(
  lowering: Lowering,
  layer: NodeNamed<"BitLinear">,
  norm: NodeNamed<"RMSNormalization"> | undefined,
): QuantizedRows {
  const { x } = layer.inputs;
  const known = lowering.quantized.get(x.id);
  if (known?.layers.some((other) => other.outputs.y === layer.outputs.y)) return known;
  const { epsilon } = layer.attributes;
  const layers = lowering.options.fuse && !lowering.isOutput(x) && !lowering.updates.has(x)
    ? lowering.readers(x).filter((other) => isNode(other, "BitLinear")).filter(({ attributes }) =>
      attributes.epsilon === epsilon
    )
    : [layer];
  const source = norm?.inputs.x ?? x;
  const rows = rowsOf(x);
  const columns = x.shape[x.shape.length - 1] as number;
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
      pre_gamma: lowering.operand(norm.inputs.gamma),
      pre_epsilon: float32(lowering, norm.attributes.epsilon),
    },
    gamma: gammas(lowering, layers.map(({ inputs }) => inputs.gamma), columns),
    epsilon: float32(lowering, epsilon),
    q: lowering.builder.whole(codes),
    alpha: lowering.builder.whole(factors),
  });
  const made = { layers, codes, factors };
  lowering.quantized.set(x.id, made);
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
