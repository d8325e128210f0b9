/** Gradients against differences, for a user's own graph. */
import { FewbitError } from "../errors.ts";
import { ExactProgram } from "../engines/reference/exact.ts";
import { gradients } from "../gradients/gradients.ts";
import { product } from "../graph/extent.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { rewrite } from "../graph/rewrite.ts";
import { compile } from "../lower/compile.ts";
import { shuffle } from "../numeric/shuffle.ts";
import { isCount } from "./check_settings.ts";

/** Options of {@linkcode gradcheck}. */
export interface GradcheckOptions {
  /** Half the distance of two points, relative to an element above 1. Default 1e-5. */
  readonly step?: number;
  /** Most elements of a tensor that are looked at, drawn at random. Default 64. */
  readonly elements?: number;
  /** Which are drawn. Default 0. */
  readonly seed?: number;
}

/** How far the gradient of a tensor is from differences. */
export interface GradientCheck {
  /** Name of the tensor. */
  readonly name: string;
  /** Largest difference, relative to the tensor's largest gradient or difference. */
  readonly error: number;
  /** Where that is. */
  readonly element: number;
  /** The gradient there. */
  readonly gradient: number;
  /** The difference there. */
  readonly difference: number;
}

const STEP = 1e-5;
const ELEMENTS = 64;

/**
 * Compares the gradients of a loss with central differences, both in float64. Away from kinks `error` is below 1e-5;
 * a wrong gradient gives 1e-2 and more. The graph stays as it is.
 *
 * @param graph The graph.
 * @param loss A value of one element.
 * @param wrt Named inputs or parameters.
 * @param values Elements of the inputs by name, and of parameters that differ from their first ones.
 * @returns A row for each tensor.
 * @throws {FewbitError} As {@linkcode gradients} does; `invalid_argument` for a tensor without a name, or
 * options out of range.
 *
 * @example
 * ```ts
 * import { gradcheck, Graph, ops } from "@fewbit/fewbit";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [1]);
 * const loss = graph.apply(ops.unary, { x }, { kind: "tanh" });
 * const [{ error }] = gradcheck(graph, loss, [x], { x: [0.5] });
 * console.log(error < 1e-5);
 * ```
 */
export function gradcheck(
  graph: Graph,
  loss: Value,
  wrt: readonly Value[],
  values: Readonly<Record<string, ArrayLike<number>>>,
  { step = STEP, elements = ELEMENTS, seed = 0 }: GradcheckOptions = {},
): GradientCheck[] {
  // With a step of 0 or NaN each difference would be NaN, and with no elements there would be none.
  if (!(step > 0 && step < Infinity)) refuse("step", step, "a number above 0");
  if (!Number.isSafeInteger(elements) || elements < 1) {
    refuse("elements", elements, "an integer of at least 1");
  }
  if (!isCount(seed)) refuse("seed", seed, "an integer of at least 0");
  for (const value of [loss, ...wrt]) {
    if (graph.has(value)) continue;
    throw new FewbitError(
      "invalid_argument",
      `Cannot check gradients: "${value?.name}" is no value of this graph`,
    );
  }
  if (product(loss.shape) !== 1) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot check gradients: the loss has to be a number",
    );
  }
  const unnamed = wrt.find(({ name }) => name === "");
  if (unnamed !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot check the gradient of a tensor without a name",
    );
  }
  const copy = rewrite(graph, () => undefined, [{ name: LOSS, value: loss, entry: "loss" }]);
  const made = gradients(copy, copy.outputs[0].value, wrt);
  made.forEach((gradient, i) => copy.output(gradientName(wrt[i]), gradient, "gradients"));
  const program = new ExactProgram(compile(copy, { training: true }));
  for (const [name, data] of Object.entries(values)) program.write(name, data);
  program.run("gradients");
  // Before the loss is computed again, which forgets them.
  const computed = wrt.map((tensor) => program.read(gradientName(tensor)));
  return wrt.map(({ name }, i) => {
    const drawn = shuffle(computed[i].length, seed, 0, 0).slice(0, elements);
    return compare(program, name, computed[i], drawn, step);
  });
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new FewbitError(
    "invalid_argument",
    `Cannot check gradients: ${name} is ${String(value)}, expected ${expected}`,
  );
}

const LOSS = "gradcheck.loss";

function gradientName({ name }: Value): string {
  return `gradcheck.gradient.${name}`;
}

function compare(
  program: ExactProgram,
  name: string,
  gradient: Float64Array,
  drawn: ArrayLike<number>,
  step: number,
): GradientCheck {
  const x = program.read(name);
  const lossAt = (element: number, value: number): number => {
    program.write(name, x.with(element, value));
    program.run("loss");
    return program.read(LOSS)[0];
  };
  const rows = Array.from(drawn, (element) => {
    const h = step * Math.max(1, Math.abs(x[element]));
    const [above, below] = [x[element] + h, x[element] - h];
    // The distance that the rounded points have.
    const difference = (lossAt(element, above) - lossAt(element, below)) / (above - below);
    return { element, gradient: gradient[element], difference };
  });
  program.write(name, x);
  const size = Math.max(
    ...rows.flatMap(({ gradient, difference }) => [gradient, difference].map(Math.abs)),
  );
  const errors = rows.map(({ gradient, difference }) =>
    size === 0 ? 0 : Math.abs(gradient - difference) / size
  );
  // NaN is the worst that there is.
  const worst = errors.findIndex(Number.isNaN);
  const at = worst >= 0 ? worst : errors.indexOf(Math.max(...errors));
  return { name, error: errors[at], ...rows[at] };
}
