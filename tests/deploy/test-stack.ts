/** The api of the test stack; without one a test must not reach for the default addresses, which are those of `make up`. */
export function testApiUrl(): string {
  const url = process.env.API_URL;
  if (url === undefined)
    throw new Error('This test needs the test stack: add its file to `real` in jest.config.js.');
  return url;
}
