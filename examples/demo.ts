/**
 * `deno task demo`: classifies a dozen pictures with the integer-only vision transformer that comes
 * with the repository.
 */
import { decodeImage, ImageClassifier } from "../mod.ts";
import type { Image } from "../mod.ts";

const pictures = new URL("./fashion/", import.meta.url);

/** A grey picture as lines of text: two rows of pixels in each line. */
function draw({ width, height, data }: Image): string[] {
  const lines: string[] = [];
  for (let y = 0; y + 1 < height; y += 2) {
    let line = "";
    for (let x = 0; x < width; x++) {
      const [top, bottom] = [data[y * width + x], data[(y + 1) * width + x]];
      line += colours
        ? `\x1b[38;2;${top};${top};${top}m\x1b[48;2;${bottom};${bottom};${bottom}m▀`
        : " .:-=+*#%@"[Math.floor((top + bottom) / 2 / 25.6)];
    }
    lines.push(colours ? `${line}\x1b[0m` : line);
  }
  return lines;
}

const colours = Deno.stdout.isTerminal() && !Deno.noColor;

/** SHA-256 of the bits of the logits. */
async function hashOf(logits: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new Uint8Array(logits.buffer as ArrayBuffer),
  );
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const start = performance.now();
using model = await ImageClassifier.fromPretrained();
const loading = performance.now() - start;
const files = [...Deno.readDirSync(pictures)].map(({ name }) => name).filter((name) =>
  name.endsWith(".png")
).sort();

let right = 0;
for (const file of files) {
  const bytes = await Deno.readFile(new URL(file, pictures));
  const before = performance.now();
  const { label, score, top, logits } = await model.classify(bytes);
  const milliseconds = performance.now() - before;
  const expected = file.replace(/^\d+-|\.png$/g, "").replaceAll("-", " ");
  const correct = label.toLowerCase().replace("/top", "").replace("-", " ") ===
    expected.replace("-", " ");
  if (correct) right++;
  const facts = [
    `${colours ? "\x1b[1m" : ""}${label}${colours ? "\x1b[0m" : ""}  ${
      (100 * score).toFixed(1)
    } %` +
    (correct ? "" : `   (the data set says: ${expected})`),
    ...top.slice(1, 3).map((other) => `  ${other.label}  ${(100 * other.score).toFixed(1)} %`),
    "",
    `${milliseconds.toFixed(2)} ms on ${model.engine}`,
    `logits ${(await hashOf(logits)).slice(0, 32)}…`,
    file,
  ];
  draw(decodeImage(bytes)).forEach((line, i) => console.log(`${line}   ${facts[i - 3] ?? ""}`));
}
console.log(
  `\n${right} of ${files.length} as the data set says. An integer-only ViT with int8 weights, ` +
    `loaded in ${loading.toFixed(0)} ms; the logits have the same bits on every engine and host.`,
);
