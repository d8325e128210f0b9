// How tensors lie in memory, as in `src/layouts/`.
import { DTYPE_BYTES, LAYOUT_PANELS } from "./generated/format";
import { TensorRecord } from "./generated/records";
import { Model } from "./model";
import { times } from "./saturating";

// @ts-ignore: decorator
@inline
export function elementBytesOf(dtype: u32): u32 {
  return load<u8>(DTYPE_BYTES + dtype);
}

/** Panels of a layout; `columns` is 0 for dense rows. */
// @ts-ignore: decorator
@unmanaged
export class Panels {
  /** Columns of a block of 8 rows. */
  columns: u8;
  /** Bytes of a block. */
  blockBytes: u8;
  dtype: u8;
  /** 1: constants only, 2: in base 3 in a file. */
  flags: u8;

  // @ts-ignore: decorator
  @inline
  static of(layout: u32): Panels {
    return changetype<Panels>(LAYOUT_PANELS + (<usize> layout << 2));
  }

  // @ts-ignore: decorator
  @inline
  get constantOnly(): bool {
    return (this.flags & 1) != 0;
  }

  // @ts-ignore: decorator
  @inline
  get base3(): bool {
    return (this.flags & 2) != 0;
  }
}

/** Bytes of a tensor with these extents, unused ones 1. */
export function layoutBytes(tensor: TensorRecord, e0: i32, e1: i32, e2: i32, e3: i32): u64 {
  const panels = Panels.of(tensor.layout);
  const columns = <i64> panels.columns;
  if (columns == 0) {
    return times(times(times(<u64> elementBytesOf(tensor.dtype) * e0, e1), e2), e3);
  }
  const blocks = (<i64> e1 + columns - 1) / columns;
  return times(times((<i64> e0 + 7) >> 3, blocks), panels.blockBytes);
}

/** Bytes at the largest extents. */
export function planBytes(model: Model, tensor: TensorRecord): u64 {
  return layoutBytes(
    tensor,
    largest(model, tensor, 0),
    largest(model, tensor, 1),
    largest(model, tensor, 2),
    largest(model, tensor, 3),
  );
}

function largest(model: Model, tensor: TensorRecord, axis: u32): i32 {
  return axis < tensor.rank ? model.range(tensor.extent(axis)).max : 1;
}
