// Not written yet.
export function exec_hgrn_scan_f32(_context: usize): void {
  unreachable();
}

export function scratch_hgrn_scan_f32(_context: usize): usize {
  return 0;
}
