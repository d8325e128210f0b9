/** Text into HTML: for content and for quoted attributes alike. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes what HTML gives a meaning. What reorders text or is no character (control characters, lone
 * surrogates) becomes U+FFFD, so that a name cannot pose as another.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) => char === "\n" ? char : "\uFFFD")
    .replace(/[&<>"']/g, (char) => ENTITIES[char]);
}
