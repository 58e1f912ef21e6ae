/** Whatever this machine offers: a stack of one's own has its own parts. */
export const nothingGiven = {
  DATABASE_URL: '',
  DB_HOST: '',
  KAFKA_BROKERS: '',
  TEMPORAL_ADDRESS: '',
  REDIS_ADDR: '',
  PAYMENT_URL: '',
  PROMETHEUS_URL: '',
};
