/**
 * How the elements of a tensor lie in memory: dense rows, or panels, a file each. What `asm/` needs to
 * know of them is generated from here.
 *
 * @module
 */
import { denseBytes } from "../tensor.ts";
import type { DType } from "../tensor.ts";
import { panel8 } from "./panel_8.ts";
import { panel8U8 } from "./panel_8_u8.ts";
import { panel8x16T2 } from "./panel_8x16_t2.ts";
import { panel8x16U4 } from "./panel_8x16_u4.ts";
import { panel8x4 } from "./panel_8x4.ts";
import { panel8x4U7 } from "./panel_8x4_u7.ts";
import { panelBytes } from "./panels.ts";
import type { Panels } from "./panels.ts";

export type { Panels };

/** Layouts by name. The number is the code in a file: append only. */
export const LAYOUTS = {
  /** Dense, last extent contiguous. */
  rows: 0,
  /** `[N, K]` weights as `[ceil(N/8)][ceil(K/4)][8 columns][4 k]` bytes, padded with zero. */
  panel_8x4: 1,
  /** `[N, K]` weights of −63…63, stored +64 in the order of `panel_8x4`, padded with 64. */
  panel_8x4_u7: 2,
  /** `[N, K]` float weights as `[ceil(N/8)][K][8]`, padded with zero. */
  panel_8: 3,
  /**
   * `[N, K]` trits as `[ceil(N/8)][ceil(K/16)][8 columns][4]` bytes: bits 2p and 2p+1 of byte j of
   * group g hold `t + 1` of k = 16g + 4p + j. Padded with `t = 0`.
   */
  panel_8x16_t2: 4,
  /**
   * `[N, K]` codes 0…15 as `[ceil(N/8)][ceil(K/16)][2][8 columns][4]` bytes: of byte j of half h of block
   * g the low four bits hold k = 16g + 8h + j, the high ones k = 16g + 8h + 4 + j. Padded with 0.
   */
  panel_8x16_u4: 5,
  /** `[N, K]` bytes as `[ceil(N/8)][K][8]`, padded with 0. */
  panel_8_u8: 6,
} as const;

/** Name of a memory layout. */
export type Layout = keyof typeof LAYOUTS;

/** Name of a layout in panels. */
export type PanelLayout = Exclude<Layout, "rows">;

/** The panels of each layout that is not dense rows. */
export const PANELS: { readonly [name in PanelLayout]: Panels } = {
  panel_8x4: panel8x4,
  panel_8x4_u7: panel8x4U7,
  panel_8: panel8,
  panel_8x16_t2: panel8x16T2,
  panel_8x16_u4: panel8x16U4,
  panel_8_u8: panel8U8,
};

/** The panels of a layout; `undefined` for dense rows. */
export function panelsOf(layout: Layout): Panels | undefined {
  return layout === "rows" ? undefined : PANELS[layout];
}

/** Bytes of a tensor with these extents. */
export function layoutBytes(layout: Layout, dtype: DType, extents: readonly number[]): number {
  const panels = panelsOf(layout);
  if (panels !== undefined) return panelBytes(panels, extents[0], extents[1]);
  return denseBytes(dtype, extents);
}
