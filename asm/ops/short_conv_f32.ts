// Not written yet.
export function exec_short_conv_f32(_context: usize): void {
  unreachable();
}

export function scratch_short_conv_f32(_context: usize): usize {
  return 0;
}
