/** SHA-256 of the bits of numbers, hexadecimal, as the golden files have it. */
export async function hashOf(values: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Float32Array(values));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
