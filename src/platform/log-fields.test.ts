import { writable } from './log-fields.ts';

test('an error is what it says and why; the row that it carries is left out', () => {
  const cause = Object.assign(new Error('duplicate key of ada@example.com'), {
    code: '23505',
    detail: 'Key (customer_email)=(ada@example.com) already exists.',
    where: 'ada@example.com',
  });
  const error = Object.assign(new Error('Query failed.', { cause }), {
    sql: 'insert …',
    values: ['ada@example.com'],
  });
  const { err } = writable({ err: error });
  expect(err).toEqual({
    name: 'Error',
    message: 'Query failed.',
    stack: expect.stringContaining('Query failed.'),
    cause: { name: 'Error', message: 'duplicate key of [e-mail]', code: '23505' },
  });
});

test('errors within one, and a circle of causes, come to an end', () => {
  const error = new AggregateError([new Error('one'), new Error('two')], 'all');
  error.cause = error;
  const { err } = writable({ err: error });
  expect(err).toMatchObject({ errors: [{ message: 'one' }, { message: 'two' }], cause: { message: 'all' } });
  expect(JSON.stringify(err).length).toBeLessThan(10_000);
});

test('what is secret by its name is not written, however deep', () => {
  const options = {
    headers: { Authorization: 'abc', accept: 'x' },
    password: 'p',
    sasl: { api_key: 'k', accessToken: 't' },
  };
  expect(writable({ options, db_password: 'p', keys: 3, passwords: 2 })).toEqual({
    options: {
      headers: { Authorization: '[redacted]', accept: 'x' },
      password: '[redacted]',
      sasl: { api_key: '[redacted]', accessToken: '[redacted]' },
    },
    db_password: '[redacted]',
    keys: 3,
    passwords: 2,
  });
});

test('values of any kind can be written', () => {
  const time = new Date(0);
  expect(
    writable({
      big: 7n,
      time,
      none: null,
      list: ['ada@example.com', 1],
      bytes: Buffer.from('secret'),
      on: true,
    }),
  ).toEqual({ big: '7', time, none: null, list: ['[e-mail]', 1], bytes: '6 bytes', on: true });
  expect(writable({ map: new Map() })).toEqual({ map: {} });
});

test('nothing that a terminal would obey reaches a file that somebody shows on one', () => {
  expect(writable({ text: 'a\u001b[2Jb\u009b1mc\u202ed\ne' })).toEqual({
    text: 'a\\u001b[2Jb\\u009b1mc\\u202ed\ne',
  });
});
