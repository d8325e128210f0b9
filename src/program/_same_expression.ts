/** Whether expressions have the same value in every run. */
import type { Expression, Index, Program } from "./program.ts";

/** Whether expression `a` is expression `b` plus a constant, whatever the symbols are. */
export function equals(program: Program, a: Index, b: Index, plus = 0): boolean {
  if (a === b) return plus === 0;
  const left = program.expressions[a];
  const right = program.expressions[b];
  return left.constant === right.constant + plus && sameTerms(left, right) &&
    (plus === 0 || left.modulus < 0);
}

function sameTerms(a: Expression, b: Expression): boolean {
  return a.modulus === b.modulus && a.terms.length === b.terms.length &&
    a.terms.every(([factor, symbol], i) => factor === b.terms[i][0] && symbol === b.terms[i][1]);
}
