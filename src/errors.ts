/**
 * Every error barewire makes, as rows: the code, whose fault it is, the base class, the message and, where a
 * peer is to blame, the status it is answered with. No code stands as a literal anywhere else.
 *
 * Codes and messages are node:http's, so that what people log, match and search for stays the same.
 */
// Not imported: that makes every export, among them what a server has no use for.
const { format, inspect } = process.getBuiltinModule('node:util');

/** An error with a `code`, as Node's own errors are. */
export interface CodedError extends Error {
  code: string;
}

/** What is wrong with the bytes of a peer. Emitted as `clientError` on servers, as `error` on requests. */
export interface PeerError extends CodedError {
  /** Why, in words; also the end of `message`. */
  reason: string;
  /** The status code that answers it (RFC 9110 section 15.5). */
  statusCode: number;
  /** Bytes of `rawPacket` that could be read before the one that is wrong. */
  bytesParsed?: number;
  /** The bytes that were being read. */
  rawPacket?: Buffer;
}

type Base = ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor;

/** A mistake of the code that calls us: thrown, or emitted where node:http emits it. */
function caller<A extends unknown[]>(code: string, base: Base, message: (...args: A) => string) {
  return function create(...args: A): CodedError {
    const error = new base(message(...args)) as CodedError;
    Object.defineProperty(error, 'toString', {
      value(this: CodedError) {
        return `${this.name} [${code}]: ${this.message}`;
      },
      enumerable: false,
      writable: true,
      configurable: true,
    });
    error.code = code;
    // The stack starts where the mistake was made and names the code, as it does in Node.
    const { name } = error;
    error.name = `${name} [${code}]`;
    Error.captureStackTrace(error, create);
    void error.stack;
    delete (error as { name?: string }).name;
    return error;
  };
}

/** Bytes of a peer that HTTP/1.1 does not allow. */
function peer(code: string, statusCode: number, defaultReason: string) {
  return (reason: string = defaultReason, answer: number = statusCode): PeerError => {
    const error = new Error(`Parse Error: ${reason}`) as PeerError;
    error.code = code;
    error.reason = reason;
    error.statusCode = answer;
    return error;
  };
}

function received(value: unknown): string {
  if (value === null || value === undefined) return ` Received ${value}`;
  if (typeof value === 'function')
    return value.name ? ` Received function ${value.name}` : ' Received function ';
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? ` Received an instance of ${name}` : ` Received ${inspect(value, { depth: -1 })}`;
  }
  let shown = inspect(value, { colors: false });
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${shown})`;
}

function inspected(value: unknown): string {
  const shown = inspect(value);
  return shown.length > 128 ? `${shown.slice(0, 128)}...` : shown;
}

/** Digits of an integer in groups of three, as Node writes large values out of range. */
function grouped(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) > 2 ** 32) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  }
  return inspect(value);
}

// The caller's mistakes.

/** `name` may be an argument or, with a dot in it, a property; `expected` is the phrase after "must be". */
export const invalidArgType = caller(
  'ERR_INVALID_ARG_TYPE',
  TypeError,
  (name: string, expected: string, value: unknown) =>
    `The ${name.endsWith(' argument') ? name : `"${name}" ${name.includes('.') ? 'property' : 'argument'}`} must be ${expected}.${received(value)}`,
);
export const invalidArgValue = caller(
  'ERR_INVALID_ARG_VALUE',
  TypeError,
  (name: string, value: unknown, reason: string) =>
    `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${inspected(value)}`,
);
export const outOfRange = caller(
  'ERR_OUT_OF_RANGE',
  RangeError,
  (name: string, range: string, value: unknown) =>
    `The value of "${name}" is out of range. It must be ${range}. Received ${grouped(value)}`,
);
export const invalidProtocol = caller(
  'ERR_INVALID_PROTOCOL',
  TypeError,
  (protocol: unknown, expected: string) =>
    format('Protocol "%s" not supported. Expected "%s"', protocol, expected),
);
export const unescapedCharacters = caller(
  'ERR_UNESCAPED_CHARACTERS',
  TypeError,
  (what: string) => `${what} contains unescaped characters`,
);
export const invalidHttpToken = caller(
  'ERR_INVALID_HTTP_TOKEN',
  TypeError,
  (label: string, name: unknown) => `${label} must be a valid HTTP token ["${format('%s', name)}"]`,
);
export const invalidHeaderValue = caller(
  'ERR_HTTP_INVALID_HEADER_VALUE',
  TypeError,
  (value: unknown, name: string) => `Invalid value "${value}" for header "${name}"`,
);
export const invalidChar = caller('ERR_INVALID_CHAR', TypeError, (what: string, name?: string) =>
  name === undefined ? `Invalid character in ${what}` : `Invalid character in ${what} ["${name}"]`,
);
export const headersSent = caller(
  'ERR_HTTP_HEADERS_SENT',
  Error,
  (action: string) => `Cannot ${action} headers after they are sent to the client`,
);
export const invalidStatusCode = caller('ERR_HTTP_INVALID_STATUS_CODE', RangeError, (statusCode: unknown) =>
  format('Invalid status code: %s', statusCode),
);
export const trailerInvalid = caller(
  'ERR_HTTP_TRAILER_INVALID',
  Error,
  () => 'Trailers are invalid with this transfer encoding',
);
export const bodyNotAllowed = caller(
  'ERR_HTTP_BODY_NOT_ALLOWED',
  Error,
  () => 'Adding content for this request method or response status is not allowed.',
);
export const unknownEncoding = caller(
  'ERR_UNKNOWN_ENCODING',
  TypeError,
  (encoding: string) => `Unknown encoding: ${encoding}`,
);
export const contentLengthMismatch = caller(
  'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
  Error,
  (sent: number, declared: number) =>
    `Response body's content-length of ${sent} byte(s) does not match the content-length of ${declared} byte(s) set in header`,
);
export const socketAssigned = caller(
  'ERR_HTTP_SOCKET_ASSIGNED',
  Error,
  () => 'ServerResponse has an already assigned socket',
);
export const socketEncoding = caller(
  'ERR_HTTP_SOCKET_ENCODING',
  Error,
  () => 'Changing the socket encoding is not allowed per RFC7230 Section 3.',
);
export const writeAfterEnd = caller('ERR_STREAM_WRITE_AFTER_END', Error, () => 'write after end');
export const alreadyFinished = caller(
  'ERR_STREAM_ALREADY_FINISHED',
  Error,
  (method: string) => `Cannot call ${method} after a stream was finished`,
);
export const streamDestroyed = caller(
  'ERR_STREAM_DESTROYED',
  Error,
  (method: string) => `Cannot call ${method} after a stream was destroyed`,
);
export const nullValues = caller(
  'ERR_STREAM_NULL_VALUES',
  TypeError,
  () => 'May not write null values to stream',
);
export const cannotPipe = caller('ERR_STREAM_CANNOT_PIPE', Error, () => 'Cannot pipe, not readable');
export const methodNotImplemented = caller(
  'ERR_METHOD_NOT_IMPLEMENTED',
  Error,
  (method: string) => `The ${method} method is not implemented`,
);

export const invalidProxyConfig = caller('ERR_PROXY_INVALID_CONFIG', Error, (message: string) => message);
export const socketBadPort = caller(
  'ERR_SOCKET_BAD_PORT',
  RangeError,
  (name: string, port: unknown) => `${name} should be >= 0 and < 65536.${received(port)}.`,
);

// The peer's mistakes in reading a message. 400 unless RFC 9110 has a status that says more.

export const invalidMethod = peer('HPE_INVALID_METHOD', 400, 'Invalid method encountered');
export const invalidTarget = peer('HPE_INVALID_URL', 400, 'Invalid characters in url');
export const invalidConstant = peer('HPE_INVALID_CONSTANT', 400, 'Expected HTTP/, RTSP/ or ICE/');
export const invalidVersion = peer('HPE_INVALID_VERSION', 400, 'Invalid HTTP version');
export const invalidStatus = peer('HPE_INVALID_STATUS', 400, 'Invalid status code');
export const expectedCR = peer('HPE_CR_EXPECTED', 400, 'Missing expected CR');
export const expectedLF = peer('HPE_LF_EXPECTED', 400, 'Missing expected LF');
export const unexpectedSpace = peer('HPE_UNEXPECTED_SPACE', 400, 'Unexpected space after start line');
export const invalidHeaderToken = peer('HPE_INVALID_HEADER_TOKEN', 400, 'Invalid header token');
export const behindClose = peer('HPE_CLOSED_CONNECTION', 400, 'Data after `Connection: close`');
/** What a head that is too large fails with. */
export const HEADER_OVERFLOW = 'HPE_HEADER_OVERFLOW';
export const headerOverflow = peer(HEADER_OVERFLOW, 431, 'Header overflow');
export const invalidContentLength = peer(
  'HPE_INVALID_CONTENT_LENGTH',
  400,
  'Invalid character in Content-Length',
);
export const unexpectedContentLength = peer('HPE_UNEXPECTED_CONTENT_LENGTH', 400, 'Duplicate Content-Length');
export const invalidTransferEncoding = peer(
  'HPE_INVALID_TRANSFER_ENCODING',
  400,
  'Invalid `Transfer-Encoding` header value',
);
export const invalidChunkSize = peer('HPE_INVALID_CHUNK_SIZE', 400, 'Invalid character in chunk size');
export const strictViolation = peer('HPE_STRICT', 400, 'Invalid character in chunk extensions');
export const chunkExtensionsOverflow = peer(
  'HPE_CHUNK_EXTENSIONS_OVERFLOW',
  413,
  'Chunk extensions overflow',
);
/** The input ended within a message. */
export function invalidEndOfInput(): PeerError {
  const error = peer('HPE_INVALID_EOF_STATE', 400, '')();
  error.message = 'Parse Error';
  error.bytesParsed = 0;
  return error;
}

/** Content that no limit has room for. */
export const contentTooLarge = peer('HPE_BODY_OVERFLOW', 413, 'Content before an upgrade is too large');

/** The code of the streams' own error for one that closed before its end. */
export const PREMATURE_CLOSE = 'ERR_STREAM_PREMATURE_CLOSE';

// What ends an exchange from outside.

/** The client did not send its request in time; answered with 408. */
export function requestTimeout(): PeerError {
  const error = new Error('Request timeout') as PeerError;
  error.code = 'ERR_HTTP_REQUEST_TIMEOUT';
  error.reason = error.message;
  error.statusCode = 408;
  return error;
}

/** A proxy did not make a tunnel. */
export const proxyTunnel = caller('ERR_PROXY_TUNNEL', Error, (message: string) => message);

/** The connection ended before the exchange did. */
export function connectionReset(message: string): CodedError {
  const error = new Error(message) as CodedError;
  error.code = 'ECONNRESET';
  return error;
}

// What the framework refuses. `status` is the answer's; the message is for the client to read.

/** What is wrong with a request, for whoever answers it. */
export interface RequestError extends CodedError {
  /** The status code of the answer, 400 to 499. */
  status: number;
  /** The same under node:http's name. */
  statusCode: number;
  /** The message may be shown to the client. */
  expose: boolean;
  /** Fields of the answer, such as Allow for 405. */
  headers?: Record<string, string>;
}

function refusal<A extends unknown[]>(code: string, status: number, message: (...args: A) => string) {
  return (...args: A): RequestError =>
    Object.assign(new Error(message(...args)), { code, status, statusCode: status, expose: true });
}

export const notFound = refusal(
  'ERR_NOT_FOUND',
  404,
  (method: string, path: string) => `Cannot ${method} ${path}`,
);
export const methodNotAllowed = refusal(
  'ERR_METHOD_NOT_ALLOWED',
  405,
  (method: string, path: string) => `${method} is not allowed for ${path}`,
);
export const malformedPath = refusal(
  'ERR_MALFORMED_PATH',
  400,
  (path: string) => `The path has a malformed percent-encoding: ${path}`,
);

// The bodies' rows stand below this line.

export const bodyAlreadyRead = caller(
  'ERR_BODY_ALREADY_READ',
  Error,
  () => 'The body was read already, or is being read: it can be read once',
);
/** The client went away before its body was complete. The status is for logs: nobody is left to be answered. */
export const bodyAborted = refusal(
  'ECONNRESET',
  400,
  () => 'The connection ended before the body was complete',
);
export const bodyTooLarge = refusal(
  'ERR_BODY_TOO_LARGE',
  413,
  (limit: number) => `The body is larger than the limit of ${limit} bytes`,
);
export const unsupportedMediaType = refusal(
  'ERR_UNSUPPORTED_MEDIA_TYPE',
  415,
  (accepted: string) => `Content-Type must be one of: ${accepted}`,
);
export const unsupportedCharset = refusal(
  'ERR_UNSUPPORTED_CHARSET',
  415,
  (accepted: string) => `The charset of Content-Type must be ${accepted}`,
);
export const unsupportedCoding = refusal(
  'ERR_UNSUPPORTED_CODING',
  415,
  (accepted: string) => `Content-Encoding must be ${accepted}`,
);
export const malformedCoding = refusal(
  'ERR_MALFORMED_CODING',
  400,
  (coding: string) => `The body is not in the content coding ${coding}`,
);
export const malformedText = refusal(
  'ERR_MALFORMED_TEXT',
  400,
  (charset: string) => `The body is not in the charset ${charset}`,
);
export const emptyBody = refusal('ERR_EMPTY_BODY', 400, () => 'The body is empty, which is no JSON');
export const malformedJson = refusal(
  'ERR_MALFORMED_JSON',
  400,
  (reason: string, line: number, column: number) =>
    `The body is no JSON: ${reason} in line ${line}, column ${column}`,
);
export const jsonNotContainer = refusal(
  'ERR_JSON_NOT_CONTAINER',
  400,
  () => 'The body must be an object or an array',
);
export const nestedTooDeep = refusal(
  'ERR_NESTED_TOO_DEEP',
  400,
  (limit: number) => `The body nests deeper than the limit of ${limit}`,
);
/** A name that would become, or reach, the prototype of whatever the body is copied into. */
export const forbiddenKey = refusal(
  'ERR_FORBIDDEN_KEY',
  400,
  (key: string) => `The key ${key} is not allowed`,
);
export const malformedForm = refusal(
  'ERR_MALFORMED_FORM',
  400,
  (parameter: number) => `The form has a malformed percent-encoding in parameter ${parameter}`,
);
export const tooManyParameters = refusal(
  'ERR_TOO_MANY_PARAMETERS',
  413,
  (limit: number) => `The form has more parameters than the limit of ${limit}`,
);
/** `verify` of a body middleware threw. */
export const bodyNotVerified = refusal('ERR_BODY_NOT_VERIFIED', 403, () => 'The body was not verified');
export const malformedMultipart = refusal(
  'ERR_MALFORMED_MULTIPART',
  400,
  (reason: string) => `The multipart body is malformed: ${reason}`,
);
export const multipartLimit = refusal(
  'ERR_MULTIPART_LIMIT',
  413,
  (name: string, limit: number) => `The multipart body is beyond the limit of ${limit} for ${name}`,
);

// The responses' rows stand below this line.

export const preconditionFailed = refusal(
  'ERR_PRECONDITION_FAILED',
  412,
  () => 'The resource is not in the state that the request makes its condition',
);
export const rangeNotSatisfiable = refusal(
  'ERR_RANGE_NOT_SATISFIABLE',
  416,
  (range: string, length: number) => `The range ${range} lies outside of ${length} bytes`,
);
export const notAcceptable = refusal(
  'ERR_NOT_ACCEPTABLE',
  406,
  (types: readonly string[]) => `Available as ${types.join(', ')}`,
);
export const fileNotFound = refusal('ERR_FILE_NOT_FOUND', 404, () => 'There is no such file');
export const fileForbidden = refusal('ERR_FILE_FORBIDDEN', 403, () => 'This file is not for reading');
export const invalidFilePath = refusal(
  'ERR_INVALID_FILE_PATH',
  400,
  (reason: string) => `The path of the file ${reason}`,
);
/** Content ended before the length that was told. No status: it is the server's fault, and mostly too late for one. */
export const contentCutShort = caller(
  'ERR_CONTENT_CUT_SHORT',
  Error,
  (sent: number, declared: number) => `The content ended after ${sent} of ${declared} bytes`,
);
export const fileChanged = caller(
  'ERR_FILE_CHANGED',
  Error,
  (path: string) => `The file became shorter while it was read: ${path}`,
);
export const streamTooSlow = caller(
  'ERR_EVENT_STREAM_TOO_SLOW',
  Error,
  (limit: number) => `More than ${limit} bytes of events wait for their reader`,
);

// The application's rows stand below this line.

export const malformedQuery = refusal(
  'ERR_MALFORMED_QUERY',
  400,
  (parameter: number) => `The query has a malformed percent-encoding in parameter ${parameter}`,
);
/** The target is longer than we care to interpret (RFC 9110 section 15.5.15): content has no such bounds, and 413 is of it. */
export const tooManyQueryParameters = refusal(
  'ERR_TOO_MANY_QUERY_PARAMETERS',
  414,
  (limit: number) => `The query has more parameters than the limit of ${limit}`,
);
export const validationFailed = refusal(
  'ERR_VALIDATION',
  400,
  (where: string) => `The request's ${where} ${where.endsWith('s') ? 'are' : 'is'} not what was expected`,
);

export const expressOnNodeHttp = caller(
  'ERR_EXPRESS_ON_NODE_HTTP',
  Error,
  () =>
    "The Express application stands on node:http, under a request of barewire's: start with --import barewire/register",
);
export const invalidRoutePath = caller(
  'ERR_INVALID_ROUTE_PATH',
  TypeError,
  (path: string, reason: string) => `Invalid route path "${path}": ${reason}`,
);
export const applicationClosing = caller(
  'ERR_APPLICATION_CLOSING',
  Error,
  () => 'The application is about to end: it can listen again when close() is fulfilled',
);
export const routeConflict = caller(
  'ERR_ROUTE_CONFLICT',
  Error,
  (method: string, path: string, place: string | undefined, other: string, otherPlace: string | undefined) =>
    `The route ${method} ${path}${at(place)} matches the same paths as ${method} ${other}${at(otherPlace)}`,
);
function at(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}
export const nextCalledTwice = caller(
  'ERR_NEXT_CALLED_TWICE',
  Error,
  () => 'next() was called twice by one middleware',
);
