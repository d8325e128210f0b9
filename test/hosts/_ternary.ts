/** A classifier with ternary weights, of more bytes than the buffer through which they are loaded. */
import { load } from "../../src/engines/load.ts";
import { packBase3 } from "../../src/numeric/base3.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { trits } from "../program/_ternary.ts";
import { sha256 } from "./_picture.ts";

const ROWS = 331;
const COLUMNS = 1027;

/** What a host loads, and the pixels that it gives. */
export interface TernaryModel {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** `logits = W·pixels`, times 1/8. */
export async function ternaryModel(): Promise<TernaryModel> {
  const b = new ProgramBuilder();
  const [one, n, k] = [b.expression(1), b.expression(ROWS), b.expression(COLUMNS)];
  const float = (value: number, extents: number[]): number =>
    b.whole(
      b.tensor({
        region: "constant",
        dtype: "f32",
        extents,
        data: new Uint8Array(Float32Array.of(value).buffer),
      }),
    );
  const x = b.tensor({ name: "pixels", region: "input", dtype: "i8", extents: [one, k] });
  const y = b.tensor({ name: "logits", region: "output", dtype: "f32", extents: [one, n] });
  const weight = b.tensor({
    region: "constant",
    dtype: "i8",
    layout: "panel_8x16_t2",
    encoding: "base3",
    extents: [n, k],
    data: packBase3(trits(ROWS, COLUMNS)),
  });
  b.instruction("linear_ternary", {
    x: b.whole(x),
    alpha: float(16, [one, one]),
    weight: b.whole(weight),
    weight_scale: float(2, [one]),
    y: b.whole(y),
  });
  b.entry("main");
  const pixels = Uint8Array.from({ length: COLUMNS }, (_, i) => i * 37);
  return { file: await encodeProgram(b.finish()), pixels };
}

/** Hash of the logits in this process. */
export async function ternaryHash({ file, pixels }: TernaryModel): Promise<string> {
  using instance = await load(file, { engine: "reference" });
  const { logits } = await instance.run({ pixels: new Int8Array(pixels.buffer) });
  return sha256(logits.data);
}
