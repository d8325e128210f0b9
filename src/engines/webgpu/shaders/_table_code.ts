/** `code_of(token, column)` in WGSL: of the row of a table in panels that a token names. */
export const TABLE_CODE: string = `fn code_of(t: u32, c: u32) -> i32 {
  let i = u32(read_index(0u, t));
  let block = (i >> 3u) * ((y_columns() + 3u) >> 2u) + (c >> 2u);
  return element_table(table_at() + block * 32u + (i & 7u) * 4u + (c & 3u));
}
`;
