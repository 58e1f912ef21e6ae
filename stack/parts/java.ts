import { join } from 'node:path';
import type { Settings } from '../settings.ts';
import { answerOf, majorIn } from './source.ts';

const OLDEST = 17; // Kafka 4 needs it

export function java({ env }: Settings): string {
  return env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
}

export function lacksJava(settings: Settings): string | undefined {
  const version = answerOf([java(settings), '-version'], settings)?.match(/version "(\d+)/)?.[1];
  if (version === undefined) return `no java (Java ${OLDEST} or newer)`;
  return majorIn(version) < OLDEST ? `java is version ${version}, Kafka needs ${OLDEST} or newer` : undefined;
}
