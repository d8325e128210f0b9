/** Lists of bars. */
import { escapeHtml } from "./_escape.ts";
import { formatShare } from "./_format.ts";
import type { Category } from "../instructions/mod.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly amount: number;
  /** The amount for people. */
  readonly value: string;
  readonly hint?: string;
  readonly category?: Category;
}

/** Bars as long as their amounts, with their shares of a total. */
export function barList(bars: readonly Bar[], total: number): string {
  const most = Math.max(Number.MIN_VALUE, ...bars.map(({ amount }) => amount));
  return `<ul class="bars">${
    bars.map(({ label, amount, value, hint = "", category = "neutral" }) =>
      `<li title="${escapeHtml(hint)}"><span class="label">${escapeHtml(label)}</span>` +
      `<span class="track"><i class="c-${category}" style="width:${
        (100 * amount / most).toFixed(2)
      }%"></i></span><span class="value">${escapeHtml(value)}</span>` +
      `<span class="share">${formatShare(amount, total)}</span></li>`
    ).join("")
  }</ul>`;
}
