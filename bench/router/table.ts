/** The routes of an API of some size, and requests to it. */

export type RouteEntry = readonly [method: string, path: string];

/** An API like those of code hosts: deep paths, few static routes, many with the same beginning. */
export const ROUTES: readonly RouteEntry[] = [
  ...resource('/gists', 'gist'),
  ...resource('/gists/:gist/comments', 'comment'),
  ...resource('/repos/:owner/:repo/issues', 'issue'),
  ...resource('/repos/:owner/:repo/issues/:issue/comments', 'comment'),
  ...resource('/repos/:owner/:repo/pulls', 'pull'),
  ...resource('/repos/:owner/:repo/pulls/:pull/reviews', 'review'),
  ...resource('/repos/:owner/:repo/labels', 'label'),
  ...resource('/repos/:owner/:repo/milestones', 'milestone'),
  ...resource('/repos/:owner/:repo/releases', 'release'),
  ...resource('/repos/:owner/:repo/hooks', 'hook'),
  ...resource('/repos/:owner/:repo/keys', 'key'),
  ...resource('/orgs/:org/teams', 'team'),
  ...resource('/orgs/:org/hooks', 'hook'),
  ...resource('/user/keys', 'key'),
  ['GET', '/'],
  ['GET', '/emojis'],
  ['GET', '/events'],
  ['GET', '/feeds'],
  ['GET', '/gitignore/templates'],
  ['GET', '/gitignore/templates/:template'],
  ['GET', '/issues'],
  ['GET', '/meta'],
  ['GET', '/networks/:owner/:repo/events'],
  ['GET', '/notifications'],
  ['PUT', '/notifications'],
  ['GET', '/notifications/threads/:thread'],
  ['PUT', '/notifications/threads/:thread/subscription'],
  ['GET', '/orgs/:org'],
  ['PATCH', '/orgs/:org'],
  ['GET', '/orgs/:org/events'],
  ['GET', '/orgs/:org/issues'],
  ['GET', '/orgs/:org/members'],
  ['GET', '/orgs/:org/members/:user'],
  ['DELETE', '/orgs/:org/members/:user'],
  ['GET', '/orgs/:org/repos'],
  ['POST', '/orgs/:org/repos'],
  ['GET', '/rate_limit'],
  ['GET', '/repos/:owner/:repo'],
  ['PATCH', '/repos/:owner/:repo'],
  ['DELETE', '/repos/:owner/:repo'],
  ['GET', '/repos/:owner/:repo/branches'],
  ['GET', '/repos/:owner/:repo/branches/:branch'],
  ['GET', '/repos/:owner/:repo/collaborators'],
  ['PUT', '/repos/:owner/:repo/collaborators/:user'],
  ['GET', '/repos/:owner/:repo/commits'],
  ['GET', '/repos/:owner/:repo/commits/:sha'],
  ['GET', '/repos/:owner/:repo/commits/:sha/statuses'],
  ['GET', '/repos/:owner/:repo/contents/*'],
  ['PUT', '/repos/:owner/:repo/contents/*'],
  ['GET', '/repos/:owner/:repo/contributors'],
  ['GET', '/repos/:owner/:repo/forks'],
  ['POST', '/repos/:owner/:repo/forks'],
  ['POST', '/repos/:owner/:repo/git/blobs'],
  ['GET', '/repos/:owner/:repo/git/blobs/:sha'],
  ['GET', '/repos/:owner/:repo/git/trees/:sha'],
  ['GET', '/repos/:owner/:repo/languages'],
  ['POST', '/repos/:owner/:repo/merges'],
  ['PUT', '/repos/:owner/:repo/pulls/:pull/merge'],
  ['GET', '/repos/:owner/:repo/readme'],
  ['GET', '/repos/:owner/:repo/stargazers'],
  ['GET', '/repos/:owner/:repo/tags'],
  ['GET', '/search/code'],
  ['GET', '/search/issues'],
  ['GET', '/search/repositories'],
  ['GET', '/search/users'],
  ['GET', '/teams/:team/repos/:owner/:repo'],
  ['GET', '/user'],
  ['PATCH', '/user'],
  ['GET', '/user/emails'],
  ['GET', '/user/followers'],
  ['GET', '/user/repos'],
  ['GET', '/user/starred/:owner/:repo'],
  ['PUT', '/user/starred/:owner/:repo'],
  ['GET', '/users'],
  ['GET', '/users/:user'],
  ['GET', '/users/:user/events/public'],
  ['GET', '/users/:user/followers'],
  ['GET', '/users/:user/following/:target'],
  ['GET', '/users/:user/repos'],
];

export interface Request {
  readonly method: string;
  readonly path: string;
  /** The path of its route, `null` if it has none. */
  readonly route: string | null;
}

export interface Mix {
  readonly name: string;
  readonly requests: readonly Request[];
}

/** One of each kind, and all of them in turn as a server may see them. */
export const MIXES: readonly Mix[] = withAll([
  {
    name: 'static',
    requests: [
      request('GET', '/user', '/user'),
      request('GET', '/search/repositories', '/search/repositories'),
      request('POST', '/gists', '/gists'),
      request('GET', '/notifications', '/notifications'),
    ],
  },
  {
    name: 'params',
    requests: [
      request('GET', '/users/octocat', '/users/:user'),
      request('GET', '/repos/nodejs/node', '/repos/:owner/:repo'),
      request('GET', '/repos/nodejs/node/issues/60617', '/repos/:owner/:repo/issues/:issue'),
      request(
        'PATCH',
        '/repos/nodejs/node/issues/60617/comments/3141592653',
        '/repos/:owner/:repo/issues/:issue/comments/:comment',
      ),
      request('PUT', '/user/starred/expressjs/express', '/user/starred/:owner/:repo'),
      request('DELETE', '/orgs/w3c/members/timbl', '/orgs/:org/members/:user'),
      request('GET', '/repos/nodejs/node/git/trees/1f0e3dad99908345f7', '/repos/:owner/:repo/git/trees/:sha'),
    ],
  },
  {
    name: 'wildcard',
    requests: [
      request('GET', '/repos/nodejs/node/contents/lib/internal/url.js', '/repos/:owner/:repo/contents/*'),
      request('PUT', '/repos/nodejs/node/contents/README.md', '/repos/:owner/:repo/contents/*'),
    ],
  },
  {
    name: 'missing',
    requests: [
      request('GET', '/favicon.ico', null),
      request('GET', '/repos/nodejs/node/issues/60617/nothing', null),
      request('POST', '/users/octocat', null),
    ],
  },
]);

function withAll(mixes: readonly Mix[]): Mix[] {
  return [...mixes, { name: 'all', requests: mixes.flatMap(({ requests }) => requests) }];
}

function resource(path: string, name: string): RouteEntry[] {
  const one = `${path}/:${name}`;
  return [
    ['GET', path],
    ['POST', path],
    ['GET', one],
    ['PATCH', one],
    ['DELETE', one],
  ];
}

function request(method: string, path: string, route: string | null): Request {
  return { method, path, route };
}
