/** The listing of a GGUF file. */
import { formatBytes } from "../format_bytes.ts";
import type { Gguf, GgufTensorInfo, GgufValue } from "../formats/gguf.ts";
import { formatShare, formatTensor, printable } from "./_format.ts";

const WIDTH = 100;

/** Longest name that keeps its columns. */
const NAME_WIDTH = 40;

/** Elements of an array that are shown. */
const SHOWN = 4;

/** The lines of a listing: metadata, bytes by type, tensors. */
export function ggufListing(
  { version, metadata, tensors }: Gguf<GgufTensorInfo>,
  fileBytes: number,
): string[] {
  const lines = [`GGUF, version ${version}, ${formatBytes(fileBytes)}`];
  for (const [key, value] of metadata) {
    const text = valueText(value);
    const room = WIDTH - 10 - Math.min(key.length, NAME_WIDTH);
    const shown = text.length > room ? `${text.slice(0, room)}…` : text;
    lines.push(`metadata ${printable(key.slice(0, NAME_WIDTH))}: ${printable(shown)}`);
  }
  if (tensors.size === 0) return [...lines, "no tensors"];
  lines.push("", "Bytes in the file");
  for (const [type, { count, bytes }] of typesOf(tensors)) {
    lines.push(
      `  ${type.padEnd(14)} ${formatBytes(bytes).padStart(9)} ` +
        `${formatShare(bytes, fileBytes).padStart(7)} ${String(count).padStart(5)}`,
    );
  }
  lines.push("", "Tensors");
  for (const [name, { type, shape, byteLength }] of tensors) {
    lines.push(
      `  ${printable(name).padEnd(NAME_WIDTH)} ${formatBytes(byteLength).padStart(9)}  ` +
        formatTensor(type, shape.map(String)),
    );
  }
  return lines;
}

function valueText(value: GgufValue): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object") return String(value);
  const items = value.slice(0, SHOWN).map((item) =>
    typeof item === "string" ? JSON.stringify(item) : valueText(item)
  );
  if (value.length <= SHOWN) return `[${items.join(", ")}]`;
  return `[${items.join(", ")}, …], ${value.length} elements`;
}

/** Counts and bytes by type, the largest first. */
function typesOf(
  tensors: ReadonlyMap<string, GgufTensorInfo>,
): [type: string, total: { count: number; bytes: number }][] {
  const totals = new Map<string, { count: number; bytes: number }>();
  for (const { type, byteLength } of tensors.values()) {
    const total = totals.get(type) ?? { count: 0, bytes: 0 };
    totals.set(type, { count: total.count + 1, bytes: total.bytes + byteLength });
  }
  return [...totals].sort(([, a], [, b]) => b.bytes - a.bytes);
}
