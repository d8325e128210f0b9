// Not written yet.
export function exec_embedding_f32(_context: usize): void {
  unreachable();
}

export function scratch_embedding_f32(_context: usize): usize {
  return 0;
}
