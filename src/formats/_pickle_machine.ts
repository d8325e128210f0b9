import type { FewbitError } from "../errors.ts";
import { PickleCursor } from "./_pickle_cursor.ts";

/** What a pickle may reach outside itself. Either method may throw to refuse. */
export interface PickleWorld {
  /**
   * Gives the value for `module.name`: a {@linkcode PickleFunction}, a value to pass around, or a
   * {@linkcode PickleOpaque} for what is unknown.
   */
  findGlobal(module: string, name: string): unknown;
  /** Gives the object that the application kept outside the pickle. */
  loadPersistent(id: unknown): unknown;
}

/** A function that a pickle may call. */
export class PickleFunction {
  /** Gives the result for arguments that are not checked yet, or throws. */
  readonly call: (args: readonly unknown[]) => unknown;

  /** Wraps a function. */
  constructor(call: (args: readonly unknown[]) => unknown) {
    this.call = call;
  }
}

/**
 * What stands for a class, a function or an object that is not known. It has a name and nothing else:
 * calling it gives another one, and what is put into it is dropped.
 */
export class PickleOpaque {
  /** `module.name` of the class or function. */
  readonly name: string;

  /** Stands for what has this name. */
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * The stack, marks and memo of the pickle machine.
 *
 * Python's values are held as: None `null`, int `number` or, beyond 2^53, `bigint`, tuple and list
 * `Array`, dict and OrderedDict `Map`, bytes and bytearray `Uint8Array`. Sets and all other objects are
 * {@linkcode PickleOpaque}.
 */
export class PickleMachine {
  readonly cursor: PickleCursor;
  readonly world: PickleWorld;
  readonly #memo = new Map<number, unknown>();
  /** Stacks under each mark that is open. */
  readonly #marked: unknown[][] = [];
  #stack: unknown[] = [];
  /** Elements that may still be passed to calls, so that these take linear time. */
  #callBudget: number;

  /** Starts with an empty stack at an offset of the bytes. */
  constructor(bytes: Uint8Array, offset: number, world: PickleWorld) {
    this.cursor = new PickleCursor(bytes, offset);
    this.world = world;
    this.#callBudget = bytes.length;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.invalid("the stack is empty");
    return this.#stack.pop();
  }

  /** The value on top, which stays there. */
  top(): unknown {
    if (this.#stack.length === 0) throw this.invalid("the stack is empty");
    return this.#stack[this.#stack.length - 1];
  }

  mark(): void {
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  /** Takes everything above the last mark, and the mark. */
  popMark(): unknown[] {
    const items = this.#stack;
    const below = this.#marked.pop();
    if (below === undefined) throw this.invalid("there is no mark");
    this.#stack = below;
    return items;
  }

  popArray(): unknown[] {
    const value = this.pop();
    if (!Array.isArray(value)) throw this.invalid("a value is not a tuple or list");
    return value;
  }

  popString(): string {
    const value = this.pop();
    if (typeof value !== "string") throw this.invalid("a value is not a string");
    return value;
  }

  /** Appends to the list on top. */
  append(items: readonly unknown[]): void {
    const list = this.top();
    if (list instanceof PickleOpaque) return;
    if (!Array.isArray(list)) throw this.invalid("items are appended to what is not a list");
    for (const item of items) list.push(item);
  }

  /** Sets the pairs `key, value, key, value …` in the dict on top. */
  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (dict instanceof PickleOpaque) return;
    if (!(dict instanceof Map)) throw this.invalid("items are set in what is not a dict");
    if (items.length % 2 !== 0) throw this.invalid("a key has no value");
    for (let index = 0; index < items.length; index += 2) dict.set(items[index], items[index + 1]);
  }

  /** Adds to the set on top, which keeps nothing. */
  addItems(_items: readonly unknown[]): void {
    if (this.top() instanceof PickleOpaque) return;
    throw this.invalid("items are added to what is not a set");
  }

  /** Keeps the value on top under a number, by default the next one. */
  memoize(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  pushMemo(index: number): void {
    if (!this.#memo.has(index)) throw this.invalid(`memo ${index} is not set`);
    this.push(this.#memo.get(index));
  }

  /** Calls what a global stands for and pushes the result. */
  call(callee: unknown, args: readonly unknown[]): void {
    if (callee instanceof PickleOpaque) return this.push(callee);
    if (!(callee instanceof PickleFunction)) {
      throw this.invalid("a value that is called is no function");
    }
    // A list in the memo can be passed many times; an honest pickle passes less than it has bytes.
    for (const arg of args) if (Array.isArray(arg)) this.#callBudget -= arg.length;
    if (this.#callBudget < 0) throw this.invalid("long lists are passed to calls too often");
    this.push(callee.call(args));
  }

  /** An error at the current place. */
  invalid(problem: string): FewbitError {
    return this.cursor.invalid(problem);
  }
}
