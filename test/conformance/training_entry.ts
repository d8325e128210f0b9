/** An entry that trains. */
import type { ProgramBuilder } from "../../src/program/builder.ts";

/** Adds an entry with an instruction that trains: programs without one have no 16-bit floats where float32 is meant. */
export function addTraining(builder: ProgramBuilder): void {
  const extents = [builder.expression(1), builder.expression(1)];
  const data = new Uint8Array(4);
  const x = builder.tensor({ region: "constant", dtype: "f32", extents, data });
  const y = builder.tensor({ region: "output", name: "trains", dtype: "f32", extents });
  builder.instruction("unary_f32", { x: builder.whole(x), y: builder.whole(y) });
  builder.entry("trains");
}
