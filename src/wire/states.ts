/**
 * The states of a message parser, as small ints: V8 keeps a switch over them a jump table.
 *
 * ```
 * START -> METHOD -> TARGET -> VERSION -----> LINE_LF
 *       `-> STATUS_VERSION -> STATUS_CODE -> REASON -> LINE_LF
 * LINE_LF -> FIELD_START -> FIELD_NAME -> FIELD_OWS -> FIELD_VALUE -> FIELD_LF -> FIELD_START
 *              FIELD_START -> FIELD_OWS (obs-fold)
 * FIELD_START -> SECTION_LF -> START (no body) | LENGTH_BODY | CLOSE_BODY | CHUNKED_BODY | TUNNEL
 * LENGTH_BODY, CLOSE_BODY -> START         CHUNKED_BODY -> FIELD_START (trailer section) -> START
 * any -> FAILED
 * ```
 */
export const START = 0;
export const METHOD = 1;
export const TARGET = 2;
export const VERSION = 3;
export const STATUS_VERSION = 4;
export const STATUS_CODE = 5;
export const REASON = 6;
export const LINE_LF = 7;
export const FIELD_START = 8;
export const FIELD_NAME = 9;
export const FIELD_OWS = 10;
export const FIELD_VALUE = 11;
export const FIELD_LF = 12;
export const SECTION_LF = 13;
export const LENGTH_BODY = 14;
export const CLOSE_BODY = 15;
export const CHUNKED_BODY = 16;
export const TUNNEL = 17;
export const FAILED = 18;

/** Which states may follow which. The tests walk the parser against this table. */
export const PARSER_TRANSITIONS: Readonly<Record<number, readonly number[]>> = {
  [START]: [METHOD, STATUS_VERSION],
  [METHOD]: [TARGET],
  [TARGET]: [VERSION],
  [VERSION]: [LINE_LF],
  [STATUS_VERSION]: [STATUS_CODE],
  [STATUS_CODE]: [REASON, LINE_LF],
  [REASON]: [LINE_LF],
  [LINE_LF]: [FIELD_START],
  [FIELD_START]: [FIELD_NAME, FIELD_OWS, SECTION_LF],
  [FIELD_NAME]: [FIELD_OWS],
  [FIELD_OWS]: [FIELD_VALUE, FIELD_LF],
  [FIELD_VALUE]: [FIELD_LF],
  [FIELD_LF]: [FIELD_START],
  [SECTION_LF]: [START, LENGTH_BODY, CLOSE_BODY, CHUNKED_BODY, TUNNEL],
  [LENGTH_BODY]: [START],
  [CLOSE_BODY]: [START],
  [CHUNKED_BODY]: [FIELD_START],
  [TUNNEL]: [],
  [FAILED]: [],
};

/** The states of the chunked coding's decoder (RFC 9112 section 7.1). */
export const CHUNK_SIZE_FIRST = 0;
export const CHUNK_SIZE = 1;
export const CHUNK_EXT_NAME_FIRST = 2;
export const CHUNK_EXT_NAME = 3;
export const CHUNK_EXT_VALUE_FIRST = 4;
export const CHUNK_EXT_VALUE = 5;
export const CHUNK_EXT_QUOTED = 6;
export const CHUNK_EXT_QUOTED_PAIR = 7;
export const CHUNK_EXT_QUOTED_END = 8;
export const CHUNK_SIZE_LF = 9;
export const CHUNK_DATA = 10;
export const CHUNK_DATA_CR = 11;
export const CHUNK_DATA_LF = 12;
export const CHUNK_LAST = 13;
/** Whitespace behind a size, which only `insecureHTTPParser` forgives. */
export const CHUNK_SIZE_OWS = 14;
