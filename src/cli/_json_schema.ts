/**
 * Which JSON schemas are taken: those of OpenAI's structured outputs, within bounds. The library ends its
 * WebAssembly at a schema that it does not understand, so that it may only see those that it does.
 */
import { FewbitError } from "../errors.ts";

/** Most schemas within a schema, deepest nesting, and most of what is counted in one. */
const MAX_SCHEMAS = 128;
const MAX_DEPTH = 16;
const MAX_COUNT = 256;
/** Longest text of a schema. */
const MAX_LENGTH = 2 ** 15;

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];
/** Keywords that say nothing of the answer. */
const ANNOTATIONS = ["title", "description", "default", "examples", "$schema", "$id"];
/** Keywords that count something. */
const COUNTS = ["minItems", "maxItems", "minLength", "maxLength"];
/** Keywords with schemas by name, with one, and with a list of them. */
const NAMED = ["properties", "$defs", "definitions"];
const SINGLE = ["items"];
const LISTS = ["anyOf"];

type Schema = Readonly<Record<string, unknown>>;

/**
 * The text of a schema that is taken.
 *
 * @throws {FewbitError} `unsupported` for a keyword that is not, `invalid_argument` for a schema that is none,
 * `limit_exceeded` for one that is too large.
 */
export function schemaText(schema: Schema): string {
  const text = JSON.stringify(schema);
  if (text.length > MAX_LENGTH) tooLarge(`${text.length} characters, at most ${MAX_LENGTH}`);
  let schemas = 0;
  const check = (value: unknown, path: string, depth: number): void => {
    if (!isObject(value)) fail(`${path} is no object`);
    if (++schemas > MAX_SCHEMAS) tooLarge(`more than ${MAX_SCHEMAS} schemas`);
    if (depth > MAX_DEPTH) tooLarge(`schemas nested more than ${MAX_DEPTH} deep`);
    checkReference(value, schema, path);
    for (const [key, of] of Object.entries(value)) {
      const place = `${path}.${key}`.slice(0, 100);
      if (NAMED.includes(key)) {
        if (!isObject(of)) fail(`${place} is no object`);
        for (const [name, one] of Object.entries(of)) check(one, `${place}.${name}`, depth + 1);
      } else if (SINGLE.includes(key)) check(of, place, depth + 1);
      else if (LISTS.includes(key)) {
        if (!Array.isArray(of) || of.length === 0) fail(`${place} is no list`);
        of.forEach((one, i) => check(one, `${place}[${i}]`, depth + 1));
      } else checkKeyword(key, of, place);
    }
  };
  check(schema, "schema", 0);
  return text;
}

function checkKeyword(key: string, value: unknown, place: string): void {
  if (key === "type") {
    const types: unknown[] = Array.isArray(value) ? value : [value];
    const isKnown = (type: unknown): boolean => TYPES.includes(type as string);
    if (types.length === 0 || !types.every(isKnown)) {
      fail(`${place} is not one of ${TYPES.join(", ")}`);
    }
  } else if (COUNTS.includes(key)) {
    const isCount = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT;
    if (!isCount) fail(`${place} is no integer from 0 to ${MAX_COUNT}`);
  } else if (key === "required") {
    const areNames = Array.isArray(value) && value.every((name) => typeof name === "string");
    if (!areNames) fail(`${place} is no list of names`);
  } else if (key === "enum") {
    if (!Array.isArray(value) || value.length === 0 || !value.every(isScalar)) {
      fail(`${place} is no list of texts, numbers, true, false or null`);
    }
  } else if (key === "const") {
    if (!isScalar(value)) fail(`${place} is no text, number, true, false or null`);
  } else if (key === "additionalProperties") {
    if (typeof value !== "boolean") fail(`${place} is neither true nor false`);
  } else if (key !== "$ref" && !ANNOTATIONS.includes(key)) {
    throw new FewbitError("unsupported", `Cannot answer in JSON: ${place} is not done here`);
  }
}

/** References to definitions of the schema itself; one may be within itself. */
function checkReference({ $ref, ...rest }: Schema, root: Schema, path: string): void {
  if ($ref === undefined) return;
  const [, folder, name] = /^#\/(\$defs|definitions)\/([^/~%]+)$/.exec(String($ref)) ?? [];
  const definitions = folder === undefined ? undefined : root[folder];
  if (!isObject(definitions) || !Object.hasOwn(definitions, name)) {
    fail(`${path}.$ref names no definition of this schema`);
  }
  const target = definitions[name];
  // One that is nothing but a reference could go round in circles.
  if (isObject(target) && target.$ref !== undefined) fail(`${path}.$ref names a reference`);
  const others = Object.keys(rest).filter((key) => ![...ANNOTATIONS, ...NAMED].includes(key));
  if (others.length > 0) fail(`${path} has a $ref beside ${others[0].slice(0, 40)}`);
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "boolean"].includes(typeof value) ||
    typeof value === "number" && Number.isFinite(value);
}

function fail(why: string): never {
  throw new FewbitError("invalid_argument", `Cannot answer in JSON: ${why}`);
}

function tooLarge(why: string): never {
  throw new FewbitError("limit_exceeded", `Cannot answer in JSON: the schema has ${why}`);
}
