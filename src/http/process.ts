/**
 * The process, taken once: as a global it is an accessor, and its getter is called wherever it is named. An import of
 * `node:process` asks for every export of it, and by that opens stdin, stdout and stderr.
 */
export const { process } = globalThis;
