// Not written yet.
export function exec_swiglu_f32(_context: usize): void {
  unreachable();
}

export function scratch_swiglu_f32(_context: usize): usize {
  return 0;
}
