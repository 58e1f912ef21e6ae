import { redact } from './redaction.ts';

test.each([
  ['an e-mail address', 'no route to ada.l+x@example.com today', 'no route to [e-mail] today'],
  ['one of other letters', 'für jürgen@exämple.de', 'für [e-mail]'],
  ['one in quotes', 'Key (customer_email)=("ada@example.com")', 'Key (customer_email)=("[e-mail]")'],
  ['one in an address', 'GET /v1?mail=ada%40example.com', 'GET /v1?mail=[e-mail]'],
  [
    'the beginning of one',
    'Unexpected token \'a\', "ada@exa"... is not valid',
    'Unexpected token \'a\', "[e-mail]"... is not valid',
  ],
  [
    'the password in an address',
    'connect to postgres://tbd:p@ss/w@db:5432/tbd failed',
    'connect to postgres://[redacted]@db:5432/tbd failed',
  ],
  ['a password by its name', 'host=db password=hunter2 user=tbd', 'host=db password=[redacted] user=tbd'],
  ['one in JSON', '{"password": "hunter2"}', '{"password": "[redacted]"}'],
  ['one with blanks', '{"password": "correct horse"}', '{"password": "[redacted]"}'],
  ['one in JSON in JSON', String.raw`{\"password\":\"hunter2\"}`, String.raw`{\"password\":\"[redacted]\"}`],
  ['a token in a header', 'authorization: Bearer abcdef0123456789', 'authorization: [redacted] [redacted]'],
  ['a token by its looks', 'bad eyJhbGciOiJub25l.eyJzdWIiOiJhIn0.sig', 'bad [redacted]'],
  ['a card number', 'card 4111 1111 1111 1111 refused', 'card [card] refused'],
  ['one without blanks', '5555555555554444', '[card]'],
])('%s is not shown', (_, text, safe) => {
  expect(redact(text)).toBe(safe);
});

test.each([
  '019ab3d4-7c1e-7f00-8a11-0123456789ab',
  // Groups of digits that a card might have.
  '41111111-1111-4111-1111-111111111111',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'order.created',
  'connect ECONNREFUSED 127.0.0.1:5432',
  'offset 1732253108000 of order.created',
  'http://127.0.0.1:8085/subjects/order.created-value',
  '["https://issuer.example","client-7"]',
  '4111111111111112',
  '    at Object.<anonymous> (/srv/node_modules/@temporalio/worker/lib/worker.js:1:2)',
  '    at query (file:///srv/node_modules/@slonik/pg-driver/dist/factories/createPgDriverFactory.js:232:35)',
])('%s stays as it is', (text) => {
  expect(redact(text)).toBe(text);
});

test('a long text is cut before a password that would no longer look like one', () => {
  const safe = redact(`${'x '.repeat(4_080)}postgres://tbd:${'secret'.repeat(20)}@db/tbd`);
  expect(safe.length).toBeLessThan(8_200);
  expect(safe).not.toContain('secret');
});

test.each(['a', 'a.', 'eyJ-', '://', 'password ', '1234-', 'bearer a', '@', 'ü'])(
  'a megabyte of %j takes no time',
  (text) => {
    const started = performance.now();
    redact(text.repeat(1_000_000 / text.length));
    // Milliseconds each; a pass for every character would be minutes.
    expect(performance.now() - started).toBeLessThan(2_000);
  },
);

test('of a long text the beginning is shown, however plain it is', () => {
  for (const letter of ['a', 'é', '@']) expect(redact(letter.repeat(1_000_000)).length).toBeLessThan(10_000);
});
