import { call, startService, temporaryLedger } from '../src/payment/service.fixture.ts';
import { setFaults } from './faults.ts';
import { readSettings } from './settings.ts';

const place = temporaryLedger();
afterAll(() => place[Symbol.dispose]());

const settingsOf = (url: string) => readSettings({ TBD_HOME: '/nowhere', PAYMENT_PORT: new URL(url).port });

test.each([
  ['delay', { delay_ms: 300, error_pct: 0 }],
  ['errors', { delay_ms: 0, error_pct: 30 }],
  ['combined', { delay_ms: 300, error_pct: 30 }],
  ['clear', { delay_ms: 0, error_pct: 0 }],
])('faults %s replaces what was in force', async (preset, faults) => {
  await using service = await startService(place.file, { FAULTS_ENABLED: true, RATE_LIMIT_PCT: 10 });
  await setFaults(settingsOf(service.url), preset);
  expect((await call(`${service.url}/v1/faults`)).body).toMatchObject({ ...faults, rate_limit_pct: 0 });
});

test('what hinders it is told, with what to do about it', async () => {
  await using service = await startService(place.file);
  const settings = settingsOf(service.url);
  await expect(setFaults(settings, 'clear')).rejects.toThrow('make up FAULTS_ENABLED=true');
  await expect(setFaults(settings, 'chaos')).rejects.toThrow('delay, errors, combined, clear');
  await service[Symbol.asyncDispose]();
  await expect(setFaults(settings, 'clear')).rejects.toThrow('`make up` starts it');
});
