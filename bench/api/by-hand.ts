/** The API without a framework: what somebody would write who knows every path of it. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Order } from './order.js';
import { OrderIssues, orderSchema } from './order-schema.js';
import { API_ROUTES, collectionAnswer, itemAnswer, orderAnswer } from './table.js';

const COLLECTIONS = new Set(API_ROUTES.map(({ collection }) => collection));
const ITEM_METHODS = new Set(['GET', 'PATCH', 'DELETE']);

/** Answers as every framework does. Nothing is decoded: no parameter of this API needs it. */
export const answerApi: RequestListener = (req, res) => {
  const [, first, account, collection, id] = (req.url as string).split('/');
  if (first !== 'accounts' || !COLLECTIONS.has(collection)) {
    sendJson(res, 404, { error: 'not found' });
  } else if (id !== undefined && ITEM_METHODS.has(req.method as string)) {
    sendJson(res, 200, itemAnswer(collection, account, id));
  } else if (req.method === 'GET') {
    sendJson(res, 200, collectionAnswer(collection, account));
  } else if (req.method === 'POST') {
    onOrder(req, (order) => {
      if (order === null) sendJson(res, 400, { error: 'not an order' });
      else sendJson(res, 200, orderAnswer(collection, account, order));
    });
  } else {
    sendJson(res, 405, { error: 'not allowed' });
  }
};

function onOrder(req: IncomingMessage, done: (order: Order | null) => void): void {
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    done(orderOf(bytes.toString()));
  });
}

function orderOf(text: string): Order | null {
  try {
    const order = orderSchema(JSON.parse(text));
    return order instanceof OrderIssues ? null : order;
  } catch {
    return null;
  }
}

function sendJson(res: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
