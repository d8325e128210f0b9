// embedding_i8 (there: the formula) with table[i][c] = code·factors[i][c / group]; byte h of a row holds the 4-bit codes of columns 2h (low) and 2h + 1.
import { address, attribute, columns, operand, scratch, stride } from "../operand";
import { embed } from "./embedding_i8";

export function scratch_embedding_i4(context: usize): usize {
  return (<usize> columns(operand(context, 9)) << 1) + 64;
}

export function exec_embedding_i4(context: usize): void {
  embed(context, 2, true);
}

/** Row i as i16, in the scratch memory; returns its address. |code·factor| ≤ 8·255. */
export function unpack_row(context: usize, i: usize): usize {
  const table = operand(context, 0), factors = operand(context, 1), group = attribute(context, 0);
  const codes = address(table) + i * stride(table);
  let factor = address(factors) + i * stride(factors), left = group;
  for (let c = 0; c < columns(operand(context, 9)); c++, left--) {
    if (left == 0) left = group, factor++;
    // the code moves to the top of a 32-bit word, and back with its sign
    const code = <i32> (load<u8>(codes + <usize> (c >> 1)) << (28 - ((c & 1) << 2))) >> 28;
    store<i16>(scratch(context) + (<usize> c << 1), <i16> (code * <i32> load<u8>(factor)));
  }
  return scratch(context);
}
