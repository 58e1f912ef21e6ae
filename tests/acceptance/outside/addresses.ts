type Environment = Readonly<Record<string, string | undefined>>;

/** Where the running system is found; everything else about it is asked of it. */
export interface Addresses {
  readonly api: string;
  readonly payment: string;
  /** Postgres' own figures only: the orders are asked of the API. */
  readonly database: string;
  readonly kafka: readonly string[];
  readonly temporal: string;
  readonly temporalUi: string;
  readonly temporalCli: string | undefined;
  /** With OBSERVABILITY=1 only. */
  readonly prometheus: string | undefined;
  /** The stack's home: processes are paused and killed by name there. */
  readonly home: string;
}

export function readAddresses(env: Environment): Addresses {
  const needed = (name: string): string => {
    const value = env[name];
    if (value) return value;
    throw new Error(
      `${name} is not set: these tests drive a running stack, so run them as \`make test\` does, with its globalSetup.`,
    );
  };
  return {
    api: needed('API_URL'),
    payment: needed('PAYMENT_URL'),
    database: needed('DATABASE_URL'),
    kafka: needed('KAFKA_BROKERS').split(','),
    temporal: needed('TEMPORAL_ADDRESS'),
    temporalUi: needed('TEMPORAL_UI_URL'),
    temporalCli: env.TEMPORAL_CLI || undefined,
    prometheus: env.PROMETHEUS_URL || undefined,
    home: needed('TBD_HOME'),
  };
}
