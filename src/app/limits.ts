/** Every default limit of the framework, on one page, with the precedent it follows. */

// Bodies.

/** Bytes of a body that is held in memory, on the wire and after each content coding. Fastify `bodyLimit`. */
export const MAX_BODY_SIZE = 1024 * 1024;

/** Content codings of one body. Each costs a decoder; nobody in earnest sends two. */
export const MAX_CONTENT_CODINGS = 2;

/**
 * Arrays and objects within each other in JSON. What is nested deeper than this parses, and overflows the stack of
 * whoever walks it: JSON.stringify does at some thousands. Jackson `StreamReadConstraints` has as many.
 */
export const MAX_JSON_DEPTH = 1000;

/** Parameters of a urlencoded form. Express `parameterLimit`, PHP `max_input_vars`. */
export const MAX_FORM_PARAMETERS = 1000;

// Queries.

/** Parameters of a query. node:querystring `maxKeys`, qs `parameterLimit`; those leave out what is beyond. */
export const MAX_QUERY_PARAMETERS = 1000;

// multipart/form-data.

/** Bytes of a whole multipart body, on the wire. Go's `ParseMultipartForm` is called with as many by default. */
export const MAX_MULTIPART_SIZE = 32 * 1024 * 1024;

/** Parts, fields and files together. Werkzeug `max_form_parts`. */
export const MAX_PARTS = 1000;

/** Parts that are fields. Django `DATA_UPLOAD_MAX_NUMBER_FIELDS`, PHP `max_input_vars`. */
export const MAX_FIELDS = 1000;

/** Parts that are files. PHP `max_file_uploads`. */
export const MAX_FILES = 20;

/** Bytes of the value of one field. busboy `fieldSize`. */
export const MAX_FIELD_SIZE = 1024 * 1024;

/** Bytes of the values of all fields: they are held in memory, as any body is. */
export const MAX_FIELDS_SIZE = MAX_BODY_SIZE;

/** Bytes of one file. */
export const MAX_FILE_SIZE = 10 * 1024 * 1024;

/** Field lines of the header section of one part. There are two or three (RFC 7578 section 4.8). */
export const MAX_PART_HEADERS = 32;

/** Bytes of the names and values of that section. Half of what a whole request's may have. */
export const MAX_PART_HEADERS_SIZE = 8 * 1024;

/** Characters of a boundary (RFC 2046 section 5.1.1). */
export const MAX_BOUNDARY_LENGTH = 70;

// Responses.

/** Files up to this size are read at once and sent in one piece with the head; larger ones in pieces of this size, as node:fs reads streams. */
export const FILE_PIECE = 64 * 1024;

/** Bytes of content below which it is not compressed: `compression` `threshold`. What is less fits into a packet as it is. */
export const COMPRESSION_THRESHOLD = 1024;

/** How long an event stream is silent before a comment tells proxies that it lives, in ms: the HTML standard advises 15 s. */
export const EVENT_HEARTBEAT = 15_000;

/** Bytes of events that may wait for a slow reader before its connection is ended; 16 times a stream's default buffer, and the limit of a request's content. */
export const EVENT_BACKLOG = 1024 * 1024;

/** A year, in seconds: the longest that Cache-Control's max-age is told, as `send` has it (RFC 9111 section 5.2.2.1 sets no end). */
export const MAX_MAX_AGE = 365 * 24 * 60 * 60;

// Serving.

/** Milliseconds that a readiness check has: most probes give up after 1 to 5 s. */
export const CHECK_TIMEOUT = 2000;

/** Seconds after which an application that is not ready is asked again: probes come every 5 to 10 s. */
export const RETRY_AFTER = 5;

/** Milliseconds that what is in flight has when the application ends. Kubernetes leaves 30 s, other steps included. */
export const CLOSE_DEADLINE = 10_000;
