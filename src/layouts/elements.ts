/** Elements in layouts: packing whole tensors, and reading one element. What runs programs needs neither. */
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import type { Layout, PanelLayout } from "./mod.ts";
import { panel8Elements } from "./panel_8.ts";
import { panel8U8Elements } from "./panel_8_u8.ts";
import { panel8x16T2Elements } from "./panel_8x16_t2.ts";
import { panel8x16U4Elements } from "./panel_8x16_u4.ts";
import { panel8x4Elements } from "./panel_8x4.ts";
import { panel8x4U7Elements } from "./panel_8x4_u7.ts";
import type { PanelElements } from "./panels.ts";

/** The elements of each layout that is not dense rows. */
export const PANEL_ELEMENTS: { readonly [name in PanelLayout]: PanelElements } = {
  panel_8x4: panel8x4Elements,
  panel_8x4_u7: panel8x4U7Elements,
  panel_8: panel8Elements,
  panel_8x16_t2: panel8x16T2Elements,
  panel_8x16_u4: panel8x16U4Elements,
  panel_8_u8: panel8U8Elements,
};

/** The bytes of a tensor in a layout. */
export function packed({ data, shape }: Tensor, layout: Layout): Uint8Array {
  return layout === "rows" ? bytesOf(data) : PANEL_ELEMENTS[layout].pack(data, shape[0], shape[1]);
}
