/** The second of each is what the systems had that this one takes the place of. */
export const operationsAddresses = {
  healthz: ['/healthz', '/health'],
  readyz: ['/readyz', '/ready'],
  metrics: ['/metrics', '/api/v1/metrics'],
};

const operations = new Set(Object.values(operationsAddresses).flat());

/** True for what machines ask all day: it gets no line, no place in the metrics and no span. */
export function isOperations(path: string): boolean {
  return operations.has(path);
}
