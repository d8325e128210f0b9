import { unicodeTables } from "./_tables.ts";
import { CodePointSet } from "./code_point_set.ts";
import { joining } from "./properties.ts";

const ZWJ = 0x200d;

interface Classes {
  /** Extend, ZWJ and SpacingMark. */
  readonly joins: CodePointSet;
  readonly stops: CodePointSet;
  readonly prepend: CodePointSet;
  readonly pictures: CodePointSet;
  readonly consonants: CodePointSet;
  readonly linkers: CodePointSet;
}

/** Hangul: L, V, T, LV and LVT. */
const L = CodePointSet.of([0x1100, 0x115f], [0xa960, 0xa97c]);
const V = CodePointSet.of([0x1160, 0x11a7], [0xd7b0, 0xd7c6]);
const T = CodePointSet.of([0x11a8, 0x11ff], [0xd7cb, 0xd7fb]);
const SYLLABLES = CodePointSet.of([0xac00, 0xd7a3]);
const FLAGS = CodePointSet.of([0x1f1e6, 0x1f1ff]);

let classes: Classes | undefined;

/**
 * Extended grapheme clusters (Unicode Standard Annex 29) as the Rust tokenizers see them where a cluster is
 * of at most 5 bytes of UTF-8: longer ones are never looked at as a whole.
 */
export function* graphemes(text: string): Generator<string> {
  classes ??= unpackClasses();
  const state = new State(classes);
  let start = 0;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at)!;
    if (state.breaksBefore(code) && at > start) {
      yield text.slice(start, at);
      start = at;
    }
    at += code > 0xffff ? 2 : 1;
  }
  if (start < text.length) yield text.slice(start);
}

function unpackClasses(): Classes {
  const { stops, prepend, pictures, consonants, linkers } = unicodeTables();
  return {
    joins: joining(),
    stops: CodePointSet.unpack(stops),
    prepend: CodePointSet.unpack(prepend),
    pictures: CodePointSet.unpack(pictures),
    consonants: CodePointSet.unpack(consonants),
    linkers: CodePointSet.unpack(linkers),
  };
}

/** What the code points so far say of the next one. */
class State {
  #previous = -1;
  /** After a picture, marks that join, and a joiner: `picture`, then `joined`. */
  #picture: "no" | "picture" | "joined" = "no";
  /** After a consonant, and after a linker that follows one. */
  #conjunct: "no" | "consonant" | "linked" = "no";
  #oddFlags = false;

  readonly #classes: Classes;

  constructor(classes: Classes) {
    this.#classes = classes;
  }

  breaksBefore(code: number): boolean {
    const breaks = this.#breaks(this.#previous, code);
    this.#advance(code);
    return breaks;
  }

  #breaks(a: number, b: number): boolean {
    const { joins, stops, prepend, pictures, consonants } = this.#classes;
    if (a < 0) return true;
    if (a === 0x0d && b === 0x0a) return false;
    if (isStop(a, stops) || isStop(b, stops)) return true;
    if (L.has(a) && (L.has(b) || V.has(b) || SYLLABLES.has(b))) return false;
    const open = SYLLABLES.has(a) && (a - 0xac00) % 28 === 0;
    if ((open || V.has(a)) && (V.has(b) || T.has(b))) return false;
    if ((SYLLABLES.has(a) || T.has(a)) && T.has(b)) return false;
    if (joins.has(b) || prepend.has(a)) return false;
    if (this.#conjunct === "linked" && consonants.has(b)) return false;
    if (this.#picture === "joined" && pictures.has(b)) return false;
    return !(this.#oddFlags && FLAGS.has(b));
  }

  #advance(code: number): void {
    const { joins, pictures, consonants, linkers } = this.#classes;
    const joined = joins.has(code);
    if (pictures.has(code)) this.#picture = "picture";
    else if (this.#picture !== "no" && code === ZWJ) this.#picture = "joined";
    else this.#picture = this.#picture !== "no" && joined ? "picture" : "no";
    if (consonants.has(code)) this.#conjunct = "consonant";
    else if (this.#conjunct !== "no" && linkers.has(code)) this.#conjunct = "linked";
    else if (!joined) this.#conjunct = "no";
    this.#oddFlags = FLAGS.has(code) && !this.#oddFlags;
    this.#previous = code;
  }
}

function isStop(code: number, stops: CodePointSet): boolean {
  return code === 0x0d || code === 0x0a || stops.has(code);
}
