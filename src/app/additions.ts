/** What applications add to the types of requests and responses: `declare module 'barewire' { interface ... }`. */

/** Members that your middleware, or that of others, puts on `req`. */
// biome-ignore lint/suspicious/noEmptyInterface: it is for others to fill
export interface RequestAdditions {}

/** What your middleware leaves in `res.locals`. Names that are not here are unknown. */
// biome-ignore lint/suspicious/noEmptyInterface: it is for others to fill
export interface Locals {}
