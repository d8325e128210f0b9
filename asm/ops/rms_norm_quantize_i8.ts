// Not written yet.
export function exec_rms_norm_quantize_i8(_context: usize): void {
  unreachable();
}

export function scratch_rms_norm_quantize_i8(_context: usize): usize {
  return 0;
}
