/** Writes `asm/generated/records.ts`: the records of a file, with names for their words. */
import { HEADER_BYTES, RECORD_FIELDS, SECTION_WORDS } from "../src/program/format.ts";
import type { RecordField } from "../src/program/format.ts";

/** The header, and an entry of the section table (`src/program/format.ts`). */
const HEADER_FIELDS: readonly RecordField[] = [
  ...["magic", "version", "headBytes", "blobBytes", "blobBytesHigh"],
  ...["sections", "features", "zero"],
  [["id"], 4],
  [["padding"], 3],
  "checksum",
];
const SECTION_FIELDS: readonly RecordField[] = ["tag", "flags", "offset", "bytes", "checksum"];

/** Words that may be negative. */
const SIGNED = ["constant", "coefficient"];
/** Records that begin with a name have this class in common. */
const NAME = ["nameOffset", "nameBytes"];

/** `asm/generated/records.ts`. */
export function fileRecords(header: string): string {
  if (words(HEADER_FIELDS) * 4 !== HEADER_BYTES || words(SECTION_FIELDS) !== SECTION_WORDS) {
    throw new Error("fields of the header or the section table");
  }
  const classes = [
    record("Named", "What begins with a name: where it is among the names, and its length.", NAME),
    record("Header", "The first bytes of a file.", HEADER_FIELDS),
    record("Section", "An entry of the section table.", SECTION_FIELDS),
    ...Object.entries(RECORD_FIELDS).map(([section, fields]) =>
      record(className(section), `A record of the section of ${section}.`, fields)
    ),
  ];
  return `${header}\n${classes.join("\n")}`;
}

/** `entries` → `EntryRecord`. */
function className(section: string): string {
  const one = section === "entries" ? "entry" : section.slice(0, -1);
  return `${one[0].toUpperCase()}${one.slice(1)}Record`;
}

function words(fields: readonly RecordField[]): number {
  return expand(fields).length;
}

/** A name for every word. */
function expand(fields: readonly RecordField[]): string[] {
  return fields.flatMap((field) =>
    typeof field === "string"
      ? [field]
      : Array.from({ length: field[1] }, (_, i) => field[0].map((name) => `${name}${i}`)).flat()
  );
}

function record(name: string, text: string, fields: readonly RecordField[]): string {
  const isNamed = name !== "Named" && NAME.every((word, i) => fields[i] === word);
  const type = (word: string): string => SIGNED.includes(word.replace(/\d$/, "")) ? "i32" : "u32";
  const own = expand(fields).slice(isNamed ? NAME.length : 0);
  const arrays = fields.flatMap((field) =>
    typeof field === "string" ? [] : field[0].map((word) => element(name, word, type(word), field))
  );
  return `/** ${text} */
// @ts-ignore: decorator
@unmanaged
export class ${name}${isNamed ? " extends Named" : ""} {
${own.map((word) => `  ${word}: ${type(word)};\n`).join("")}${arrays.join("")}}
`;
}

function element(
  record: string,
  name: string,
  type: string,
  [names]: readonly [readonly string[], number],
): string {
  const shift = 2 + Math.log2(names.length);
  return `
  // @ts-ignore: decorator
  @inline
  ${name}(index: u32): ${type} {
    return load<${type}>(changetype<usize>(this) + (<usize> index << ${shift}), offsetof<${record}>("${name}0"));
  }
`;
}
