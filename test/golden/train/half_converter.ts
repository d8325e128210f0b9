/** Conversions of 16-bit floats by the module for training: a program that copies from one type to the other. */
import type { SyncInstance } from "../../../src/engines/engine.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { ProgramBuilder } from "../../../src/program/builder.ts";
import { addTraining } from "../../conformance/training_entry.ts";
import { encodeProgram } from "../../../src/program/encode.ts";

/** Converts as many elements as it was made for. */
export interface HalfConverter extends Disposable {
  /** Bits of 16-bit floats from those of float32; valid until the next call. */
  narrow(bits: Uint32Array): Uint16Array<ArrayBuffer>;
  /** float32 from the bits of 16-bit floats. */
  widen(bits: Uint16Array): Float32Array<ArrayBuffer>;
}

/** Loads the program. */
export async function halfConverter(type: HalfType, elements: number): Promise<HalfConverter> {
  const builder = new ProgramBuilder();
  const extents = [builder.expression(1), builder.expression(elements)];
  for (const [entry, from, to] of [["narrow", "f32", type], ["widen", type, "f32"]] as const) {
    const x = builder.tensor({ region: "input", name: `${entry}.x`, dtype: from, extents });
    const y = builder.tensor({ region: "output", name: `${entry}.y`, dtype: to, extents });
    builder.instruction("copy", { x: builder.whole(x), y: builder.whole(y) });
    builder.entry(entry);
  }
  addTraining(builder);
  const file = await encodeProgram(builder.finish());
  const instance: SyncInstance = await loadWasm(file, { build: trainBuild() });
  const run = (entry: string, x: ArrayBufferView) =>
    instance.runSync({ [`${entry}.x`]: new Uint8Array(x.buffer as ArrayBuffer) }, { entry })[
      `${entry}.y`
    ].data;
  return {
    narrow: (bits) => run("narrow", bits) as Uint16Array<ArrayBuffer>,
    widen: (bits) => run("widen", bits) as Float32Array<ArrayBuffer>,
    [Symbol.dispose]: () => instance[Symbol.dispose](),
  };
}
