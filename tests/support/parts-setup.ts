import { eventually } from './eventually.ts';
import { startTestParts } from './global-setup.ts';
import { testKafka } from './kafka.ts';

/** Without roles nobody has asked for a group yet, and a new broker refuses the first who does. */
async function startParts(run: Parameters<typeof startTestParts>[0]): Promise<void> {
  await startTestParts(run);
  const admin = testKafka().admin();
  await admin.connect();
  await eventually(() => admin.fetchOffsets({ groupId: 'the-first' }), 30_000);
  await admin.disconnect();
}

// jest takes the default export.
export default startParts;
