/** GGUF files of Llamas with ternary weights, blocks encoded as ggml's C code does it. */
import type { GgufTensor, GgufValue } from "../../src/formats/gguf.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { halfBits } from "../../src/numeric/float16.ts";
import { ggufFile, text, TYPES, u32 } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { join } from "../formats/_join.ts";

/** Numbers of ggml's types. */
const GGML = { F32: 0, BF16: 30, TQ1_0: 34, TQ2_0: 35, I2_S: 36 } as const;

/** Encodes a ternary tensor. */
export type EncodeTrits = (tensor: TernaryTensor) => Uint8Array;

/**
 * TQ1_0 as `quantize_row_tq1_0_ref` of ggml writes it, by that function and not by our decoder: digits
 * from the first weight down, `q = q·3 + digit`, each byte `⌈256·q / 243⌉`; 32 bytes for 160 weights, 16
 * for 80, and 4 of four digits, which are shifted by one, for 16; then the scale.
 */
export function encodeTQ1({ trits, scales: [scale] }: TernaryTensor): Uint8Array {
  const out: number[] = [];
  const byteOf = (at: number, step: number, digits: number): number => {
    let q = 0;
    for (let n = 0; n < digits; n++) q = q * 3 + trits[at + n * step] + 1;
    if (digits === 4) q *= 3;
    return Math.floor((q * 256 + 242) / 243);
  };
  for (let block = 0; block < trits.length; block += 256) {
    for (let m = 0; m < 32; m++) out.push(byteOf(block + m, 32, 5));
    for (let m = 0; m < 16; m++) out.push(byteOf(block + 160 + m, 16, 5));
    for (let m = 0; m < 4; m++) out.push(byteOf(block + 240 + m, 4, 4));
    const bits = halfBits(scale)!;
    out.push(bits & 255, bits >> 8);
  }
  return Uint8Array.from(out);
}

/** A file like another one, its ternary tensors in another type. */
export function ggufOfTensors(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: ReadonlyMap<string, GgufTensor>,
  type: keyof typeof GGML,
  encode: EncodeTrits,
): Uint8Array<ArrayBuffer> {
  return ggufOfParts(
    [...metadata].map(([key, value]) => pairOf(key, value)),
    [...tensors].map(([name, tensor]) => {
      const decoded = tensor.decode();
      return decoded.dtype === "ternary"
        ? { name, shape: tensor.shape, type, bytes: encode(decoded) }
        : {
          name,
          shape: tensor.shape,
          type: tensor.type as keyof typeof GGML,
          bytes: tensor.bytes,
        };
    }),
  );
}

/** A tensor of a file. */
export interface GgufPart {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: keyof typeof GGML;
  readonly bytes: Uint8Array;
}

/** A file of tensors one after another. */
export function ggufOfParts(
  pairs: readonly Pair[],
  parts: readonly GgufPart[],
): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const bodies: Uint8Array[] = [];
  const tensors = parts.map(({ name, shape, type, bytes }) => {
    const body = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
    body.set(bytes);
    bodies.push(body);
    const at = offset;
    offset += body.length;
    return { name, extents: shape.toReversed(), type: GGML[type], offset: at };
  });
  return ggufFile({ pairs, tensors, data: join(...bodies) });
}

function pairOf(key: string, value: GgufValue): Pair {
  if (typeof value === "string") return [key, TYPES.string, text(value)];
  if (Number.isInteger(value)) return [key, TYPES.u32, u32(value as number)];
  return [key, TYPES.f32, new Uint8Array(Float32Array.of(value as number).buffer)];
}
