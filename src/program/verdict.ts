/** Why a program is refused. The numbers are what the wasm exports return, negated. */
import { FewbitError } from "../errors.ts";

/** Reasons, by name. Append only. */
export const VERDICTS = {
  ok: 0,
  bad_magic: 1,
  unsupported_version: 2,
  truncated: 3,
  checksum: 4,
  bad_section: 5,
  unsupported_section: 6,
  limit: 7,
  bad_name: 8,
  bad_symbol: 9,
  bad_expression: 10,
  bad_tensor: 11,
  bad_view: 12,
  bad_opcode: 13,
  bad_attribute: 14,
  bad_operand: 15,
  bad_shape: 16,
  bad_rule: 17,
  out_of_bounds: 18,
  aliasing: 19,
  uninitialised: 20,
  bad_entry: 21,
  too_much_memory: 22,
  too_much_work: 23,
  bad_data: 24,
  /** A symbol's value is out of its range. */
  bad_argument: 32,
  /** The values of an input fail its check. */
  bad_input: 33,
  /** Nothing has that name. */
  not_found: 34,
  /** An instruction of the format that this module was built without. */
  unsupported_instruction: 35,
} as const;

/** Name of a reason. */
export type Verdict = keyof typeof VERDICTS;

/** A program that was refused, with the reason as a value. */
export class ProgramError extends FewbitError {
  /** Why. */
  readonly verdict: Verdict;

  /** Makes the error; `where` says which part of the program is meant. */
  constructor(verdict: Verdict, where: string) {
    super(codeOf(verdict), `Cannot use program: ${verdict.replaceAll("_", " ")}: ${where}`);
    this.verdict = verdict;
  }
}

function codeOf(verdict: Verdict): FewbitError["code"] {
  switch (verdict) {
    case "unsupported_version":
    case "unsupported_section":
    case "unsupported_instruction":
      return "unsupported";
    case "too_much_memory":
    case "too_much_work":
    case "limit":
      return "limit_exceeded";
    case "not_found":
      return "not_found";
    case "bad_argument":
    case "bad_input":
      return "invalid_argument";
    default:
      return "invalid_file";
  }
}

/** The name of a number that a wasm export returned (negated). */
export function verdictOf(code: number): Verdict | undefined {
  return (Object.keys(VERDICTS) as Verdict[]).find((name) => VERDICTS[name] === code);
}
