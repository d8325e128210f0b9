/** Linear layers and LayerNorms: 32-bit sums with a scale for each channel, put on the sites of the result. */
import type { NodeNamed } from "../../graph/op_names.ts";
import { layerNormInteger, linearInteger } from "../../graph/ops/mod.ts";
import type { Tensor } from "../../tensor.ts";
import type { Codes } from "../integer_builder.ts";
import { checkEpsilon } from "../integer_constants.ts";
import type { QuantizedWeight } from "../integer_constants.ts";
import { multiply } from "../integer_network.ts";
import type { Scales } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import { multiplyColumns } from "../smooth.ts";

/** `x·weightᵀ + bias`; columns of weights take up what channels of x were divided by. */
export function linearRule(rewriter: IntegerRewriter, node: NodeNamed<"Linear">): void {
  const { inputs: { weight, bias }, outputs: { y } } = node;
  const name = rewriter.layerName(node);
  const x = rewriter.readAny(node, "x");
  const tensor = rewriter.elements(weight);
  const { readers } = rewriter.builder;
  const site = rewriter.siteAt(node, "x")?.name;
  if (site !== undefined) readers.set(site, [...readers.get(site) ?? [], tensor]);
  const rows = x.divisors === undefined ? tensor : multiplyColumns(tensor, x.divisors);
  const real = bias === undefined ? undefined : rewriter.floats(bias);
  rewriter.settle(y, sums(rewriter, x, { name, rows, bias: real }));
}

/** A LayerNorm without its division: the scale of a channel has γ in it. */
export function layerNormalizationRule(
  rewriter: IntegerRewriter,
  node: NodeNamed<"LayerNormalization">,
): void {
  const { inputs, attributes: { epsilon }, outputs: { y } } = node;
  const name = rewriter.layerName(node);
  checkEpsilon(epsilon, name);
  const { builder, method } = rewriter;
  const gamma = rewriter.floats(inputs.scale);
  const beta = inputs.bias === undefined
    ? new Float32Array(gamma.length)
    : rewriter.floats(inputs.bias);
  const quantized = method.parameters.norm(name, gamma, beta);
  const bias = builder.constant(`norm ${name}`, "i32", [gamma.length], [], () => quantized.bias);
  const { value: x } = rewriter.read(node, "x");
  const value = builder.graph.apply(layerNormInteger, { x, bias });
  rewriter.settle(y, { value, scale: { from: [], of: () => quantized.scales } });
}

/** A linear layer in float32. */
interface FloatLinear {
  readonly name: string;
  /** `[N, K]`. */
  readonly rows: Tensor;
  /** `[N]`. */
  readonly bias: Float32Array | undefined;
}

/** 32-bit sums of a linear layer. */
function sums(
  { builder, method: { parameters, weightBits } }: IntegerRewriter,
  x: Codes,
  { name, rows, bias }: FloatLinear,
): Codes {
  const room = bias !== undefined && parameters.needsRoom(name, rows, weightBits, bias);
  const from = room ? x.scale.from : [];
  const quantized = (scales: Scales): QuantizedWeight =>
    parameters.weight(
      name,
      rows,
      weightBits,
      room ? { bias: bias!, inputScale: x.scale.of(scales)[0] } : undefined,
    );
  const weight = builder.constant(
    `weight ${name}`,
    "i8",
    rows.shape,
    from,
    (scales) => quantized(scales).codes,
  );
  const scale = multiply(x.scale, { from, of: (scales) => quantized(scales).scales });
  const { zeroPoint } = x;
  const integerBias = bias === undefined && zeroPoint === undefined
    ? undefined
    : builder.constant(`bias ${name}`, "i32", [rows.shape[0]], scale.from, (scales) => {
      const plain = bias === undefined
        ? new Int32Array(rows.shape[0])
        : parameters.bias(name, bias, scale.of(scales));
      return zeroPoint === undefined
        ? plain
        : withoutZeroPoint(plain, quantized(scales).codes, zeroPoint);
    });
  const value = builder.graph.apply(
    linearInteger,
    { x: x.value, weight, bias: integerBias },
    { weightBits },
  );
  return { value, scale };
}

/** `Σ w·(x − z) = Σ w·x − z·Σ w`: what the code of 0 adds to each row's sum goes into its bias. */
function withoutZeroPoint(bias: Int32Array, codes: Int8Array, zeroPoint: number): Int32Array {
  const columns = codes.length / bias.length;
  return bias.map((b, n) => {
    const row = codes.subarray(n * columns, (n + 1) * columns);
    return b - zeroPoint * row.reduce((sum, w) => sum + w, 0);
  });
}
