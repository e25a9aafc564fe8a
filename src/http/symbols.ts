/** Keys under which the classes of this floor keep what is nobody else's business. */
export const kConnection = Symbol('barewire.connection');
export const kReadableState = Symbol('barewire.readableState');
export const kHeaders = Symbol('barewire.headers');
export const kHeadersDistinct = Symbol('barewire.headersDistinct');
export const kTrailers = Symbol('barewire.trailers');
export const kTrailersDistinct = Symbol('barewire.trailersDistinct');
export const kSink = Symbol('barewire.sink');
export const kIsSpent = Symbol('barewire.isSpent');
export const kSignal = Symbol('barewire.signal');
export const kScope = Symbol('barewire.scope');
export const kStore = Symbol('barewire.store');
export const kErrored = Symbol('barewire.errored');
export const kNeedDrain = Symbol('barewire.needDrain');
export const kCorked = Symbol('barewire.corked');
export const kCorkedChunks = Symbol('barewire.corkedChunks');
export const kBytesWritten = Symbol('barewire.bytesWritten');
export const kEmitParent = Symbol('barewire.emitParent');
export const kUnheardError = Symbol('barewire.unheardError');
export const kUniqueHeaders = Symbol('barewire.uniqueHeaders');
export const kHighWaterMark = Symbol('barewire.highWaterMark');
export const kRejectBodyWrites = Symbol('barewire.rejectNonStandardBodyWrites');
export const kServer = Symbol('barewire.server');
export const kPath = Symbol('barewire.path');
export const kAgent = Symbol('barewire.agent');
export const kParsing = Symbol('barewire.parsing');
export const kProxy = Symbol('barewire.proxy');
export const kTunnel = Symbol('barewire.tunnel');
export const kAuthority = Symbol('barewire.authority');
export const kBegunEntry = Symbol('barewire.begunEntry');
export const kRetry = Symbol('barewire.retry');
export const kNameOfRequest = Symbol('barewire.nameOfRequest');
/** On node:http's exports once they are ours, whichever copy of ours they are: what they were. */
export const kRegistered = Symbol.for('barewire.register');
/** Named as in node:https: it can be seen in the options of sockets. */
export const kIdentityCheck = Symbol('per-request checkServerIdentity');
export const kRequestOptions = Symbol('barewire.requestOptions');
export const kIsMade = Symbol('barewire.isMade');
