/** Inputs of a network: float32 images as codes or bytes; indices and bounds as they are. */
import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import { lookup, quantizeLinear } from "../../graph/ops/mod.ts";
import { quantizeValue } from "../../numeric/grid.ts";
import type { Codes } from "../integer_builder.ts";
import { ruleOf } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import type { Site } from "../sites.ts";

/** Makes an input of the integer network. */
export function quantizeInput(rewriter: IntegerRewriter, input: Value): void {
  const { graph, builder, source } = rewriter;
  if (input.dtype !== "f32") {
    const check = source.checks.get(input.id);
    const offsets = check?.offsets && rewriter.integerInput(check.offsets);
    rewriter.setInteger(
      input,
      graph.input(
        input.name,
        input.dtype,
        input.shape,
        check && { ...check, ...offsets && { offsets } },
      ),
    );
    return;
  }
  const site = rewriter.siteOf(input);
  if (rewriter.pixelTable !== undefined) {
    rewriter.expectPlain(site, [8]);
    return rewriter.keep(input, pixelCodes(rewriter, input, site, rewriter.pixelTable));
  }
  const { name, bits, zeroPoint: zero, divisors } = site;
  if (divisors !== undefined) {
    throw new FewbitError("unsupported", `Channels of the input "${input.name}" cannot be divided`);
  }
  const x = graph.input(input.name, input.dtype, input.shape);
  const scale = builder.derivedScale(`scale of input ${name}`, ruleOf(name));
  const zeroPoint = zero === undefined
    ? undefined
    : builder.constant(`zero ${name}`, "i32", [1], [], () => Int32Array.of(zero));
  const to = bits === 8 ? "i8" : "i16";
  const codes = graph.apply(quantizeLinear, { x, scale, zeroPoint }, { to });
  rewriter.keep(input, builder.site(site, codes, { kind: "input", x }));
}

/** Bytes of pixels to codes by a table for each channel: normalisation and quantisation in one. */
function pixelCodes(
  { graph, builder }: IntegerRewriter,
  { shape: [batch, channels, height, width] }: Value,
  { name }: Site,
  pixelTable: Float32Array,
): Codes {
  if (pixelTable.length !== channels as number * 256) {
    throw new FewbitError(
      "shape_mismatch",
      `The network has ${channels} channels, the preprocessing ${pixelTable.length / 256}`,
    );
  }
  const x = graph.input("pixels", "u8", [batch, height, width, channels]);
  const table = builder.constant("pixels", "i8", [channels as number, 256], [name], (scales) => {
    const scale = scales.get(name)!;
    return Int8Array.from(pixelTable, (pixel) => quantizeValue(pixel, scale, 8));
  });
  return { value: graph.apply(lookup, { x, table }), scale: ruleOf(name) };
}
