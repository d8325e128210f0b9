const word = new Uint32Array(1);
const value = new Float32Array(word.buffer);

/** Value of a bfloat16 number: the upper half of a float32. */
export function bfloat16ToFloat(bits: number): number {
  word[0] = bits << 16;
  return value[0];
}
