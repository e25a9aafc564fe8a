/** The exports of a builtin module, replaced in place. */

/** The platform's own, which `http` only hands on, and loads when it is asked: they stay as they are. */
const NOT_OURS = new Set(['WebSocket', 'CloseEvent', 'MessageEvent']);

/**
 * Puts the exports of `ours` in the place of those of the same name in `builtin`, whose other exports stay as they are.
 * Whoever has the object sees them: `require`, `import` (after `syncBuiltinESMExports`), `process.getBuiltinModule`.
 * @param names Which ones; all of `ours` where it is not said. What `ours` has not is left as it was.
 */
export function replaceExports(builtin: object, ours: object, names: Iterable<string> = Object.keys(ours)) {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(ours, name);
    if (own === undefined || NOT_OURS.has(name)) continue;
    const stock = Object.getOwnPropertyDescriptor(builtin, name);
    // What one side computes, or may be set, as `globalAgent`, has one value however it is reached.
    const isLive = stock?.get !== undefined || own.get !== undefined;
    const isSettable = stock?.set !== undefined || own.set !== undefined;
    Object.defineProperty(builtin, name, {
      configurable: stock?.configurable ?? true,
      enumerable: stock?.enumerable ?? true,
      ...(isLive
        ? {
            get: () => Reflect.get(ours, name),
            set: isSettable ? (value: unknown) => Reflect.set(ours, name, value) : undefined,
          }
        : { value: own.value, writable: true }),
    });
  }
}
