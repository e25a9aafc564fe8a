/**
 * Express's settings, for middleware that asks the application for them by their names. Here they are options of
 * `createApp`: whom to believe and how paths are compared is known when there is an application, and nobody changes it
 * behind its back.
 */
import { process } from '../http/process.js';
import type { ApplicationOptions } from './application.js';
import { type Forwarding, forwardingOf } from './forwarded.js';

/** What a setting of Express's is here; undefined for one that has nothing to say here, and for any other name. */
export function settingOf(name: string, options: ApplicationOptions, isDevelopment: boolean): unknown {
  switch (name) {
    case 'env':
      return process.env.NODE_ENV || (isDevelopment ? 'development' : 'production');
    case 'trust proxy':
      return options.trustProxy ?? false;
    case 'trust proxy fn':
      return forwardingOf(options.trustProxy, options.forwardedFields)?.trusts ?? trustsNobody;
    case 'case sensitive routing':
      return options.caseSensitive === true;
    case 'strict routing':
      return options.strict === true;
    case 'subdomain offset':
      return options.subdomainOffset ?? 2;
    case 'etag':
      return options.etag ?? false;
    case 'query parser':
      return 'simple';
    case 'x-powered-by':
      return false;
    default:
      return undefined;
  }
}

const trustsNobody: Forwarding['trusts'] = () => false;
