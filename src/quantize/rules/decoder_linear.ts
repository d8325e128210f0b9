/** Linear layers of integer language models, which requantise by one shift. */
import type { Value } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { linearShifted, requantize } from "../../graph/ops/mod.ts";
import { dyadic } from "../../numeric/dyadic.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";
import { sharedShift } from "../../numeric/shared_shift.ts";
import type { Tensor } from "../../tensor.ts";
import type { CoarseGrid } from "../decoder_settings.ts";
import type { IntegerBuilder } from "../integer_builder.ts";
import { knownScale } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import {
  DIGIT_BITS,
  digitsOfZero,
  expectRoom,
  largestInputOf,
  rowSums,
} from "../shifted_weights.ts";
import type { ShiftedWeight } from "../shifted_weights.ts";
import type { Site } from "../sites.ts";
import { multiplyColumns } from "../smooth.ts";

/** Fractional bits of logits. */
const LOGIT_BITS = 12;

/** An i32 constant of one number. */
export function one(builder: IntegerBuilder, key: string, number: number): Value {
  return builder.constant(key, "i32", [1], [], () => Int32Array.of(number));
}

/** An i32 constant of many. */
export function integers(
  builder: IntegerBuilder,
  key: string,
  length: number,
  data: () => Int32Array,
): Value {
  return builder.constant(key, "i32", [length], [], data);
}

/** `x·weightᵀ` on the grid of its result, as logits, or (in the Add behind it) added to the residual. */
export function shiftedLinearRule(rewriter: IntegerRewriter, node: NodeNamed<"Linear">): void {
  const { outputs: { y } } = node;
  const settings = rewriter.decoder(node.op);
  const site = rewriter.siteAtResult(y);
  if (site !== undefined) {
    const coarse = settings.coarse(site.name);
    if (coarse !== undefined) return coarseLinear(rewriter, node, site, coarse);
    const { scales, zeros } = settings.channels(site.name);
    const zeroPoint = zeros === undefined || zeros.every((zero) => zero === 0)
      ? undefined
      : integers(rewriter.builder, `zero ${site.name}`, zeros.length, () => zeros);
    const value = product(
      rewriter,
      node,
      scales,
      { zeroPoint },
      site.bits,
      site.name.endsWith(".gate"),
    );
    rewriter.builder.taps.set(site.name, value);
    rewriter.keep(y, { value, scale: knownScale(scales[0]) });
    return;
  }
  // What is neither on a grid nor an output is added to the residual.
  if (!rewriter.source.outputs.some(({ value }) => value === y)) return;
  const value = product(rewriter, node, Float64Array.of(2 ** -LOGIT_BITS), {}, 32);
  rewriter.builder.taps.set(y.name || "logits", value);
  rewriter.keep(y, { value, scale: knownScale(2 ** -LOGIT_BITS) });
}

/** `x·weightᵀ` on a grid of 8 bits, as the paper has it, and from there on the finer one that the engine goes on with. */
function coarseLinear(
  rewriter: IntegerRewriter,
  node: NodeNamed<"Linear">,
  site: Site,
  { name, scales, zero }: CoarseGrid,
): void {
  const { builder } = rewriter;
  const zeroPoint = one(builder, `zero ${name}`, zero);
  const x = product(rewriter, node, scales, { zeroPoint }, 8);
  builder.taps.set(name, x);
  const fine = rewriter.decoder(node.op).channels(site.name).scales[0];
  const { multiplier, shift } = dyadic(scales[0], fine);
  const value = builder.graph.apply(
    requantize,
    {
      x,
      multiplier: one(builder, `multiplier ${name}`, multiplier),
      shift: one(builder, `shift ${name}`, shift),
      zeroPoint: one(builder, `zero behind ${name}`, roundHalfEven(-zero * scales[0] / fine)),
    },
    { to: "i16" },
    { name: site.name },
  );
  builder.taps.set(site.name, value);
  rewriter.keep(node.outputs.y, { value, scale: knownScale(fine) });
}

/** `a + b`, b the residual, a a linear layer. */
export function residualRule(rewriter: IntegerRewriter, node: NodeNamed<"Add">): void {
  const { inputs: { a }, outputs: { y } } = node;
  const layer = rewriter.producer(a);
  if (!isNode(layer, "Linear")) throw rewriter.unsupported(node.op);
  const { residual: { limit }, all: { residualBits } } = rewriter.decoder(node.op);
  const operands = {
    identity: rewriter.readAny(node, "b").value,
    limit: one(rewriter.builder, "residual limit", limit),
  };
  const value = product(rewriter, layer, Float64Array.of(2 ** -residualBits), operands, 32);
  rewriter.builder.taps.set(y.name, value);
  rewriter.keep(y, { value, scale: knownScale(2 ** -residualBits) });
}

/** Sums of products, requantised to scales: one, or one for each channel. */
function product(
  rewriter: IntegerRewriter,
  node: NodeNamed<"Linear">,
  scales: Float64Array,
  more: Readonly<Record<string, Value | undefined>>,
  bits: number,
  wide = false,
): Value {
  const { builder, source } = rewriter;
  const settings = rewriter.decoder(node.op);
  if (node.inputs.bias !== undefined) throw rewriter.unsupported("Linear with a bias");
  const { weight: real } = node.inputs;
  const name = rewriter.layerName(node);
  const x = rewriter.readAny(node, "x");
  const [n, k] = real.shape as number[];
  const zero = x.zeroPoint ?? 0;
  const isTable = bits === 32 && more.limit === undefined;
  const [inputScale] = x.scale.of(new Map());
  const biases = settings.all.biases?.get(name);
  const learned = isTable ? undefined : settings.all.rowFactors?.get(name);
  const isFine = !isTable && x.value.dtype === "i16";
  const isSplit = isFine && settings.bits !== "w8a8";
  const [zeroHigh, zeroLow] = digitsOfZero(zero);
  const largestInput = largestInputOf(zero, isFine ? 12 : 8, settings.bits);
  const rows = (): Float32Array => {
    const tensor = source.constants.get(real.id)!.tensor(new Map());
    const smoothed: Tensor = x.divisors === undefined
      ? tensor
      : multiplyColumns(tensor, x.divisors);
    return smoothed.data as Float32Array;
  };
  const key = isTable ? `table ${real.id}` : `weight ${name}`;
  const weight = (): ShiftedWeight =>
    isTable ? settings.table(key, n, rows) : settings.weight(name, n, largestInput, rows);
  const factors = () =>
    sharedShift(
      Float64Array.from(
        weight().scales,
        (scale, i) =>
          inputScale * scale / (scales.length === 1 ? scales[0] : scales[i]) *
          (learned === undefined ? 1 : learned[i]),
      ),
      name,
    );
  const biasOf = (key: string, zero: number, biases?: Int32Array): Value | undefined =>
    zero === 0 && biases === undefined ? undefined : integers(builder, `${key} ${name}`, n, () => {
      if (biases !== undefined) expectRoom(weight(), n, largestInput, name, biases);
      return rowSums(weight(), n).map((sum, row) => (biases?.[row] ?? 0) - zero * sum);
    });
  const shift = (key: string, less: number): Value =>
    integers(builder, `${key} ${name}`, 1, () => Int32Array.of(factors().shift - less));
  const operands = {
    x: x.value,
    multiplier: integers(builder, `multiplier ${name}`, n, () => factors().multipliers),
    shift: shift("shift", 0),
    bias: isSplit ? biasOf("bias low", zeroLow, biases) : biasOf("bias", zero, biases),
    ...more,
  };
  if (isTable || settings.bits === "w8a8") {
    const codes = builder.constant(key, "i8", [n, k], [], () => weight().codes);
    const attributes = { bits, ...wide && { wide } };
    return builder.graph.apply(linearShifted, { ...operands, weight: codes }, attributes, { name });
  }
  const group = settings.group || k;
  const groups = Math.ceil(k / group);
  const bytes = (of: "zero" | "factor"): Value =>
    builder.constant(`${of} of ${name}`, "u8", [n, groups], [], () => weight()[of]!);
  const layer = (operands: LayerOperands, name: string): Value =>
    builder.graph.apply(
      linearShifted,
      {
        ...operands,
        weight: builder.constant(key, "u8", [n, k], [], () => weight().codes),
        zero: bytes("zero"),
        factor: settings.group === 0 ? undefined : bytes("factor"),
      },
      { bits, ...wide && { wide }, ...settings.group > 0 && { group: settings.group } },
      { name },
    );
  if (!isSplit) return layer(operands, name);
  const [high, low] = digitsOf(builder, x.value);
  // The residual has 16 fractional bits: that each digit's sum is rounded for itself costs it 2^−17.
  const identity = layer({
    ...operands,
    x: high,
    bias: biasOf("bias high", zeroHigh),
    shift: shift("shift high", DIGIT_BITS),
  }, `${name}.high`);
  return layer({ ...operands, x: low, identity }, name);
}

/** What a linear layer reads beside its weights. */
interface LayerOperands {
  readonly x: Value;
  readonly multiplier: Value;
  readonly shift: Value;
  readonly [name: string]: Value | undefined;
}

/**
 * A code of 12 bits as two of 8: `x = 16·high + low`, high = round(x / 16), half to even and at most 127, so that low is
 * −8 … 15.
 */
function digitsOf(builder: IntegerBuilder, x: Value): [Value, Value] {
  const digit = (operands: Parameters<typeof requantize.infer>[0], name: string): Value =>
    builder.graph.apply(requantize, operands, { to: "i8" }, { name });
  const high = digit({
    x,
    multiplier: one(builder, "digit one", 1),
    shift: one(builder, "digit shift", DIGIT_BITS),
  }, `${x.name}.high`);
  // Shifts are 1 at least.
  const shift = one(builder, "digit half", 1);
  const low = digit({
    x,
    multiplier: one(builder, "digit two", 2),
    shift,
    identity: high,
    identityMultiplier: one(builder, "digit less", -(2 ** (DIGIT_BITS + 1))),
    identityShift: shift,
  }, `${x.name}.low`);
  return [high, low];
}
