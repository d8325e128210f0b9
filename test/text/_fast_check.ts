/** The library for tests with random inputs; others take it from here. */
export { default } from "npm:fast-check@4.10.2";
