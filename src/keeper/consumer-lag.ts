import type { Admin, KafkaClient } from '../platform/kafka.ts';

/** What a group reads. */
export interface ConsumerGroup {
  readonly group: string;
  readonly topics: readonly string[];
}

interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Not committed by the group; before its first commit all that are there, since that is where it begins. */
  readonly records: number;
}

export interface LagReader extends AsyncDisposable {
  read(): Promise<readonly Lag[]>;
}

/** On a connection of its own, which the first read opens and a failure ends. */
export function createLagReader(kafka: KafkaClient, groups: readonly ConsumerGroup[]): LagReader {
  const topics = [...new Set(groups.flatMap((one) => one.topics))];
  let connected: Promise<Admin> | undefined;
  const letGo = async (): Promise<void> => {
    const admin = await connected?.catch(() => undefined);
    connected = undefined;
    await admin?.disconnect().catch(() => {});
  };
  return {
    async read() {
      connected ??= connect(kafka);
      try {
        const admin = await connected;
        const [extents, committed] = await Promise.all([
          readExtents(admin, topics),
          Promise.all(groups.map((one) => readCommitted(admin, one))),
        ]);
        return committed.flat().map(({ offset, ...place }) => ({
          ...place,
          records: recordsFrom(offset, extents.get(placeName(place))),
        }));
      } catch (error) {
        await letGo();
        throw error;
      }
    },
    [Symbol.asyncDispose]: letGo,
  };
}

async function connect(kafka: KafkaClient): Promise<Admin> {
  // Whoever scrapes asks again, and waits for 2 s only.
  const admin = kafka.admin({ retries: 1 });
  await admin.connect();
  return admin;
}

interface Extent {
  readonly low: number;
  readonly high: number;
}

type Place = Omit<Lag, 'records'>;

const placeName = ({ topic, partition }: Pick<Place, 'topic' | 'partition'>) => `${topic}/${partition}`;

async function readExtents(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, Extent>> {
  const all = await Promise.all(
    topics.map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(
        ({ partition, low, high }) =>
          [placeName({ topic, partition }), { low: Number(low), high: Number(high) }] as const,
      ),
    ),
  );
  return new Map(all.flat());
}

/** −1 where nothing has been committed yet. */
async function readCommitted(
  admin: Admin,
  { group, topics }: ConsumerGroup,
): Promise<(Place & { readonly offset: number })[]> {
  const read = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
  return read.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ group, topic, partition, offset: Number(offset) })),
  );
}

/** What lies below the first record has been dropped for its age. */
function recordsFrom(offset: number, { low, high }: Extent = { low: 0, high: 0 }): number {
  return Math.max(0, high - Math.max(offset, low));
}
