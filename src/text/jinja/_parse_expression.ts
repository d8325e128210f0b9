import { TemplateError, unsupported } from "./_errors.ts";
import type { Arguments, Expression, Filter } from "./_nodes.ts";
import type { TokenStream } from "./_token_stream.ts";

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

/** Parses expressions by Jinja2's grammar, whose order of operators is not Python's: `~` binds before `+`. */
export class ExpressionParser {
  readonly #stream: TokenStream;
  readonly #literal: (text: string) => string;

  /** @param literal What becomes of texts in quotes. */
  constructor(stream: TokenStream, literal: (text: string) => string) {
    this.#stream = stream;
    this.#literal = literal;
  }

  parse(withCondition = true): Expression {
    return withCondition ? this.#condition() : this.#or();
  }

  /** Expressions with commas between are a tuple; nothing is one between parentheses only. */
  tuple(
    options: { withCondition?: boolean; inParentheses?: boolean; stop?: string } = {},
  ): Expression {
    const { withCondition = true, inParentheses = false, stop } = options;
    const items: Expression[] = [];
    let isTuple = false;
    while (!this.#tupleEnds(stop)) {
      if (items.length > 0 && !isTuple) break;
      items.push(this.parse(withCondition));
      if (!this.#stream.skipOperator(",")) break;
      isTuple = true;
    }
    if (!isTuple && items.length === 1) return items[0];
    if (items.length === 0 && !inParentheses) throw this.#stream.unexpected("an expression");
    return { kind: "tuple", items };
  }

  #tupleEnds(stop: string | undefined): boolean {
    const { type } = this.#stream.current;
    return type === "block_end" || type === "variable_end" || this.#stream.isOperator(")") ||
      (stop !== undefined && this.#stream.isName(stop));
  }

  #condition(): Expression {
    let then = this.#or();
    while (this.#stream.skipName("if")) {
      const test = this.#or();
      const otherwise = this.#stream.skipName("else") ? this.#condition() : undefined;
      then = { kind: "condition", test, then, otherwise };
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#stream.skipName("or")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#stream.skipName("and")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    if (this.#stream.skipName("not")) return { kind: "not", operand: this.#not() };
    return this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: [string, Expression][] = [];
    for (;;) {
      if (this.#stream.isOperator(...COMPARISONS)) {
        rest.push([this.#stream.next().value, this.#sum()]);
      } else if (this.#stream.skipName("in")) {
        rest.push(["in", this.#sum()]);
      } else if (
        this.#stream.isName("not") && this.#stream.look().type === "name" &&
        this.#stream.look().value === "in"
      ) {
        this.#stream.next();
        this.#stream.next();
        rest.push(["not in", this.#sum()]);
      } else {
        return rest.length === 0 ? first : { kind: "compare", first, rest };
      }
    }
  }

  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const items = [this.#product()];
    while (this.#stream.skipOperator("~")) items.push(this.#product());
    return items.length === 1 ? items[0] : { kind: "concat", items };
  }

  #product(): Expression {
    return this.#binary(["*", "/", "//", "%"], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(["**"], () => this.#unary());
  }

  #binary(operators: readonly string[], next: () => Expression): Expression {
    let left = next();
    while (this.#stream.isOperator(...operators)) {
      left = { kind: "binary", operator: this.#stream.next().value, left, right: next() };
    }
    return left;
  }

  #unary(withFilter = true): Expression {
    let node: Expression;
    if (this.#stream.skipOperator("-")) node = { kind: "minus", operand: this.#unary(false) };
    else if (this.#stream.skipOperator("+")) node = { kind: "plus", operand: this.#unary(false) };
    else node = this.primary();
    node = this.postfix(node);
    return withFilter ? this.filters(node) : node;
  }

  primary(): Expression {
    const { type, value } = this.#stream.current;
    switch (type) {
      case "name": {
        this.#stream.next();
        const constant = CONSTANTS.get(value);
        return constant === undefined
          ? { kind: "name", name: value }
          : { kind: "constant", value: constant };
      }
      case "string": {
        let text = "";
        while (this.#stream.current.type === "string") text += this.#stream.next().value;
        return { kind: "constant", value: this.#literal(text) };
      }
      case "integer": {
        this.#stream.next();
        const number = Number(value.replaceAll("_", ""));
        if (!Number.isSafeInteger(number)) throw unsupported("an integer beyond 2^53");
        return { kind: "constant", value: number };
      }
      case "float":
        this.#stream.next();
        return { kind: "float", value: Number(value.replaceAll("_", "")) };
    }
    if (this.#stream.skipOperator("(")) {
      const node = this.tuple({ inParentheses: true });
      this.#stream.expectOperator(")");
      return node;
    }
    if (this.#stream.skipOperator("[")) {
      return { kind: "list", items: this.#until("]", () => this.parse()) };
    }
    if (this.#stream.skipOperator("{")) {
      const items = this.#until("}", () => {
        const key = this.parse();
        this.#stream.expectOperator(":");
        return [key, this.parse()] as const;
      });
      return { kind: "dict", items };
    }
    throw this.#stream.unexpected("an expression");
  }

  /** With commas between, and one that may be last. */
  #until<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#stream.isOperator(close)) {
      if (items.length > 0) this.#stream.expectOperator(",");
      if (this.#stream.isOperator(close)) break;
      items.push(item());
    }
    this.#stream.expectOperator(close);
    return items;
  }

  postfix(node: Expression): Expression {
    for (;;) {
      if (this.#stream.skipOperator(".")) {
        if (this.#stream.current.type === "integer") {
          const value = Number(this.#stream.next().value);
          node = { kind: "item", object: node, key: { kind: "constant", value } };
        } else {
          node = { kind: "attribute", object: node, name: this.#stream.expect("name") };
        }
      } else if (this.#stream.skipOperator("[")) {
        node = this.#subscript(node);
      } else if (this.#stream.isOperator("(")) {
        node = { kind: "call", callee: node, args: this.args() };
      } else {
        return node;
      }
    }
  }

  #subscript(object: Expression): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    while (!this.#stream.isOperator("]")) {
      if (this.#stream.skipOperator(":")) {
        bounds.push(undefined);
        if (bounds.length > 3) throw this.#stream.unexpected("]");
        continue;
      }
      bounds[bounds.length - 1] = this.parse();
      if (!this.#stream.isOperator(":", "]")) throw this.#stream.unexpected("]");
    }
    this.#stream.expectOperator("]");
    if (bounds.length > 1) return { kind: "slice", object, bounds };
    if (bounds[0] === undefined) throw this.#stream.unexpected("an index");
    return { kind: "item", object, key: bounds[0] };
  }

  filters(node: Expression): Expression {
    for (;;) {
      if (this.#stream.isOperator("|")) node = this.filter(node)!;
      else if (this.#stream.skipName("is")) node = this.#test(node);
      else if (this.#stream.isOperator("(")) {
        node = { kind: "call", callee: node, args: this.args() };
      } else return node;
    }
  }

  /** One filter or more, each after its `|`. */
  filter(operand: Expression | undefined): Filter | undefined {
    let node: Filter | undefined;
    while (this.#stream.skipOperator("|")) {
      node = this.#namedFilter(node ?? operand);
    }
    return node;
  }

  /** The filters of a filter block, the first of which has no `|`. */
  blockFilter(): Filter {
    const first = this.#namedFilter(undefined);
    return this.filter(first) ?? first;
  }

  #namedFilter(operand: Expression | undefined): Filter {
    const name = this.#dotted();
    const args = this.#stream.isOperator("(") ? this.args() : NO_ARGUMENTS;
    return { kind: "filter", operand, name, args };
  }

  #dotted(): string {
    let name = this.#stream.expect("name");
    while (this.#stream.skipOperator(".")) name += `.${this.#stream.expect("name")}`;
    return name;
  }

  #test(operand: Expression): Expression {
    const negated = this.#stream.skipName("not");
    const name = this.#dotted();
    let args = NO_ARGUMENTS;
    const { type } = this.#stream.current;
    if (this.#stream.isOperator("(")) {
      args = this.args();
    } else if (
      (["name", "string", "integer", "float"].includes(type) ||
        this.#stream.isOperator("[", "{")) &&
      !this.#stream.isName("else", "or", "and")
    ) {
      if (this.#stream.isName("is")) throw new TemplateError("tests cannot be chained with is");
      args = { positional: [this.postfix(this.primary())], named: [] };
    }
    const node: Expression = { kind: "test", operand, name, args };
    return negated ? { kind: "not", operand: node } : node;
  }

  args(): Arguments {
    this.#stream.expectOperator("(");
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let spread: Expression | undefined;
    let namedSpread: Expression | undefined;
    let first = true;
    while (!this.#stream.isOperator(")")) {
      if (!first) this.#stream.expectOperator(",");
      if (!first && this.#stream.isOperator(")")) break;
      first = false;
      if (this.#stream.skipOperator("*")) {
        if (spread !== undefined || namedSpread !== undefined) throw invalidArguments();
        spread = this.parse();
      } else if (this.#stream.skipOperator("**")) {
        if (namedSpread !== undefined) throw invalidArguments();
        namedSpread = this.parse();
      } else if (this.#isNamed()) {
        if (namedSpread !== undefined) throw invalidArguments();
        const name = this.#stream.next().value;
        this.#stream.next();
        named.push([name, this.parse()]);
      } else {
        if (spread !== undefined || namedSpread !== undefined || named.length > 0) {
          throw invalidArguments();
        }
        positional.push(this.parse());
      }
    }
    this.#stream.next();
    return { positional, named, spread, namedSpread };
  }

  #isNamed(): boolean {
    const next = this.#stream.look();
    return this.#stream.current.type === "name" && next.type === "operator" && next.value === "=";
  }
}

const NO_ARGUMENTS: Arguments = { positional: [], named: [] };

function invalidArguments(): TemplateError {
  return new TemplateError("invalid syntax for function call expression");
}
