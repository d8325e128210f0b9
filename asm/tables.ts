// Records of the tables that loading fills.

/** Records of a section of the file. */
// @ts-ignore: decorator
@unmanaged
export class Table {
  address: usize;
  count: u32;
}

/** The range of a symbol and its value, that of a run-time one by default. */
// @ts-ignore: decorator
@unmanaged
export class SymbolValue {
  value: i32;
  min: i32;
  max: i32;
  padding: u32;
}

/** Least and largest value of an expression. */
// @ts-ignore: decorator
@unmanaged
export class Range {
  min: i32;
  max: i32;
}

/** What loading finds out about a tensor. */
// @ts-ignore: decorator
@unmanaged
export class TensorInfo {
  /** At its largest extents. */
  bytes: u32;
  /** What the values of a constant that is an index stay below, or NONE. */
  limit: u32;
  /** In its region. */
  offset: u64;
  /** First and last instruction that names it, or −1. */
  first: i32;
  last: i32;
  /** A bit for each entry that names it. */
  entries: u64;
}
