/** Plain data as the commands print it. */

/**
 * Keys in `snake_case`, as in all JSON of the commands; what a model's author wrote (`metadata`) is
 * left as it is.
 */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      key === "metadata" ? inner : snakeKeys(inner),
    ]),
  );
}
