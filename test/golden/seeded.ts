/** Random networks that any language can rebuild exactly: the generator of golden/ivit/seeded.py. */
import type { Tensor } from "../../src/tensor.ts";

/** A counter-based generator without state but its position. */
export class Stream {
  #at = 0;

  constructor(readonly seed: number) {}

  /** The next 32 random bits: murmur3's finaliser of the counter. */
  next(): number {
    let h = Math.imul(this.#at++ + this.seed, 0x9E3779B9);
    h = Math.imul(h ^ h >>> 16, 0x85EBCA6B);
    h = Math.imul(h ^ h >>> 13, 0xC2B2AE35);
    return (h ^ h >>> 16) >>> 0;
  }

  /** `fl32(fl32(u·bound) + offset)`, u from −1 to 1. */
  take(length: number, bound: number, offset = 0): Float32Array {
    const scale = Math.fround(bound);
    return Float32Array.from({ length }, () => {
      const u = (this.next() >>> 8) * 2 ** -23 - 1;
      return Math.fround(u * scale) + Math.fround(offset);
    });
  }
}

/** Name, extents, bound and offset of each tensor, in the order of a stream. */
export type Layout = readonly (readonly [
  name: string,
  shape: readonly number[],
  bound: number,
  offset: number,
])[];

function linear(name: string, o: number, i: number): Layout {
  return [[`${name}.weight`, [o, i], Math.sqrt(3 / i), 0], [`${name}.bias`, [o], 0.1, 0]];
}

function norm(name: string, c: number): Layout {
  return [[`${name}.weight`, [c], 0.5, 1], [`${name}.bias`, [c], 0.2, 0]];
}

/** Tensors of a DeiT, in order. */
export function layoutDeiT(
  c = 192,
  depth = 12,
  patch = 16,
  channels = 3,
  tokens = 197,
  classes = 1000,
): Layout {
  const proj = [c, channels, patch, patch];
  return [
    ["cls_token", [1, 1, c], 0.5, 0],
    ["pos_embed", [1, tokens, c], 0.5, 0],
    ["patch_embed.proj.weight", proj, Math.sqrt(3 / (channels * patch * patch)), 0],
    ["patch_embed.proj.bias", [c], 0.1, 0],
    ...Array.from({ length: depth }, (_, i) => `blocks.${i}.`).flatMap((b): Layout => [
      ...norm(`${b}norm1`, c),
      ...linear(`${b}attn.qkv`, 3 * c, c),
      ...linear(`${b}attn.proj`, c, c),
      ...norm(`${b}norm2`, c),
      ...linear(`${b}mlp.fc1`, 4 * c, c),
      ...linear(`${b}mlp.fc2`, c, 4 * c),
    ]),
    ...norm("norm", c),
    ...linear("head", classes, c),
  ];
}

/** Tensors of a Swin, in order. */
export function layoutSwin(
  c = 96,
  depths = [2, 2, 6, 2],
  heads = [3, 6, 12, 24],
  classes = 1000,
): Layout {
  const layout: Layout[number][] = [
    ["patch_embed.proj.weight", [c, 3, 4, 4], 0.25, 0],
    ["patch_embed.proj.bias", [c], 0.1, 0],
    ...norm("patch_embed.norm", c),
  ];
  heads.forEach((h, stage) => {
    const w = c << stage;
    for (let i = 0; i < depths[stage]; i++) {
      const b = `layers.${stage}.blocks.${i}.`;
      layout.push(
        ...norm(`${b}norm1`, w),
        [`${b}attn.relative_position_bias_table`, [169, h], 1, 0],
        ...linear(`${b}attn.qkv`, 3 * w, w),
        ...linear(`${b}attn.proj`, w, w),
        ...norm(`${b}norm2`, w),
        ...linear(`${b}mlp.fc1`, 4 * w, w),
        ...linear(`${b}mlp.fc2`, w, 4 * w),
      );
    }
    if (stage === heads.length - 1) return;
    const d = `layers.${stage}.downsample.`;
    layout.push(...norm(`${d}norm`, 4 * w));
    layout.push([`${d}reduction.weight`, [2 * w, 4 * w], Math.sqrt(3 / (4 * w)), 0]);
  });
  const last = c << (heads.length - 1);
  return [...layout, ...norm("norm", last), ...linear("head", classes, last)];
}

/** The tensors of a layout. */
export function buildSeeded(layout: Layout, seed: number): Map<string, Tensor> {
  const stream = new Stream(seed);
  return new Map(layout.map(([name, shape, bound, offset]) => [name, {
    dtype: "f32",
    shape,
    data: stream.take(shape.reduce((a, b) => a * b, 1), bound, offset),
  }]));
}
