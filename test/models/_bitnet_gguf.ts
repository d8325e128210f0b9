/** GGUF files of Llamas with ternary weights, blocks encoded as ggml's C code does it. */
import type { GgufTensor, GgufValue } from "../../src/formats/gguf.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { halfBits } from "../../src/numeric/float16.ts";
import { ggufFile, text, TYPES, u32 } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { join } from "../formats/_join.ts";
import { isLayer, tritsOf, widened } from "./_bitnet.ts";
import type { Sizes } from "./_bitnet.ts";

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

const NAMES: Readonly<Record<string, string>> = {
  "model.embed_tokens": "token_embd",
  "model.norm": "output_norm",
  "input_layernorm": "attn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.attn_sub_norm": "attn_sub_norm",
  "self_attn.o_proj": "attn_output",
  "post_attention_layernorm": "ffn_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.ffn_sub_norm": "ffn_sub_norm",
  "mlp.down_proj": "ffn_down",
};

/** The metadata of a network, without a vocabulary. */
export function ggufPairs(sizes: Sizes): Pair[] {
  const key = (name: string): string => `bitnet-b1.58.${name}`;
  const integers: [string, number][] = [
    ["context_length", 4096],
    ["embedding_length", sizes.width],
    ["block_count", sizes.depth],
    ["feed_forward_length", sizes.hidden],
    ["attention.head_count", sizes.heads],
    ["attention.head_count_kv", sizes.kvHeads],
    ["rope.dimension_count", sizes.width / sizes.heads],
    ["vocab_size", sizes.vocabulary],
  ];
  const floats: [string, number][] = [
    ["rope.freq_base", 500_000],
    ["attention.layer_norm_rms_epsilon", 1e-5],
  ];
  return [
    ["general.architecture", TYPES.string, text("bitnet-b1.58")],
    ...integers.map(([name, value]): Pair => [key(name), TYPES.u32, u32(value)]),
    ...floats.map(([name, value]): Pair => [key(name), TYPES.f32, floatBytes(value)]),
  ];
}

/**
 * A file of masters: the layers of a type, as trits where there is what encodes them, norms float32, the
 * table BF16.
 */
export function ggufOfMasters(
  masters: ReadonlyMap<string, Tensor>,
  pairs: readonly Pair[],
  type: keyof typeof GGML,
  encode?: EncodeTrits,
): Uint8Array<ArrayBuffer> {
  const parts = [...masters].map(([name, master]): GgufPart => {
    const [, layer, inner] = /^model\.layers\.(\d+)\.(.*)\.weight$/.exec(name) ?? [];
    const own = NAMES[inner ?? name.replace(/\.weight$/, "")];
    const { shape } = master;
    const common = { name: `${layer === undefined ? "" : `blk.${layer}.`}${own}.weight`, shape };
    if (isLayer(name) && encode) return { ...common, type, bytes: encode(tritsOf(master)) };
    if (shape.length === 1) {
      return { ...common, type: "F32", bytes: new Uint8Array(widened(master).buffer) };
    }
    const data = master.data as Uint16Array;
    return { ...common, type: "BF16", bytes: new Uint8Array(data.slice().buffer) };
  });
  return ggufOfParts(pairs, parts);
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
  return [key, TYPES.f32, floatBytes(value as number)];
}

function floatBytes(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}
