/** Copies `rows` rows of `bytes` bytes; one piece where both sides are dense. */
export function copy_rows(
  from: usize,
  from_stride: usize,
  to: usize,
  to_stride: usize,
  rows: i32,
  bytes: usize,
): void {
  if (from_stride == bytes && to_stride == bytes) {
    memory.copy(to, from, <usize> rows * bytes);
    return;
  }
  for (let r = 0; r < rows; r++, from += from_stride, to += to_stride) memory.copy(to, from, bytes);
}
