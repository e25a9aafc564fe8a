/**
 * Can a handler get at `next`? One that cannot needs none made for it. Its number of parameters does not tell: wrappers
 * take all of them as a list (`(...args) => ...`), by `arguments`, or with a default, and would find nothing there.
 */

/** Parameters without defaults or comments: of an arrow function, or of any other. */
const ARROW = /^(?:async\b\s*)?(?:\(([^()=/]*)\)|[$\w]+)\s*=>/;
const OTHER = /^(?:async\s+)?(?:function\b)?[\s*]*[$\w]*\s*\(([^()=/]*)\)\s*\{/;

/** True also where it cannot be seen: of bound functions, of what is written in another way. */
export function mayReachNext(handler: (...args: never[]) => unknown): boolean {
  if (handler.length > 2) return true;
  const text = Function.prototype.toString.call(handler);
  const arrow = ARROW.exec(text);
  if (arrow !== null) return arrow[1]?.includes('...') ?? false;
  const other = OTHER.exec(text);
  return other === null || other[1].includes('...') || /\barguments\b|\beval\b|\[native code\]/.test(text);
}
