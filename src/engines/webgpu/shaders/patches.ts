import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Images to rows of patches, each row in the order (y, x, channel). */
export const patches: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  let height = attribute_height();
  let width = attribute_width();
  let channels = attribute_channels();
  let side = attribute_patch();
  let across = width / side;
  let count = y_extents().y;
  let image = row / count;
  let p = row - image * count;
  let place = column / channels;
  let channel = column - place * channels;
  let line = (p / across) * side + place / side;
  let at = (p % across) * side + place % side;
  var source = (line * width + at) * channels + channel;
  if (attribute_order() == 1u) { source = (channel * height + line) * width + at; }
  return u32(read_x(image * x_extents().y + source / x_columns(), source % x_columns()));
}`,
  )],
});
