/** Integer ops to instructions, several nodes to one where that is allowed. */
import { FewbitError } from "../errors.ts";
import type { Node, Value } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";
import { requantizedArm } from "./_lowering.ts";
import type { Lowering } from "./_lowering.ts";

type Operands = Record<string, Index | undefined>;

/** Lowers an integer op; returns whether the node is one. */
export function lowerInteger(lowering: Lowering, node: Node): boolean {
  const { op, inputs: [x, second, third], output } = node;
  switch (op) {
    case "QuantizeLinear":
      lowering.emit(output, "quantize_linear", {
        x: lowering.operand(x!),
        scale: lowering.operand(second!),
        zero_point: lowering.optional(third),
        y: lowering.result(output),
      });
      return true;
    case "DequantizeLinear":
      lowering.emit(output, "dequantize_linear", {
        x: lowering.operand(x!),
        scale: lowering.operand(second!),
        zero_point: lowering.optional(third),
        y: lowering.result(output),
      });
      return true;
    case "Lookup":
      lowerLookup(lowering, node);
      return true;
    case "Requantize":
      lowerRequantize(lowering, node);
      return true;
    case "LinearInteger":
    case "LayerNormInteger":
    case "ShiftGelu":
    case "AttentionScoresInteger":
    case "AttentionValuesInteger": {
      const [name, operands, attributes] = accumulator(lowering, node);
      lowering.emit(output, name, { ...operands, y: lowering.result(output) }, attributes);
      return true;
    }
    case "SoftmaxInteger":
      lowering.emit(output, "softmax_i8", {
        x: lowering.operand(x!),
        [parameterName(node)]: lowering.operand(second!),
        mask: lowering.optional(third),
        y: lowering.result(output),
      });
      return true;
    default:
      return false;
  }
}

/**
 * Nodes that a later node takes into its instruction. `all` is false where only a requantisation may
 * join the op that makes its accumulators (taps).
 */
export function absorbedBy(lowering: Lowering, node: Node, all: boolean): Node[] {
  if (node.op === "Lookup") return all ? tableChain(lowering, node) : [];
  if (node.op !== "Requantize") return [];
  if (all) {
    const attention = attentionChain(lowering, node);
    if (attention !== undefined) return attention.nodes;
    const residual = residualChain(lowering, node);
    if (residual !== undefined) return residual;
    const dual = dualNorm(lowering, node);
    if (dual !== undefined) return dual;
  }
  const source = accumulatorOf(lowering, node);
  return source === undefined ? [] : [source];
}

/** Ops whose 32-bit results a requantisation can take up. */
const ACCUMULATORS = [
  "LinearInteger",
  "LayerNormInteger",
  "ShiftGelu",
  "AttentionScoresInteger",
  "AttentionValuesInteger",
];

/** The op whose accumulators a plain requantisation may take up. */
function accumulatorOf(lowering: Lowering, node: Node): Node | undefined {
  const [x, multiplier, , identity, , , zeroPoint] = node.inputs;
  if (identity !== undefined || node.attributes.to === "i32") return undefined;
  for (const op of ACCUMULATORS) {
    const source = lowering.only(x, op);
    if (source === undefined) continue;
    if (zeroPoint !== undefined && op !== "LinearInteger") return undefined;
    const attention = op.startsWith("Attention");
    if (attention && (node.attributes.to !== "i8" || multiplier!.shape[0] !== 1)) return undefined;
    return source;
  }
  return undefined;
}

/** Instruction, operands and attributes of an op that makes accumulators, without y. */
function accumulator(
  lowering: Lowering,
  node: Node,
): [name: string, operands: Operands, attributes: Record<string, number>] {
  const [x, second, third] = node.inputs;
  const heads = node.attributes.heads as number;
  switch (node.op) {
    case "LinearInteger":
      return [x!.dtype === "i16" ? "linear_i16" : "linear_i8", {
        x: lowering.operand(x!),
        weight: lowering.weight(
          second!,
          node.attributes.weightBits === 7 ? "panel_8x4_u7" : "panel_8x4",
        ),
        bias: lowering.optional(third),
      }, {}];
    case "LayerNormInteger":
      return [
        "layer_norm_i16",
        { x: lowering.operand(x!), bias: lowering.operand(second!) },
        {},
      ];
    case "ShiftGelu":
      return ["shift_gelu", { x: lowering.operand(x!), x0: lowering.operand(second!) }, {}];
    case "AttentionScoresInteger":
      return [
        "attention_scores_i8",
        { q: lowering.operand(x!), k: lowering.operand(second!) },
        { heads },
      ];
    case "AttentionValuesInteger":
      return ["attention_values_i8", { p: lowering.operand(x!), v: lowering.operand(second!) }, {
        heads: x!.shape[1] as number,
      }];
    default:
      throw new FewbitError("internal", node.op);
  }
}

function requantization(lowering: Lowering, node: Node): Operands {
  return {
    multiplier: lowering.operand(node.inputs[1]!),
    shift: lowering.operand(node.inputs[2]!),
    ...(node.inputs[6] && { zero_point: lowering.operand(node.inputs[6]) }),
  };
}

function lowerRequantize(lowering: Lowering, node: Node): void {
  const { output, inputs: [x, , , identity, identityMultiplier, identityShift] } = node;
  if (lowering.options.fuse) {
    const attention = attentionChain(lowering, node);
    if (attention !== undefined) return emitAttention(lowering, node, attention);
    const chain = residualChain(lowering, node);
    if (chain !== undefined) {
      const [inner, source] = chain;
      const [name, operands, attributes] = accumulator(lowering, source);
      const second = requantization(lowering, node);
      return lowering.emit(output, name, {
        ...operands,
        ...requantization(lowering, inner),
        multiplier2: second.multiplier,
        shift2: second.shift,
        identity: lowering.operand(identity!),
        identity_multiplier: lowering.operand(identityMultiplier!),
        identity_shift: lowering.operand(identityShift!),
        y: lowering.result(output),
      }, attributes);
    }
  }
  const dual = lowering.options.fuse ? dualNorm(lowering, node) : undefined;
  if (dual !== undefined) return emitDualNorm(lowering, node, dual);
  const source = lowering.options.parameters ? undefined : accumulatorOf(lowering, node);
  if (source !== undefined) {
    const [name, operands, attributes] = accumulator(lowering, source);
    return lowering.emit(output, name, {
      ...operands,
      ...requantization(lowering, node),
      y: lowering.result(output),
    }, attributes);
  }
  lowering.emit(output, "requantize", {
    x: lowering.operand(x!),
    ...requantization(lowering, node),
    identity: lowering.optional(identity),
    identity_multiplier: lowering.optional(identityMultiplier),
    identity_shift: lowering.optional(identityShift),
    y: lowering.result(output),
  });
}

/** Linear, requantised to 16 bits, then added to an identity of the same extents: both inner nodes. */
function residualChain(lowering: Lowering, node: Node): [Node, Node] | undefined {
  const [x, multiplier, , identity, , , zeroPoint] = node.inputs;
  if (identity === undefined || node.attributes.to !== "i16") return undefined;
  if (zeroPoint !== undefined) return undefined;
  if (multiplier!.shape[0] !== 1 || identity.shape.length !== x!.shape.length) return undefined;
  if (identity.dtype === "i32") return undefined;
  const inner = lowering.only(x, "Requantize");
  if (inner === undefined || inner.inputs[3] !== undefined || inner.attributes.to !== "i16") {
    return undefined;
  }
  if (inner.inputs[6] !== undefined) return undefined;
  const source = lowering.only(inner.inputs[0], "LinearInteger");
  return source === undefined ? undefined : [inner, source];
}

/** A LayerNorm whose result is requantised twice: the norm and the first requantisation. */
function dualNorm(lowering: Lowering, node: Node): [norm: Node, first: Node] | undefined {
  const first = lowering.twin(node);
  const norm = node.inputs[0] && lowering.producer(node.inputs[0]);
  if (first === undefined || norm?.op !== "LayerNormInteger") return undefined;
  const plain = [node, first].every(({ inputs, attributes }) =>
    inputs[3] === undefined && inputs[6] === undefined && attributes.to !== "i32"
  );
  return plain ? [norm, first] : undefined;
}

function emitDualNorm(lowering: Lowering, node: Node, [norm, first]: [Node, Node]): void {
  const second = requantization(lowering, node);
  lowering.emit(node.output, "layer_norm_dual_i16", {
    ...accumulator(lowering, norm)[1],
    ...requantization(lowering, first),
    multiplier2: second.multiplier,
    shift2: second.shift,
    y: lowering.result(first.output),
    y2: lowering.result(node.output),
  });
}

/** Linear, requantised to 8 bits, then a table. */
function tableChain(lowering: Lowering, node: Node): Node[] {
  const [x, table] = node.inputs;
  if (table!.dtype !== "i8" || table!.shape[0] !== 1) return [];
  const inner = lowering.only(x, "Requantize");
  if (inner === undefined || inner.inputs[3] !== undefined || inner.attributes.to !== "i8") {
    return [];
  }
  const source = lowering.only(inner.inputs[0], "LinearInteger");
  return source === undefined ? [] : [inner, source];
}

function lowerLookup(lowering: Lowering, node: Node): void {
  const { output, inputs: [x, table] } = node;
  const [inner, source] = lowering.options.fuse ? tableChain(lowering, node) : [];
  if (inner === undefined) {
    return lowering.emit(output, "lookup", {
      x: lowering.operand(x!),
      table: lowering.operand(table!),
      y: lowering.result(output),
    });
  }
  const [name, operands, attributes] = accumulator(lowering, source);
  lowering.emit(output, name, {
    ...operands,
    ...requantization(lowering, inner),
    table: lowering.shaped(table!, [256]),
    y: lowering.result(output),
  }, attributes);
}

/** The nodes of an attention that can be one instruction. */
interface AttentionChain {
  readonly nodes: Node[];
  readonly scores: Node;
  readonly first: Node;
  /** The requantisation that adds a bias. */
  readonly second: Node | undefined;
  readonly softmax: Node;
  readonly values: Node;
}

function attentionChain(lowering: Lowering, node: Node): AttentionChain | undefined {
  if (node.inputs[3] !== undefined || node.attributes.to !== "i8") return undefined;
  if (node.inputs[1]!.shape[0] !== 1) return undefined;
  const values = lowering.only(node.inputs[0], "AttentionValuesInteger");
  const softmax = lowering.only(values?.inputs[0], "SoftmaxInteger");
  let first = lowering.only(softmax?.inputs[0], "Requantize");
  if (values === undefined || softmax === undefined || first === undefined) return undefined;
  let second: Node | undefined;
  if (first.inputs[3] !== undefined) {
    const armed = [first.inputs[3], first.inputs[4], first.inputs[5]] as Value[];
    if (!armed.every((value) => lowering.isKnown(value)) || armed[0].shape.length !== 3) {
      return undefined;
    }
    second = first;
    first = lowering.only(first.inputs[0], "Requantize");
    if (first === undefined || first.inputs[3] !== undefined) return undefined;
  }
  const scores = lowering.only(first.inputs[0], "AttentionScoresInteger");
  if (scores === undefined || first.attributes.to !== "i8" || first.inputs[1]!.shape[0] !== 1) {
    return undefined;
  }
  if ([node, first, second].some((stage) => stage?.inputs[6] !== undefined)) return undefined;
  const nodes = [values, softmax, first, scores];
  if (second !== undefined) nodes.push(second);
  return { nodes, scores, first, second, softmax, values };
}

function emitAttention(lowering: Lowering, node: Node, chain: AttentionChain): void {
  const { scores, first, second, softmax, values } = chain;
  const value = requantization(lowering, node);
  const bias: Operands = {};
  if (second !== undefined) {
    const [codes, multiplier, shift] = [3, 4, 5].map((i) => lowering.elements(second.inputs[i]!));
    bias.bias = lowering.literal(
      `arm ${second.output.id}`,
      () => requantizedArm(codes, multiplier.data[0] as number, shift.data[0] as number),
    );
    bias.multiplier2 = lowering.operand(second.inputs[1]!);
    bias.shift2 = lowering.operand(second.inputs[2]!);
  }
  lowering.emit(node.output, "attention_i8", {
    q: lowering.operand(scores.inputs[0]!),
    k: lowering.operand(scores.inputs[1]!),
    v: lowering.operand(values.inputs[1]!),
    ...requantization(lowering, first),
    ...bias,
    mask: lowering.optional(softmax.inputs[2]),
    [parameterName(softmax)]: lowering.operand(softmax.inputs[1]!),
    value_multiplier: value.multiplier,
    value_shift: value.shift,
    y: lowering.result(node.output),
  }, { heads: scores.attributes.heads as number, bits: softmax.attributes.bits === 8 ? 1 : 0 });
}

function parameterName(softmax: Node): "exponentials" | "x0" {
  return softmax.attributes.mode === "table" ? "exponentials" : "x0";
}
