import { TemplateError } from "./_errors.ts";
import { Evaluator } from "./_evaluate.ts";
import type { Meter } from "./_meter.ts";
import type { For, Macro, Parameter, Statement, Target } from "./_nodes.ts";
import { Scope } from "./_scope.ts";
import { str } from "./_text.ts";
import {
  Callable,
  isTrue,
  itemsOf,
  Loop,
  Namespace,
  Tuple,
  typeName,
  Undefined,
} from "./_values.ts";
import type { CallArguments, Value } from "./_values.ts";

/** Whether a loop goes on after a statement. */
type Flow = "next" | "break" | "continue";

/** Carries out statements. What a turn wrote before it breaks off stays. */
export class Runner {
  readonly #meter: Meter;
  readonly #evaluator: Evaluator;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#evaluator = new Evaluator(meter);
  }

  /** What statements write. */
  text(statements: readonly Statement[], scope: Scope): string {
    const out: string[] = [];
    this.#run(statements, scope, out);
    return this.#meter.text(out.join(""));
  }

  #run(statements: readonly Statement[], scope: Scope, out: string[]): Flow {
    for (const statement of statements) {
      this.#meter.step();
      const flow = this.#statement(statement, scope, out);
      if (flow !== "next") return flow;
    }
    return "next";
  }

  #statement(node: Statement, scope: Scope, out: string[]): Flow {
    switch (node.kind) {
      case "data":
        this.#write(node.text, out);
        return "next";
      case "output":
        this.#write(str(this.#evaluator.evaluate(node.value, scope)), out);
        return "next";
      case "if":
        return isTrue(this.#evaluator.evaluate(node.test, scope))
          ? this.#run(node.body, scope, out)
          : this.#run(node.otherwise, scope, out);
      case "for":
        return this.#for(node, scope, out);
      case "set":
        this.#assign(node.target, this.#evaluator.evaluate(node.value, scope), scope);
        return "next";
      case "set block": {
        const text = this.text(node.body, new Scope(scope));
        const value = node.filter === undefined
          ? text
          : this.#evaluator.filter(node.filter, text, scope);
        this.#assign(node.target, value, scope);
        return "next";
      }
      case "macro":
        scope.set(node.name, this.#macro(node, scope));
        return "next";
      case "call block":
        this.#write(this.#callBlock(node, scope), out);
        return "next";
      case "filter block": {
        const text = this.text(node.body, new Scope(scope));
        this.#write(str(this.#evaluator.filter(node.filter, text, scope)), out);
        return "next";
      }
      case "with": {
        const inner = new Scope(scope);
        // Values see what is outside, not each other.
        const values = node.values.map(([, value]) => this.#evaluator.evaluate(value, scope));
        node.values.forEach(([target], i) => this.#assign(target, values[i], inner));
        return this.#run(node.body, inner, out);
      }
      case "break":
      case "continue":
        return node.kind;
    }
  }

  #write(text: string, out: string[]): void {
    this.#meter.length(text.length);
    if (text !== "") out.push(text);
  }

  #for(node: For, scope: Scope, out: string[]): Flow {
    const iterable = this.#evaluator.evaluate(node.iterable, scope);
    this.#turns(node, iterable, scope, out, 1);
    return "next";
  }

  #turns(node: For, iterable: Value, scope: Scope, out: string[], depth: number): void {
    let items = itemsOf(iterable);
    this.#meter.length(items.length);
    if (node.test !== undefined) {
      items = items.filter((item) => {
        const inner = new Scope(scope);
        this.#assign(node.target, item, inner);
        return isTrue(this.#evaluator.evaluate(node.test!, inner));
      });
    }
    const again = (inner: Value) => {
      const text: string[] = [];
      this.#turns(node, inner, scope, text, depth + 1);
      return this.#meter.text(text.join(""));
    };
    const loop = new Loop(items, depth, node.recursive ? again : undefined);
    for (const item of items) {
      this.#meter.step();
      loop.index0++;
      const turn = new Scope(scope);
      turn.set("loop", loop);
      this.#assign(node.target, item, turn);
      if (this.#run(node.body, turn, out) === "break") break;
    }
    if (items.length === 0) this.#run(node.otherwise, new Scope(scope), out);
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") return scope.set(target.name, value);
    if (target.kind === "namespace") {
      const namespace = scope.get(target.name);
      if (!(namespace instanceof Namespace)) {
        throw new TemplateError("cannot assign attribute on non-namespace object");
      }
      namespace.attributes.set(target.attribute, value);
      return;
    }
    if (value instanceof Undefined) value.fail();
    const values = itemsOf(value);
    if (values.length !== target.items.length) {
      throw new TemplateError(
        `cannot unpack ${values.length} values of a ${typeName(value)} into ${target.items.length}`,
      );
    }
    target.items.forEach((each, i) => this.#assign(each, values[i], scope));
  }

  #macro({ name, parameters, body }: Omit<Macro, "kind">, scope: Scope): Callable {
    const uses = usesOf(body);
    return new Callable(name, (args) => {
      const inner = new Scope(scope);
      this.#takeArguments(name, parameters, args, inner, uses);
      return this.text(body, inner);
    });
  }

  #takeArguments(
    name: string,
    parameters: readonly Parameter[],
    { positional, named }: CallArguments,
    scope: Scope,
    uses: ReadonlySet<string>,
  ): void {
    const rest = new Map(named);
    parameters.forEach((parameter, i) => {
      const given = positional[i] ??
        (i < positional.length ? positional[i] : rest.get(parameter.name));
      if (i < positional.length && rest.has(parameter.name)) {
        throw new TemplateError(`macro '${name}' got '${parameter.name}' twice`);
      }
      rest.delete(parameter.name);
      const value = given !== undefined
        ? given
        : parameter.otherwise === undefined
        ? new Undefined(`parameter '${parameter.name}' was not provided`)
        : this.#evaluator.evaluate(parameter.otherwise, scope);
      scope.set(parameter.name, value);
    });
    if (uses.has("caller")) {
      const caller = rest.get("caller");
      scope.set("caller", caller ?? new Undefined("No caller defined"));
      rest.delete("caller");
    }
    if (uses.has("kwargs")) scope.set("kwargs", new Map(rest));
    else if (rest.has("caller")) {
      throw new TemplateError(`macro '${name}' was invoked with a caller it does not use`);
    } else if (rest.size > 0) {
      throw new TemplateError(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
    }
    const more = positional.slice(parameters.length);
    if (uses.has("varargs")) scope.set("varargs", new Tuple(more));
    else if (more.length > 0) {
      throw new TemplateError(
        `macro '${name}' takes not more than ${parameters.length} argument(s)`,
      );
    }
  }

  #callBlock(node: Extract<Statement, { kind: "call block" }>, scope: Scope): string {
    const { call, parameters, body } = node;
    const caller = this.#macro({ name: "caller", parameters, body }, scope);
    const { positional, named } = this.#evaluator.args(call.args, scope);
    const callee = this.#evaluator.evaluate(call.callee, scope);
    const args = { positional, named: new Map([...named, ["caller", caller] as const]) };
    return str(this.#evaluator.call(callee, args));
  }
}

/** Which of the names that macros get on request stand somewhere in a body. */
function usesOf(body: readonly Statement[]): ReadonlySet<string> {
  const uses = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const { kind, name } = node as { kind?: unknown; name?: unknown };
    if (kind === "name" && ["caller", "kwargs", "varargs"].includes(name as string)) {
      uses.add(name as string);
    }
    Object.values(node).forEach(visit);
  };
  visit(body);
  return uses;
}
