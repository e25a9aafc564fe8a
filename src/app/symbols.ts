/** Keys under which the framework keeps what is nobody else's business. */
export const kMount = Symbol('barewire.mount');
/** In another framework's mount: the request-target that is left for the application, and the path of that mount. */
export const kTarget = Symbol('barewire.target');
export const kOuterBase = Symbol('barewire.outerBase');
export const kQuery = Symbol('barewire.query');
export const kParams = Symbol('barewire.params');
/** The route's parameters, while something mounted under parameters of its own sees more. */
export const kRouteParams = Symbol('barewire.routeParams');
export const kLocals = Symbol('barewire.locals');
export const kOwner = Symbol('barewire.owner');
export const kCookies = Symbol('barewire.cookies');
export const kId = Symbol('barewire.id');
export const kLog = Symbol('barewire.log');
export const kRecord = Symbol('barewire.record');
export const kRequestIds = Symbol('barewire.requestIds');
export const kLogging = Symbol('barewire.logging');
export const kForwarding = Symbol('barewire.forwarding');
export const kRespondOptions = Symbol('barewire.respondOptions');
export const kHasFailed = Symbol('barewire.hasFailed');
export const kIsAnswering = Symbol('barewire.isAnswering');
export const kSubdomainOffset = Symbol('barewire.subdomainOffset');
