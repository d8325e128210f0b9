/**
 * The library for command lines, with exact types. Its version is written here only, with `npm:`, so that
 * the tree needs no import map, whoever imports it from where.
 */

// @deno-types="npm:@commander-js/extra-typings@15.1.0"
export { Command, CommanderError, Option } from "npm:commander@15.1.0";
export type { CommandUnknownOpts } from "npm:@commander-js/extra-typings@15.1.0";
