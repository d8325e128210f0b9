/**
 * How many tokens of each text of a pair are kept so that both have at most `room` together: the longer
 * one is cut first (`longest_first` of Hugging Face).
 */
export function pairLengths(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  let [small, large] = [shorter, Math.max(shorter, room - shorter)];
  if (shorter > room) [small, large] = [shorter, shorter];
  if (small + large > room) {
    small = Math.floor(room / 2);
    large = small + room % 2;
  }
  return first > second ? [large, small] : [small, large];
}
