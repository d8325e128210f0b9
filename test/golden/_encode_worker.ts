/** A thread that encodes its share of texts with the float32 and the integer MiniLM. */
import { compileEncoder, compileFloatEncoder } from "../../src/compile/encoder.ts";
import { unitVector } from "../../src/pipelines/embedding/unit_vector.ts";
import { encodeEach, readMiniLM, readScales } from "./_minilm.ts";

/** Embeddings of texts, not normalised where they are float. */
export interface EncodedTexts {
  readonly float: Float32Array[];
  readonly integer: Float32Array[];
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<number[][]>) => void;
  postMessage(message: EncodedTexts): void;
};

scope.onmessage = async ({ data: texts }) => {
  const checkpoint = readMiniLM();
  const [float, integer]: [Float32Array[], Float32Array[]] = [[], []];
  for await (const { sums } of encodeEach(compileFloatEncoder(checkpoint), "auto", texts)) {
    float.push(sums.data as Float32Array);
  }
  for await (
    const { sums } of encodeEach(compileEncoder(checkpoint, readScales()), "auto", texts)
  ) integer.push(unitVector(sums.data as Int32Array));
  scope.postMessage({ float, integer });
};
