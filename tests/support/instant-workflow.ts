/** Stands in for the real one where only the way to it is looked at. */
export async function processOrder(): Promise<string> {
  return 'done';
}
