/** Limits that apply where a loader is told none. */

/** Most multiply-accumulates of one run of an entry. */
export const DEFAULT_WORK_LIMIT = 2 ** 45;
/** Most bytes of an instance with its constants: what a 32-bit memory holds. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 0xFFFF0000;
