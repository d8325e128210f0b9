import { resetComparisons } from "./_compare.ts";
import { TemplateError } from "./_errors.ts";
import { fromJson } from "./_from_json.ts";
import { GLOBALS } from "./_globals.ts";
import { Meter } from "./_meter.ts";
import type { Statement } from "./_nodes.ts";
import { parseTemplate } from "./_parse_template.ts";
import { Runner } from "./_run.ts";
import { Scope } from "./_scope.ts";

/**
 * A template of Jinja2 with the settings of transformers' chat templates: the sandbox in which nothing can be
 * changed, `trim_blocks`, `lstrip_blocks`, loop controls and `generation`. What Jinja2 has and this does not is
 * refused as `unsupported`. Rendering takes a bounded number of steps.
 */
export class Template {
  readonly #statements: readonly Statement[];

  /**
   * Parses; throws a `TemplateError` for what Jinja2 would not.
   *
   * @param literal What becomes of the template's own texts.
   */
  constructor(source: string, literal: (text: string) => string) {
    this.#statements = parseTemplate(source, literal);
  }

  /**
   * Renders.
   *
   * @param own Variables that belong to the template: texts and functions that `callables` made.
   * @param given Those of its caller, made of JSON, which come before the others.
   * @param plain What becomes of the texts in them.
   */
  render(
    own: Readonly<Record<string, unknown>>,
    given: Readonly<Record<string, unknown>>,
    plain: (text: string) => string,
  ): string {
    resetComparisons();
    const globals = new Scope();
    for (const [name, value] of GLOBALS) globals.set(name, value);
    const scope = new Scope(globals);
    for (const [name, value] of Object.entries(own)) {
      scope.set(name, fromJson(value, name, (text) => text));
    }
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) scope.set(name, fromJson(value, name, plain));
    }
    return new Runner(new Meter()).text(this.#statements, scope);
  }
}

export { TemplateError };
