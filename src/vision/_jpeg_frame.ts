import { invalidJpeg, unsupportedJpeg } from "./_jpeg_error.ts";

/** One component (colour plane) of a JPEG, and its blocks of 8 x 8 samples. */
export interface JpegComponent {
  readonly id: number;
  /** Horizontal and vertical sampling factors, 1 to 4. */
  readonly h: number;
  readonly v: number;
  /** Number of its quantisation table. */
  readonly table: number;
  /** Samples that the image has of it. */
  readonly width: number;
  readonly height: number;
  /** Blocks in a row and a column, filled up to whole minimum coded units of all components. */
  readonly blockColumns: number;
  readonly blockRows: number;
}

/** Samples of one component. */
export interface JpegPlane {
  readonly samples: Uint8Array;
  /** Samples from one row to the next. */
  readonly stride: number;
  readonly component: JpegComponent;
}

/** What the frame header of a JPEG says. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  /** One is grey, three are colours, four are cyan, magenta, yellow and black. */
  readonly components: readonly JpegComponent[];
  /** Largest sampling factors. */
  readonly maxH: number;
  readonly maxV: number;
}

/** Reads a frame header (T.81, B.2.2) whose data is from `start` to `end`. */
export function readFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  progressive: boolean,
): JpegFrame {
  const count = bytes[start + 5];
  if (end - start < 6 || end - start !== 6 + 3 * count) throw invalidJpeg("bad frame header");
  if (bytes[start] !== 8) {
    throw unsupportedJpeg(`${bytes[start]} bits a sample are not supported, expected 8`);
  }
  const height = bytes[start + 1] << 8 | bytes[start + 2];
  const width = bytes[start + 3] << 8 | bytes[start + 4];
  if (width === 0) throw invalidJpeg("the width is 0");
  if (height === 0) throw unsupportedJpeg("a height that follows the pixels is not supported");
  if (count !== 1 && count !== 3 && count !== 4) {
    throw unsupportedJpeg(`${count} components are not supported`);
  }
  const fields = Array.from({ length: count }, (_, i) => {
    const at = start + 6 + 3 * i;
    return { id: bytes[at], h: bytes[at + 1] >> 4, v: bytes[at + 1] & 15, table: bytes[at + 2] };
  });
  for (const [i, { id, h, v }] of fields.entries()) {
    if (h < 1 || h > 4 || v < 1 || v > 4) throw invalidJpeg(`sampling factors ${h} x ${v}`);
    if (fields.findIndex((other) => other.id === id) < i) {
      throw invalidJpeg(`two components have the number ${id}`);
    }
  }
  const maxH = Math.max(...fields.map(({ h }) => h));
  const maxV = Math.max(...fields.map(({ v }) => v));
  if (fields.some(({ h, v }) => maxH % h > 0 || maxV % v > 0)) {
    throw unsupportedJpeg("sampling factors that do not divide the largest are not supported");
  }
  const unitColumns = Math.ceil(width / (8 * maxH)), unitRows = Math.ceil(height / (8 * maxV));
  const components = fields.map((field): JpegComponent => ({
    ...field,
    width: Math.ceil(width * field.h / maxH),
    height: Math.ceil(height * field.v / maxV),
    blockColumns: unitColumns * field.h,
    blockRows: unitRows * field.v,
  }));
  return { width, height, progressive, components, maxH, maxV };
}

/** Blocks of a component that have a sample of the image. */
export function blocksOf({ width, height }: JpegComponent): number {
  return Math.ceil(width / 8) * Math.ceil(height / 8);
}

/** Minimum coded units of a scan: its blocks if it has one component. */
export function unitsOf(frame: JpegFrame, components: readonly JpegComponent[]): number {
  if (components.length === 1) return blocksOf(components[0]);
  return Math.ceil(frame.width / 8 / frame.maxH) * Math.ceil(frame.height / 8 / frame.maxV);
}
