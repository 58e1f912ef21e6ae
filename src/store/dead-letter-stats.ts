import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';

const countRow = z.object({
  of: z.enum(['all', 'class', 'topic', 'group']),
  name: z.string().nullable(),
  letters: z.number(),
  oldest: z.date().nullable(),
  newest: z.date().nullable(),
});
const waitingRow = z.object({ waiting: z.number() });

/** How many letters there are: of each class, topic and group, and in all; and how many replays wait to be sent. */
export async function countLetters(
  pool: Pool,
): Promise<{ counts: readonly z.output<typeof countRow>[]; replaysWaiting: number }> {
  const [counts, [replays]] = await Promise.all([
    pool.rows(sql.type(countRow)`
      select
        case
          when grouping(class) = 0 then 'class'
          when grouping(topic) = 0 then 'topic'
          when grouping(consumer_group) = 0 then 'group'
          else 'all'
        end as of,
        coalesce(class, topic, consumer_group) as name,
        count(*)::int4 as letters, min(at) as oldest, max(at) as newest
      from dead_letters
      group by grouping sets ((class), (topic), (consumer_group), ())
      order by 1, 2`),
    pool.rows(sql.type(waitingRow)`select count(*)::int4 as waiting from replays where ended_at is null`),
  ]);
  return { counts, replaysWaiting: replays?.waiting ?? 0 };
}
