/** What no log may hold: credentials in header fields and in URLs. */

/** Stands where a value was. */
export const REDACTED = '[redacted]';

/** Header fields whose values are credentials, or as good as such, and whose names do not say so. */
const SECRET_FIELDS = [
  'authorization',
  'proxy-authorization',
  'authentication-info',
  'proxy-authentication-info',
  'cookie',
  'set-cookie',
];

/** Names that say it, of header fields and of parameters: reset links, OAuth, signed URLs, sessions. */
const SECRET_NAME =
  /token|secret|passw|passphrase|api[-_]?key|(?:access|private|auth|subscription|functions?)[-_]?key|signature|credential|assertion|session[-_]?id|[-_]auth$|^(?:auth|code|jwt|key|otp|pass|pin|pwd|sid|sig|session|state)$/i;

/** Header fields that hold a URL. */
const URL_FIELDS = new Set([
  'referer',
  'referrer',
  'location',
  'content-location',
  'refresh',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-forwarded-uri',
]);

/** What stands between the parameters of a query, of a path (`;jsessionid=...`), of a fragment. */
const MARKS = /([?&;#])/;

/** The userinfo of an authority. */
const USERINFO = /^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i;

/** Knows which names are secret: those above, and more that the application names, less those that it reveals. */
export class Redaction {
  private readonly secret: ReadonlySet<string>;
  private readonly revealed: ReadonlySet<string>;

  constructor(secret: readonly string[] = [], revealed: readonly string[] = []) {
    this.secret = new Set([...SECRET_FIELDS, ...secret.map(lowerCase)]);
    this.revealed = new Set(revealed.map(lowerCase));
  }

  /** The header fields, secret ones without their values. */
  headers(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const shown: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(headers)) shown[name] = this.field(name.toLowerCase(), headers[name]);
    return shown;
  }

  private field(name: string, value: unknown): unknown {
    if (this.isSecret(name)) return REDACTED;
    if (!URL_FIELDS.has(name)) return value;
    return Array.isArray(value) ? value.map((one) => this.url(String(one))) : this.url(String(value));
  }

  /** A URL or request-target, without the userinfo of its authority and the values of secret parameters. */
  url(target: string): string {
    const url = target.includes('@') ? target.replace(USERINFO, `$1${REDACTED}@`) : target;
    return this.parameters(url, true);
  }

  /** @param looksInside Values may be URLs with parameters of their own; theirs are not looked into any more. */
  private parameters(url: string, looksInside: boolean): string {
    if (!url.includes('=')) return url;
    let shown = '';
    let isInSecret = false;
    let isInPath = true;
    // In turn: a parameter, the mark behind it.
    for (const piece of url.split(MARKS)) {
      // A question mark begins the query; behind that it may be part of a value, or begin another query within.
      const isBegin: boolean = piece === '?' && isInPath;
      isInPath &&= !isBegin;
      if (isInSecret && !isBegin && piece !== '&' && piece !== ';' && piece !== '#') continue;
      isInSecret = false;
      const equals = piece.indexOf('=');
      const name = decoded(piece.slice(0, equals)).toLowerCase();
      if (equals > 0 && (this.isSecret(name) || (looksInside && this.holdsSecret(piece.slice(equals + 1))))) {
        shown += `${piece.slice(0, equals)}=${REDACTED}`;
        isInSecret = true;
      } else {
        shown += piece;
      }
    }
    return shown;
  }

  private isSecret(name: string): boolean {
    return (this.secret.has(name) || SECRET_NAME.test(name)) && !this.revealed.has(name);
  }

  /** Is the value a URL with a secret in it, such as where a login leads on to? */
  private holdsSecret(value: string): boolean {
    if (!value.includes('%')) return false;
    const inner = decoded(value);
    return this.parameters(inner, false) !== inner;
  }
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}

/** A name is recognized however it is escaped. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
