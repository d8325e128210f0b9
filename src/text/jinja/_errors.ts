import { FewbitError } from "../../errors.ts";

/** What Jinja2 would raise for a template or while it renders; a `FewbitError` is made of it outside. */
export class TemplateError extends Error {}

/** The error for what Jinja2 knows and this does not. */
export function unsupported(what: string): FewbitError {
  return new FewbitError(
    "unsupported",
    `Cannot render the conversation: the chat template has ${what}`,
  );
}

/** The error for a template that takes too long or too much memory. */
export function exhausted(what: string): FewbitError {
  return new FewbitError(
    "limit_exceeded",
    `Cannot render the conversation: the chat template ${what}`,
  );
}
