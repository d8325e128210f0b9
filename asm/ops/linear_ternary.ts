// Not written yet.
export function exec_linear_ternary(_context: usize): void {
  unreachable();
}

export function scratch_linear_ternary(_context: usize): usize {
  return 0;
}
