/** A run of it fails at its first task, again and again. */
export async function processOrder(): Promise<void> {
  throw new TypeError('a bug in a workflow');
}
