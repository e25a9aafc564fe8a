/** Keys under which the framework keeps what is nobody else's business. */
export const kMount = Symbol('barewire.mount');
export const kQuery = Symbol('barewire.query');
export const kParams = Symbol('barewire.params');
/** The route's parameters, while something mounted under parameters of its own sees more. */
export const kRouteParams = Symbol('barewire.routeParams');
export const kLocals = Symbol('barewire.locals');
export const kOwner = Symbol('barewire.owner');
export const kCookies = Symbol('barewire.cookies');
export const kForwarding = Symbol('barewire.forwarding');
export const kSubdomainOffset = Symbol('barewire.subdomainOffset');
