/** The framework's limits and defaults, each with its precedent. */

// Responses.

/** Files up to this size are read at once and sent in one piece with the head; larger ones in pieces of this size, as node:fs reads streams. */
export const FILE_PIECE = 64 * 1024;

/** How long an event stream is silent before a comment tells proxies that it lives, in ms: the HTML standard advises 15 s. */
export const EVENT_HEARTBEAT = 15_000;

/** Bytes of events that may wait for a slow reader before its connection is ended; 16 times a stream's default buffer, and the limit of a request's content. */
export const EVENT_BACKLOG = 1024 * 1024;

/** A year, in seconds: the longest that Cache-Control's max-age is told, as `send` has it (RFC 9111 section 5.2.2.1 sets no end). */
export const MAX_MAX_AGE = 365 * 24 * 60 * 60;
