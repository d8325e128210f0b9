import { TemplateError, unsupported } from "./_errors.ts";
import { tokenize } from "./_lexer.ts";
import type { Expression, Parameter, Statement, Target } from "./_nodes.ts";
import { ExpressionParser } from "./_parse_expression.ts";
import { TokenStream } from "./_token_stream.ts";

/** Statements of Jinja2 that need other templates or change what text is. */
const UNSUPPORTED = ["block", "extends", "include", "import", "from", "autoescape", "trans", "do"];

/**
 * Parses a template; throws a {@linkcode TemplateError} for what Jinja2 would not parse.
 *
 * @param literal What becomes of its texts, those between tags and those in quotes.
 */
export function parseTemplate(source: string, literal: (text: string) => string): Statement[] {
  return new TemplateParser(new TokenStream(tokenize(source)), literal).parse();
}

class TemplateParser {
  readonly #stream: TokenStream;
  readonly #expressions: ExpressionParser;
  readonly #literal: (text: string) => string;
  #loops = 0;

  constructor(stream: TokenStream, literal: (text: string) => string) {
    this.#stream = stream;
    this.#expressions = new ExpressionParser(stream, literal);
    this.#literal = literal;
  }

  parse(): Statement[] {
    const body = this.#body([]);
    if (this.#stream.current.type !== "eof") throw this.#stream.unexpected("a statement");
    return body;
  }

  /** Statements up to a tag of one of some names, which stays, without its `{%`. */
  #body(ends: readonly string[]): Statement[] {
    const body: Statement[] = [];
    for (;;) {
      const { type, value } = this.#stream.next();
      if (type === "data") {
        body.push({ kind: "data", text: this.#literal(value) });
      } else if (type === "variable_begin") {
        body.push({ kind: "output", value: this.#expressions.tuple() });
        this.#stream.expect("variable_end");
      } else if (type === "block_begin") {
        if (this.#stream.isName(...ends)) return body;
        const statement = this.#statement();
        for (const each of statement) body.push(each);
        this.#stream.expect("block_end");
      } else if (type === "eof") {
        if (ends.length > 0) {
          throw new TemplateError(`the template ends before ${ends.join(" or ")}`);
        }
        return body;
      } else {
        throw new TemplateError(`unexpected ${value}`);
      }
    }
  }

  /** The body of a tag that has ended, up to and with the word of its end. */
  #block(end: string): Statement[] {
    this.#stream.expect("block_end");
    const body = this.#body([end]);
    this.#stream.next();
    return body;
  }

  #statement(): readonly Statement[] {
    const name = this.#stream.expect("name");
    switch (name) {
      case "for":
        return [this.#for()];
      case "if":
        return [this.#if()];
      case "set":
        return [this.#set()];
      case "macro": {
        const macro = this.#stream.expect("name");
        return [{
          kind: "macro",
          name: macro,
          parameters: this.#parameters(),
          body: this.#outsideLoops("endmacro"),
        }];
      }
      case "call":
        return [this.#call()];
      case "filter": {
        const filter = this.#expressions.blockFilter();
        return [{ kind: "filter block", filter, body: this.#block("endfilter") }];
      }
      case "with":
        return [this.#with()];
      case "generation":
        // Marks what the assistant says; transformers looks at it when it trains only.
        return this.#block("endgeneration");
      case "break":
      case "continue":
        if (this.#loops === 0) throw new TemplateError(`${name} outside a loop`);
        return [{ kind: name }];
    }
    if (UNSUPPORTED.includes(name)) throw unsupported(`the statement ${name}`);
    throw new TemplateError(`unknown statement ${name}`);
  }

  #for(): Statement {
    const target = this.#target("in");
    if (!this.#stream.skipName("in")) throw this.#stream.unexpected("in");
    const iterable = this.#expressions.tuple({ withCondition: false, stop: "recursive" });
    const test = this.#stream.skipName("if") ? this.#expressions.parse() : undefined;
    const recursive = this.#stream.skipName("recursive");
    this.#stream.expect("block_end");
    this.#loops++;
    const body = this.#body(["endfor", "else"]);
    this.#loops--;
    const otherwise = this.#stream.next().value === "else" ? this.#block("endfor") : [];
    return { kind: "for", target, iterable, test, recursive, body, otherwise };
  }

  #if(): Statement {
    const test = this.#expressions.tuple({ withCondition: false });
    this.#stream.expect("block_end");
    const body = this.#body(["elif", "else", "endif"]);
    const end = this.#stream.next().value;
    const otherwise = end === "elif" ? [this.#if()] : end === "else" ? this.#block("endif") : [];
    return { kind: "if", test, body, otherwise };
  }

  #set(): Statement {
    const target = this.#target();
    if (this.#stream.skipOperator("=")) {
      return { kind: "set", target, value: this.#expressions.tuple() };
    }
    const filter = this.#expressions.filter(undefined);
    return { kind: "set block", target, filter, body: this.#block("endset") };
  }

  #call(): Statement {
    const parameters = this.#stream.isOperator("(") ? this.#parameters() : [];
    const call = this.#expressions.parse();
    if (call.kind !== "call") throw new TemplateError("a call block calls nothing");
    return { kind: "call block", call, parameters, body: this.#outsideLoops("endcall") };
  }

  #outsideLoops(end: string): Statement[] {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#block(end);
    this.#loops = loops;
    return body;
  }

  #with(): Statement {
    const values: [Target, Expression][] = [];
    while (this.#stream.current.type !== "block_end") {
      if (values.length > 0) this.#stream.expectOperator(",");
      const target = this.#target();
      this.#stream.expectOperator("=");
      values.push([target, this.#expressions.parse()]);
    }
    return { kind: "with", values, body: this.#block("endwith") };
  }

  #parameters(): Parameter[] {
    this.#stream.expectOperator("(");
    const parameters: Parameter[] = [];
    while (!this.#stream.isOperator(")")) {
      if (parameters.length > 0) this.#stream.expectOperator(",");
      const name = this.#stream.expect("name");
      const otherwise = this.#stream.skipOperator("=") ? this.#expressions.parse() : undefined;
      if (otherwise === undefined && parameters.at(-1)?.otherwise !== undefined) {
        throw new TemplateError("non-default argument follows default argument");
      }
      parameters.push({ name, otherwise });
    }
    this.#stream.next();
    return parameters;
  }

  #target(stop?: string): Target {
    const items = [this.#single()];
    let isTuple = false;
    while (this.#stream.skipOperator(",")) {
      isTuple = true;
      const ends = this.#stream.current.type === "block_end" || this.#stream.isOperator("=", ")") ||
        (stop !== undefined && this.#stream.isName(stop));
      if (ends) break;
      items.push(this.#single());
    }
    return isTuple ? { kind: "tuple", items } : items[0];
  }

  #single(): Target {
    if (this.#stream.skipOperator("(")) {
      const target = this.#target();
      this.#stream.expectOperator(")");
      return target;
    }
    const name = this.#stream.expect("name");
    if (["true", "false", "none", "True", "False", "None"].includes(name)) {
      throw new TemplateError(`cannot assign to ${name}`);
    }
    if (!this.#stream.skipOperator(".")) return { kind: "name", name };
    return { kind: "namespace", name, attribute: this.#stream.expect("name") };
  }
}
