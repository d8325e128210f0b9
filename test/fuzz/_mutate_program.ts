/** Damage that knows the tables of a program: what passes the checksums and reaches the verifier. */
import { RECORD_WORDS, TAGS } from "../../src/program/format.ts";
import { joinFile, repairAll } from "./_file_parts.ts";
import type { FileParts, Section } from "./_file_parts.ts";
import { concat, drawWord, mutateBytes, NUMBERS } from "./_mutate_bytes.ts";
import type { Random } from "./_random.ts";

/** A good file, whole and in parts. */
export interface ProgramSeed extends FileParts {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
}

/** Names of which JavaScript knows something. */
const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "x",
  "main",
  ".",
];

const RECORD_SIZES = new Map<number, number>(
  Object.entries(RECORD_WORDS).map(([name, words]) => [TAGS[name as keyof typeof TAGS], words * 4]),
);

/** A damaged copy: one time in four with wrong checksums, else with right ones. */
export function mutateProgram(
  seed: ProgramSeed,
  other: ProgramSeed,
  random: Random,
): Uint8Array<ArrayBuffer> {
  if (random.chance(0.5)) {
    const headBytes = seed.file.length - seed.blob.length;
    const bytes = mutateBytes(seed.file, other.file, random, [0, headBytes]);
    if (random.chance(0.5)) repairAll(bytes);
    return bytes;
  }
  let parts: FileParts = seed;
  for (let changes = random.pick([1, 1, 1, 2, 2, 3, 5]); changes > 0; changes--) {
    parts = changeParts(parts, other, random);
  }
  return joinFile(parts);
}

function changeParts(parts: FileParts, other: FileParts, random: Random): FileParts {
  const { sections, blob } = parts;
  if (random.chance(0.02)) {
    return { ...parts, features: parts.features ^ random.pick([1, 2, 1 << 31]) };
  }
  const kind = random.integer(0, 19);
  if (kind === 0) return { ...parts, sections: changeSections(sections, other.sections, random) };
  if (kind === 1) return { ...parts, sections: rename(sections, random) };
  if (kind < 5) return { ...parts, blob: changeBlob(blob, random) };
  const tables = sections.flatMap(({ tag, bytes }, i) =>
    tag !== TAGS.metadata && bytes.length >= 4 ? [i] : []
  );
  if (tables.length === 0) return parts;
  const index = random.pick(tables);
  const from = other.sections.find(({ tag }) => tag === sections[index].tag);
  const changed = changeTable(sections[index], from ?? sections[index], random);
  return { ...parts, sections: sections.with(index, changed) };
}

/** Sections that are missing, twice there, unknown, in another order or another program's. */
function changeSections(
  sections: readonly Section[],
  others: readonly Section[],
  random: Random,
): Section[] {
  const at = random.integer(0, Math.max(0, sections.length - 1));
  switch (random.integer(0, 4)) {
    case 0:
      return sections.toSpliced(at, 1);
    case 1:
      return sections.toSpliced(at, 0, random.pick(sections));
    case 2:
      return [...sections, {
        tag: random.pick([random.bits(), 0, sections[at]?.tag ?? 1]),
        flags: random.pick([0, 1, 2, 0xFFFFFFFF]),
        bytes: new Uint8Array(random.integer(0, 20)),
      }];
    case 3:
      return sections.toSorted(() => random.unit() - 0.5);
    default: {
      const other = random.pick(others);
      return sections.map((section) => section.tag === other.tag ? other : section);
    }
  }
}

/** Gives a symbol, tensor or entry another name. */
function rename(sections: readonly Section[], random: Random): Section[] {
  const named = sections.flatMap(({ tag, bytes }, i) =>
    (tag === TAGS.symbols || tag === TAGS.tensors || tag === TAGS.entries) && bytes.length > 8
      ? [i]
      : []
  );
  const pool = sections.findIndex(({ tag }) => tag === TAGS.names);
  if (named.length === 0 || pool < 0) return [...sections];
  const index = random.pick(named);
  const table = sections[index];
  const name = new TextEncoder().encode(random.pick(NAMES));
  const bytes = table.bytes.slice();
  const view = new DataView(bytes.buffer);
  const size = RECORD_SIZES.get(table.tag)!;
  const at = size * random.integer(0, Math.max(0, Math.floor(bytes.length / size) - 1));
  if (at + 8 > bytes.length) return [...sections];
  view.setUint32(at, sections[pool].bytes.length, true);
  view.setUint32(at + 4, name.length, true);
  return sections
    .with(index, { ...table, bytes })
    .with(pool, { ...sections[pool], bytes: concat(sections[pool].bytes, name) });
}

function changeBlob(blob: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  if (blob.length < 4 || random.chance(0.05)) {
    return random.chance(0.5) ? blob.slice(0, blob.length >> 1) : concat(blob, new Uint8Array(64));
  }
  const changed = blob.slice();
  const view = new DataView(changed.buffer);
  const words = blob.length >> 2;
  const draw = (at: number): number =>
    random.chance(0.6) ? random.pick(NUMBERS) : drawWord(random, view.getUint32(at, true));
  // A whole run of words, or a few here and there.
  if (random.chance(0.3)) {
    const first = random.integer(0, words - 1);
    const word = random.pick(NUMBERS);
    const same = random.chance(0.5);
    for (let i = first; i < Math.min(words, first + random.integer(1, 64)); i++) {
      view.setUint32(4 * i, same ? word : draw(4 * i), true);
    }
  } else {
    for (let n = random.integer(1, 8); n > 0; n--) {
      const at = 4 * random.integer(0, words - 1);
      view.setUint32(at, draw(at), true);
    }
  }
  return changed;
}

/** Words, and records that are moved, doubled, missing or from elsewhere. */
function changeTable(section: Section, other: Section, random: Random): Section {
  const size = RECORD_SIZES.get(section.tag) ?? 4;
  const count = Math.floor(section.bytes.length / size);
  if (count === 0) return section;
  const at = size * random.integer(0, count - 1);
  const to = size * random.integer(0, count - 1);
  const bytes = section.bytes.slice();
  const record = bytes.slice(at, at + size);
  switch (random.integer(0, 9)) {
    case 0:
      bytes.copyWithin(at, to, to + size);
      bytes.set(record, to);
      return { ...section, bytes };
    case 1:
      return { ...section, bytes: concat(bytes.subarray(0, to), record, bytes.subarray(to)) };
    case 2:
      return { ...section, bytes: concat(bytes.subarray(0, at), bytes.subarray(at + size)) };
    case 3: {
      const from = other.bytes.subarray(Math.min(at, Math.max(0, other.bytes.length - size)));
      bytes.set(from.subarray(0, size), at);
      return { ...section, bytes };
    }
    default: {
      const word = 4 * random.integer(0, (size >> 2) - 1);
      const view = new DataView(bytes.buffer);
      if (at + word + 4 > bytes.length) return section;
      // What stands in the same column elsewhere is often well formed, and wrong.
      const value = random.chance(0.4)
        ? view.getUint32(to + word, true)
        : drawWord(random, view.getUint32(at + word, true));
      view.setUint32(at + word, value, true);
      return { ...section, bytes };
    }
  }
}
