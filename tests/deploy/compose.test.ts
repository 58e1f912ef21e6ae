import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeWith, needsTool } from '../support/tools.ts';
import { composeFile, readServices, roleServices, root } from './compose.ts';
import { composeGo } from './tools.ts';

const services = readServices();
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describeWith('the compose file, by the loader of docker compose', await needsTool(composeGo), (loader) => {
  // An environment without settings: those of whoever runs the tests must not change the outcome.
  const render = () => execFileSync(loader, ['--format', 'json', composeFile], { encoding: 'utf8', env: {} });

  test('it is valid', () => {
    expect(render).not.toThrow();
  });

  test('it gives every service the environment that these tests start roles with', () => {
    const rendered: { services: Record<string, { environment?: Record<string, string> }> } = JSON.parse(
      render(),
    );
    for (const [name, { environment }] of Object.entries(services)) {
      expect(rendered.services[name]?.environment ?? {}).toEqual(environment);
    }
  });
});

test('every address of the README is published, on the loopback of this machine alone', () => {
  const published = Object.entries(services).flatMap(([name, { ports }]) =>
    ports.map((port) => `${name} ${port}`),
  );
  expect(published.toSorted()).toEqual([
    'grafana 127.0.0.1:3000:3000',
    'jaeger 127.0.0.1:16686:16686',
    'kafka 127.0.0.1:9092:19092',
    'kafka-ui 127.0.0.1:8082:8080',
    'nginx 127.0.0.1:8080:8080',
    'otel-collector 127.0.0.1:4317:4317',
    'payment 127.0.0.1:8081:8081',
    'pgadmin 127.0.0.1:5050:80',
    'postgres 127.0.0.1:5432:5432',
    'prometheus 127.0.0.1:9090:9090',
    'redis 127.0.0.1:6379:6379',
    'registry 127.0.0.1:8085:8080',
    'temporal 127.0.0.1:7233:7233',
    'temporal-ui 127.0.0.1:8233:8080',
  ]);
});

test('the roles of the default stack run, and those that scale publish no port and own no volume', () => {
  const commands = Object.fromEntries(roleServices().map(([name, { command }]) => [name, command]));
  expect(commands).toEqual({
    api: ['api'],
    relay: ['relay', 'keeper', 'notifier'],
    worker: ['bridge', 'worker'],
    payment: ['payment'],
  });
  for (const name of ['api', 'relay', 'worker']) {
    expect(services[name]).toMatchObject({ ports: [], volumes: [] });
  }
});

test('a role has more time to stop than it takes to drain', () => {
  for (const [, { stop_grace_period }] of roleServices()) expect(stop_grace_period).toBe('35s');
});

test('every step that ends is awaited, so that `up --wait` does not take its end for a failure', () => {
  const awaited = Object.values(services).flatMap(({ depends_on }) =>
    Object.entries(depends_on).flatMap(([name, on]) =>
      on.condition === 'service_completed_successfully' ? [name] : [],
    ),
  );
  const steps = Object.keys(services).filter((name) => services[name]?.restart?.startsWith('on-failure'));
  expect(steps).toHaveLength(4);
  for (const step of steps) expect(awaited).toContain(step);
});

test('every image has a version', () => {
  for (const { image } of Object.values(services)) expect(image).toMatch(/:(local$|v?\d+\.\d+)/);
});

test('every host in the environment of a role is a service of the file', () => {
  for (const [, { environment }] of roleServices()) {
    const addresses = Object.values(environment).flatMap((value) => value.match(/[a-z-]+(?=:\d+$)/) ?? []);
    for (const host of [environment.DB_HOST ?? '', ...addresses])
      expect(Object.keys(services)).toContain(host);
  }
});

test('nginx, Prometheus and the health check of the image look where the roles listen', () => {
  const { api, payment } = services;
  expect(read('deploy/nginx/nginx.conf')).toContain(`server api:${api?.environment.API_PORT} resolve`);
  expect(payment?.ports).toEqual([`127.0.0.1:8081:${payment?.environment.PAYMENT_PORT}`]);
  const [{ dns_sd_configs }] = parse(read('deploy/prometheus/prometheus.yml')).scrape_configs;
  expect(dns_sd_configs[0].names).toEqual(roleServices().map(([name]) => name));
  for (const [, { environment }] of roleServices()) {
    expect(environment.METRICS_PORT).toBe(String(dns_sd_configs[0].port));
  }
  expect(read('Dockerfile')).toContain('process.env.METRICS_PORT ?? 9464}/readyz');
});

test('every file that a container mounts is in the repository', () => {
  const mounts = Object.values(services).flatMap(({ volumes }) =>
    volumes.filter((volume) => volume.startsWith('./')),
  );
  for (const mount of mounts) expect(existsSync(join(root, mount.split(':')[0] ?? ''))).toBe(true);
});

test('everything the Dockerfile copies exists and is let through by .dockerignore', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  expect(copied).toContain('src');
  for (const path of copied) {
    expect(existsSync(join(root, path))).toBe(true);
    expect(read('.dockerignore').split('\n')).toContain(`!${path}`);
  }
});
