import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParamsOf } from '#src/app/router.js';

/** `true` only if the two types are the same, optional properties and all. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** No parameters. */
type None = { [Name in never]: string };

// The compiler is the judge: a line that is not `true` does not compile.
const equal: true[] = [
  same<ParamsOf<'/'>, None>(),
  same<ParamsOf<''>, None>(),
  same<ParamsOf<'/users/all'>, None>(),
  same<ParamsOf<'/users/:id'>, { id: string }>(),
  same<ParamsOf<'/users/:id/'>, { id: string }>(),
  same<ParamsOf<'/users/:id/books/:book?'>, { id: string; book?: string }>(),
  same<ParamsOf<'/:from-:to'>, { from: string; to: string }>(),
  same<ParamsOf<'/:name.:ext'>, { name: string; ext: string }>(),
  same<ParamsOf<'/@:user'>, { user: string }>(),
  same<ParamsOf<'/:file{.:ext}'>, { file: string; ext?: string }>(),
  same<ParamsOf<'/list{/:page{/:size}}/:last'>, { page?: string; size?: string; last: string }>(),
  same<ParamsOf<'/files/*path'>, { path: string }>(),
  same<ParamsOf<'/files{/*path}'>, { path?: string }>(),
  same<ParamsOf<'/files/*path?'>, { path?: string }>(),
  same<ParamsOf<'/files/*'>, { '*': string }>(),
  same<ParamsOf<'*'>, { '*': string }>(),
  same<ParamsOf<'/:"user-id"/:"a b"?'>, { 'user-id': string; 'a b'?: string }>(),
  same<ParamsOf<'/\\:no/:yes'>, { yes: string }>(),
  same<ParamsOf<'/\\{:yes'>, { yes: string }>(),
  same<ParamsOf<'/:straße/:名前'>, { straße: string; 名前: string }>(),
  same<ParamsOf<'/:__proto__/:constructor'>, { __proto__: string; constructor: string }>(),
  same<ParamsOf<string>, Record<string, string>>(),
  same<ParamsOf<'/a/:x' | '/b/:y'>, { x: string } | { y: string }>(),
];

function same<A, B>(..._verdict: Equal<A, B> extends true ? [] : [never]): true {
  return true;
}

test('the parameters of a path literal have names and types', () => {
  assert.ok(equal.every((verdict) => verdict));
  const params: ParamsOf<'/users/:id/books/:book?'> = { id: '1' };
  assert.equal(params.book?.length, undefined);
  // @ts-expect-error: no such parameter
  assert.equal(params.isbn, undefined);
});

test('a path that is a literal in parts has the parameters of these, and perhaps more', () => {
  const read = (params: ParamsOf<`/users/:id/${string}`>) => [params.id, params.anything];
  assert.deepEqual(read({ id: '1', anything: 'x' }), ['1', 'x']);
});

test('a long path is no trouble to the compiler', () => {
  type Long =
    '/repositories/:repository_name/issues/:issue_number/comments/:comment_number/reactions/:reaction/authors/:author_name/followers/:follower/organizations/:organization/teams/:team/members/:member';
  const last: keyof ParamsOf<Long> = 'member';
  assert.equal(last, 'member');
});
