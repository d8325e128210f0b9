/** The page's script: what is drawn, what the network takes it for, and what it is taught. */
/// <reference lib="dom" />
import { DrawingLearner } from "./learner.ts";
import type { OnProgress } from "./learner.ts";
import { pictureOf, SIDE } from "./shapes.ts";
import type { Stroke } from "./shapes.ts";

/** Examples that are enough. */
const ENOUGH = 3;
/** Width of the pen on the pad, in its pixels. */
const PEN = 16;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const button = (id: string): HTMLButtonElement => element<HTMLButtonElement>(id);
const [pad, kept, guesses] = [
  element<HTMLCanvasElement>("pad"),
  element("kept"),
  element("guesses"),
];
const [status, error] = [element("status"), element("error")];
const [progress, name] = [
  element<HTMLProgressElement>("progress"),
  element<HTMLInputElement>("name"),
];
const pen = pad.getContext("2d")!;

let learner: DrawingLearner | undefined;
let isLearning = true;
let strokes: [x: number, y: number][][] = [];
let examples: Stroke[][] = [];
/** Guesses that were asked for: what comes late, of another drawing, is not shown. */
let asked = 0;

function refresh(): void {
  const isDrawn = strokes.length > 0;
  button("keep").disabled = !isDrawn || isLearning;
  button("teach").disabled = examples.length < ENOUGH || isLearning;
  const missing = ENOUGH - examples.length;
  button("teach").title = missing > 0 ? `${missing} more to keep` : "";
}

function paint(): void {
  pen.clearRect(0, 0, pad.width, pad.height);
  pen.lineWidth = PEN;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = getComputedStyle(document.body).color;
  for (const stroke of strokes) {
    pen.beginPath();
    // A point alone is a dot.
    stroke.forEach(([x, y], i) => i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y));
    if (stroke.length === 1) pen.lineTo(...stroke[0]);
    pen.stroke();
  }
}

async function guess(): Promise<void> {
  const own = ++asked;
  if (learner === undefined || isLearning || strokes.length === 0) {
    guesses.replaceChildren();
    return;
  }
  const found = await learner.guess(strokes);
  if (own !== asked) return;
  guesses.replaceChildren(...found.map(({ name, probability }) => {
    const item = document.createElement("li");
    const [label, meter, share] = ["span", "meter", "span"].map((tag) =>
      document.createElement(tag)
    );
    label.textContent = name;
    (meter as HTMLMeterElement).value = probability;
    share.textContent = `${(100 * probability).toFixed(0)} %`;
    item.append(label, meter, share);
    return item;
  }));
}

/** Does what takes a while; what goes wrong is shown. */
async function learning(work: (onProgress: OnProgress) => Promise<void>): Promise<void> {
  isLearning = true;
  error.textContent = "";
  progress.hidden = false;
  refresh();
  const start = performance.now();
  try {
    await work((done, total, loss) => {
      progress.value = done / total;
      status.textContent = `step ${done} of ${total}, loss ${loss.toFixed(3)}`;
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    status.textContent = `Knows ${learner!.names.join(", ")}: learned in ${seconds} s, ` +
      `${(learner!.memoryBytes / 1e6).toFixed(0)} MB`;
  } catch (problem) {
    error.textContent = problem instanceof Error ? problem.message : String(problem);
  } finally {
    isLearning = false;
    progress.hidden = true;
    refresh();
    await guess();
  }
}

function clear(): void {
  strokes = [];
  paint();
  refresh();
  void guess();
}

/** Keeps the drawing as an example, with a small picture of what the network sees of it. */
function keep(): void {
  examples.push(strokes);
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const image = new ImageData(SIDE, SIDE);
  pictureOf(strokes).forEach((ink, i) => {
    image.data.set([140, 59, 30, Math.round(255 * ink)], 4 * i);
  });
  small.getContext("2d")!.putImageData(image, 0, 0);
  kept.append(small);
  clear();
}

const placeOf = ({ offsetX, offsetY }: PointerEvent): [number, number] => [offsetX, offsetY];

pad.addEventListener("pointerdown", (event) => {
  pad.setPointerCapture(event.pointerId);
  strokes.push([placeOf(event)]);
  paint();
});
pad.addEventListener("pointermove", (event) => {
  if (event.buttons === 0 || strokes.length === 0) return;
  strokes[strokes.length - 1].push(placeOf(event));
  paint();
});
pad.addEventListener("pointerup", () => {
  refresh();
  void guess();
});
button("clear").addEventListener("click", clear);
button("keep").addEventListener("click", keep);
button("teach").addEventListener("click", () =>
  learning(async (onProgress) => {
    await learner!.teach(name.value.trim(), examples, onProgress);
    examples = [];
    kept.replaceChildren();
    name.value = "";
  }));

await learning(async (onProgress) => {
  learner = await DrawingLearner.open({ onProgress });
});
