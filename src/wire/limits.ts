/** Every default limit of the wire and of `http/`, on one page, with the precedent it follows. */

/**
 * What a header section counts less than, in bytes of its request-target or reason phrase, of field names, and of
 * field values with the white space behind them; a trailer section by itself. node:http `maxHeaderSize`.
 */
export const MAX_HEADER_SIZE = 16 * 1024;

/**
 * Bytes of a section altogether, so that what does not count has an end too: white space before values, empty lines
 * before a start-line. A line `X: ` has five, with its CRLF, of which one counts, and 64 is more than the rest of a
 * start-line and two empty lines have: a section of less than `maxHeaderSize` whose values have at most one space
 * before them is within this.
 */
export function maxSectionBytes(maxHeaderSize: number): number {
  return 5 * maxHeaderSize + 64;
}

/** Field lines of a header section when `server.maxHeadersCount` is null. node:http keeps as many. */
export const MAX_HEADERS_COUNT = 1000;

/** Bytes of a head that is kept to be known when it comes again. As many, and its text, are held by a connection. */
export const MAX_KNOWN_HEAD = 1024;

/** Heads in a row that were kept and did not come again: the sender's are all different, and no more are kept. */
export const MAX_UNKNOWN_HEADS = 8;

/** Bytes of the extensions of one chunk; beyond it 413. node:http since CVE-2024-22019. */
export const MAX_CHUNK_EXTENSIONS_SIZE = 16 * 1024;

/** Milliseconds a client has to send a header section. node:http `headersTimeout`. */
export const HEADERS_TIMEOUT = 60_000;

/** Milliseconds a client has to send a whole request. node:http `requestTimeout`. */
export const REQUEST_TIMEOUT = 300_000;

/** Milliseconds a persistent connection may be idle, as the Keep-Alive field says. node:http `keepAliveTimeout`. */
export const KEEP_ALIVE_TIMEOUT = 5_000;

/** Milliseconds added to that before the connection is closed, so that a client may be late. */
export const KEEP_ALIVE_TIMEOUT_BUFFER = 1_000;

/** Milliseconds between two looks at the headers and request deadlines. node:http `connectionsCheckingInterval`. */
export const CONNECTIONS_CHECKING_INTERVAL = 30_000;

/**
 * Milliseconds that a connection which the server ends is still read after its last response, so that the client can
 * read that in peace. nginx `lingering_timeout` is 5 s.
 */
export const LINGER_TIMEOUT = 1_000;

/**
 * Requests of one connection that may wait for their responses at a time. Past it the connection is not read
 * until some have left: a client that pipelines without end holds no more memory than this.
 */
export const MAX_PIPELINED_REQUESTS = 512;

/** Bytes that the system is asked for in one read of a socket. libuv's own size. */
export const READ_SIZE = 64 * 1024;

/**
 * Sockets that may have a buffer of their own for the content that comes next, which saves a copy of it. As many
 * buffers of READ_SIZE are held at most for content that is announced and does not come; beyond, it is copied.
 */
export const MAX_OWN_READS = 64;

/** Milliseconds that a free socket of the default agent is kept. node:http `globalAgent`. */
export const AGENT_TIMEOUT = 5_000;

/** Milliseconds of silence before the system probes a kept socket. node:http `keepAliveMsecs`. */
export const KEEP_ALIVE_MSECS = 1_000;

/** Milliseconds by which an agent closes a free socket before the server announced to. node:http since 24.7. */
export const AGENT_KEEP_ALIVE_TIMEOUT_BUFFER = 1_000;

/** Free sockets that an agent keeps for one name. node:http `maxFreeSockets`. */
export const MAX_FREE_SOCKETS = 256;

/** TLS sessions that an https agent remembers. node:https `maxCachedSessions`. */
export const MAX_CACHED_SESSIONS = 100;
