/** Constants of the float graph as codes. */
import type { Value } from "../../graph/graph.ts";
import { quantizeValue } from "../../numeric/grid.ts";
import type { Codes } from "../integer_builder.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import type { Site } from "../sites.ts";

/** A constant on its site. */
export function constantCodes(rewriter: IntegerRewriter, constant: Value, site: Site): Codes {
  const data = rewriter.floats(constant);
  return rewriter.constantSite(constant, site, (scale) => {
    const codes = data.map((x) => quantizeValue(x, scale, site.bits));
    return site.bits === 8 ? Int8Array.from(codes) : Int16Array.from(codes);
  });
}
