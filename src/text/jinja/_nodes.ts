/** An expression. */
export type Expression =
  | { readonly kind: "constant"; readonly value: string | number | boolean | null }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly items: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
  | { readonly kind: "item"; readonly object: Expression; readonly key: Expression }
  | {
    readonly kind: "slice";
    readonly object: Expression;
    readonly bounds: readonly (Expression | undefined)[];
  }
  | Call
  | Filter
  | {
    readonly kind: "test";
    readonly operand: Expression;
    readonly name: string;
    readonly args: Arguments;
  }
  | {
    readonly kind: "binary";
    readonly operator: string;
    readonly left: Expression;
    readonly right: Expression;
  }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "concat"; readonly items: readonly Expression[] }
  | { readonly kind: "not" | "minus" | "plus"; readonly operand: Expression }
  | {
    readonly kind: "compare";
    readonly first: Expression;
    readonly rest: readonly (readonly [operator: string, Expression])[];
  }
  | {
    readonly kind: "condition";
    readonly test: Expression;
    readonly then: Expression;
    readonly otherwise: Expression | undefined;
  };

/** What is handed to a function. */
export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [name: string, Expression])[];
  /** `*x` and `**x`. */
  readonly spread?: Expression;
  readonly namedSpread?: Expression;
}

/** A function called. */
export interface Call {
  readonly kind: "call";
  readonly callee: Expression;
  readonly args: Arguments;
}

/** A filter; without an operand it is that of a block. */
export interface Filter {
  readonly kind: "filter";
  readonly operand: Expression | undefined;
  readonly name: string;
  readonly args: Arguments;
}

/** Where a value goes: a name, an attribute of a namespace, or several of them. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "namespace"; readonly name: string; readonly attribute: string }
  | { readonly kind: "tuple"; readonly items: readonly Target[] };

/** Parameters of a macro or a call block. */
export interface Parameter {
  readonly name: string;
  readonly otherwise: Expression | undefined;
}

/** A statement. */
export type Statement =
  | { readonly kind: "data"; readonly text: string }
  | { readonly kind: "output"; readonly value: Expression }
  | For
  | {
    readonly kind: "if";
    readonly test: Expression;
    readonly body: readonly Statement[];
    readonly otherwise: readonly Statement[];
  }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  | {
    readonly kind: "set block";
    readonly target: Target;
    readonly filter: Filter | undefined;
    readonly body: readonly Statement[];
  }
  | Macro
  | {
    readonly kind: "call block";
    readonly call: Call;
    readonly parameters: readonly Parameter[];
    readonly body: readonly Statement[];
  }
  | { readonly kind: "filter block"; readonly filter: Filter; readonly body: readonly Statement[] }
  | {
    readonly kind: "with";
    readonly values: readonly (readonly [Target, Expression])[];
    readonly body: readonly Statement[];
  }
  | { readonly kind: "break" | "continue" };

/** A loop. */
export interface For {
  readonly kind: "for";
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | undefined;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

/** A function of a template. */
export interface Macro {
  readonly kind: "macro";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}
