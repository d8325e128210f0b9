/**
 * What `language.json` has of `language.ts`, as a table and as a drawing in `curves/`.
 *
 *     deno run -A bench/training/language_report.ts
 */
import { table } from "../../tools/markdown_table.ts";
import { drawLines } from "./_lines.ts";

interface Point {
  readonly tokens: number;
  /** Mean of the steps since the point before. */
  readonly loss: number;
  /** Of the held-out windows. */
  readonly validation: number;
}

interface LanguageRecord {
  /** Short runs: which rate is the best. */
  readonly sweep: readonly (Point & { readonly family: Family; readonly rate: number })[];
  readonly runs: readonly {
    readonly model: { readonly family: Family };
    readonly rate: number;
    readonly curve: readonly Point[];
  }[];
}

type Family = keyof typeof NAMES;

const NAMES = { "hgrn-bit": "HGRN-Bit, ternary", "transformer": "Transformer, float32" } as const;
const { sweep, runs } = JSON.parse(
  await Deno.readTextFile(new URL("language.json", import.meta.url)),
) as LanguageRecord;

const row = (family: Family, rate: number, { tokens, loss, validation }: Point): string[] => [
  ...[NAMES[family], String(rate), tokens.toLocaleString("en")],
  ...[loss, validation].map((value) => value.toFixed(3)),
];
const columns = ["model", "rate", "tokens seen", "loss of the last steps", "held out"];
console.log(table(columns, sweep.map((run) => row(run.family, run.rate, run))));
console.log();
const points = runs.flatMap(({ model, rate, curve }) =>
  curve.map((point) => row(model.family, rate, point))
);
console.log(table(columns, points));

await Deno.writeTextFile(
  new URL("curves/language.svg", import.meta.url),
  drawLines({
    title: "Language models from nothing: loss of held-out windows, nats a token",
    below: "millions of tokens seen, of tiny-shakespeare's 0.4 million",
    x: { from: 0, to: 6, marks: [0, 1, 2, 3, 4, 5, 6], label: String },
    y: { from: 3.2, to: 4, marks: [3.2, 3.4, 3.6, 3.8, 4], label: (loss) => loss.toFixed(1) },
    lines: runs.map(({ model, curve }) => ({
      title: NAMES[model.family],
      points: curve.map(({ tokens, validation }) => [tokens / 1e6, validation] as const),
    })),
  }),
);
