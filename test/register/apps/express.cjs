// Express with what people put in front of their routes.
const path = require('node:path');
const { Readable } = require('node:stream');
const compression = require('compression');
const cookieParser = require('cookie-parser');
const cors = require('cors');
const express = require('express');
const session = require('express-session');
const helmet = require('helmet');
const morgan = require('morgan');
const multer = require('multer');
const passport = require('passport');
const serveStatic = require('serve-static');

const log = [];
const sleeping = [];
let sessions = 0;

class TokenStrategy extends passport.Strategy {
  name = 'token';

  authenticate(req) {
    const [scheme, token] = (req.headers.authorization ?? '').split(' ');
    if (scheme === 'Bearer' && token === 'letmein') this.success({ id: 7, name: 'Ada' });
    else this.fail('Bearer realm="shop"', 401);
  }
}
passport.use(new TokenStrategy());
passport.serializeUser((user, done) => done(null, JSON.stringify(user)));
passport.deserializeUser((text, done) => done(null, JSON.parse(text)));

const app = express();
app.set('trust proxy', 'loopback');
app.use(
  morgan(':remote-addr :method :url HTTP/:http-version :status :res[content-length] :referrer', {
    stream: { write: (line) => log.push(line.trim()) },
  }),
);
app.use(helmet());
app.use(cors({ origin: ['https://shop.example'], credentials: true, maxAge: 600 }));
app.use(compression({ threshold: 512 }));
app.use(cookieParser('a secret'));
app.use(
  session({
    secret: 'another secret',
    resave: false,
    saveUninitialized: false,
    genid: () => `session-${++sessions}`,
  }),
);
app.use(passport.initialize());
app.use(passport.session());
app.use(express.json({ limit: '10kb' }));
app.use(express.urlencoded({ extended: true }));
app.use(express.text());
app.use('/files', serveStatic(path.join(__dirname, 'public'), { maxAge: '1h' }));

app.get('/', (req, res) => res.send('<p>Hello'));
app.get('/json', (req, res) => res.json({ hello: 'world', query: req.query }));
app.get('/long', (req, res) => res.json(Array.from({ length: 200 }, (_, i) => ({ i, square: i * i }))));
app.get('/users/:id', (req, res) =>
  res.json({ id: req.params.id, ip: req.ip, host: req.hostname, xhr: req.xhr }),
);
app.post('/echo', (req, res) => res.status(201).json({ type: req.get('content-type'), body: req.body }));
app.put('/raw', (req, res, next) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () =>
    res.type('text').send(`${Buffer.concat(chunks).length} bytes, ${req.headers.trailer ?? 'no'} trailer`),
  );
  req.on('error', next);
});
app.post('/upload', multer({ limits: { fileSize: 2000 } }).array('photos', 3), (req, res) => {
  const files = req.files.map(({ fieldname, originalname, mimetype, size, buffer }) => ({
    fieldname,
    originalname,
    mimetype,
    size,
    start: buffer.toString('latin1', 0, 10),
  }));
  res.json({ fields: req.body, files });
});
app.get('/count', (req, res) => {
  req.session.views = (req.session.views ?? 0) + 1;
  res.cookie('plain', 'a b', { path: '/', httpOnly: true });
  res.cookie('signed', '1', { signed: true });
  res.json({ views: req.session.views, cookies: req.cookies, signed: req.signedCookies });
});
app.get('/private', passport.authenticate('token'), (req, res) => res.json({ user: req.user }));
app.get('/whoami', (req, res) => res.json({ user: req.user ?? null, authenticated: req.isAuthenticated() }));
app.get('/throw', () => {
  throw new Error('thrown on purpose');
});
app.get('/reject', async () => {
  throw Object.assign(new Error('rejected on purpose'), { status: 418 });
});
app.get('/late', (req, res) => {
  res.write('a beginning');
  setImmediate(() => res.destroy());
});
app.get('/redirect', (req, res) => res.redirect(303, '/json?from=redirect'));
app.get('/download', (req, res) => res.download(path.join(__dirname, 'public', 'fox.txt'), 'Füchse.txt'));
app.get('/format', (req, res) =>
  res.format({
    text: () => res.send('text'),
    html: () => res.send('<p>html'),
    json: () => res.send({ is: 'json' }),
  }),
);
app.get('/empty', (req, res) => res.status(204).end());
app.get('/unmodified', (req, res) => res.set('ETag', '"one"').send('the same'));
app.get('/pieces', (req, res) => {
  res.type('text/plain');
  for (const piece of ['one ', 'two ', 'three']) res.write(piece);
  res.end();
});
app.get('/pipe', (req, res) => {
  res.type('text/plain');
  Readable.from(['a'.repeat(1000), 'b'.repeat(100_000), 'c']).pipe(res);
});
app.get('/events', (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-transform' });
  res.write('data: one\n\n');
  res.flush();
  setImmediate(() => res.end('data: two\n\n'));
});
app.get('/sleep', (req, res) => {
  const events = [];
  for (const [name, emitter] of Object.entries({ req, res })) {
    for (const event of ['aborted', 'error', 'finish', 'close']) {
      emitter.on(event, (error) =>
        events.push(error ? `${name} ${event} ${error.code}` : `${name} ${event}`),
      );
    }
  }
  sleeping.push({ events, closed: new Promise((resolve) => res.once('close', () => setImmediate(resolve))) });
  if (req.query.speak !== undefined) res.write('zzz');
  app.emit('sleeping');
});
app.get('/slept', async (req, res) => {
  if (sleeping.length === 0) await new Promise((resolve) => app.once('sleeping', resolve));
  const { events, closed } = sleeping.shift();
  await closed;
  res.json(events);
});
app.all('/headers', (req, res) =>
  res.json({ headers: req.headers, raw: req.rawHeaders, method: req.method }),
);

const shop = express.Router({ mergeParams: true });
shop.use((req, res, next) => {
  res.append('Link', ['<http://a.example>', '<http://b.example>']).vary('Accept-Language');
  next();
});
shop
  .route('/items/:item')
  .get((req, res) => res.json({ ...req.params, url: req.originalUrl, base: req.baseUrl }));
app.use('/shops/:shop', shop);
app.get('/log', (req, res) => res.json(log));

app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  res.status(error.status ?? 500).json({ error: error.message, code: error.code });
});

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('SIGTERM', () => server.close());
