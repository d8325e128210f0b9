import type { Operands } from "./_operands.ts";

/** Images to rows of patches, each row in the order (y, x, channel). */
export function patches(op: Operands): void {
  const [x, y] = [op.get("x").bits(), op.get("y").bits()];
  const [height, width, channels, patch] = ["height", "width", "channels", "patch"]
    .map((name) => op.attribute(name));
  const channelsFirst = op.attribute("order") === 1;
  const [batch, rowsOfImage] = x.extents;
  const patchesAcross = width / patch;
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const p = Math.floor(row / patch) * patchesAcross + Math.floor(column / patch);
        const place = (row % patch) * patch + column % patch;
        for (let c = 0; c < channels; c++) {
          const from = channelsFirst
            ? (c * height + row) * width + column
            : (row * width + column) * channels + c;
          const value = x.get(b * rowsOfImage + Math.floor(from / x.columns), from % x.columns);
          y.set(b * y.extents[1] + p, place * channels + c, value);
        }
      }
    }
  }
}
