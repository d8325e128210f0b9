import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { accumulator, requantization } from "../integer_operands.ts";

/** The layer, and its requantisation to 8 bits. */
interface TableMatch extends Match {
  readonly inner: NodeNamed<"Requantize">;
  readonly linear: NodeNamed<"LinearInteger">;
}

/** A linear layer requantised to 8 bits, and a table of 256 bytes. */
export const table: Fusion<"Lookup", TableMatch> = {
  name: "layer and table",
  at: "Lookup",
  applies: ({ fuse, parameters }) => fuse && !parameters,
  match(lowering, { inputs: { x, table } }) {
    if (lowering.producer(x)?.op !== "Requantize") return undefined;
    expect(table.dtype === "i8", `the table has ${table.dtype} elements`);
    expect(table.shape[0] === 1, "channels have tables of their own");
    const inner = lowering.only(x, "Requantize");
    expect(inner.inputs.identity === undefined, "a residual is added");
    expect(inner.attributes.to === "i8", `the layer's results are ${inner.attributes.to}`);
    const linear = lowering.only(inner.inputs.x, "LinearInteger");
    return { nodes: [inner, linear], inner, linear };
  },
  emit(lowering, { inputs: { table }, outputs: { y } }, { inner, linear }) {
    const { name, operands, attributes } = accumulator(lowering, linear);
    lowering.emit(y, name, {
      ...operands,
      ...requantization(lowering, inner),
      table: lowering.shaped(table, [256]),
      y: lowering.result(y),
    }, attributes);
  },
};
