const dayMs = 24 * 3_600_000;

/** An event leaves the outbox for good: a topic must outlast the longest outage behind it, not the broker's usual week. */
export const recordsKeptMs = 30 * dayMs;

/**
 * A mark says that an event has had its effect, and must outlast each record of the event. The broker drops whole segments,
 * once their newest record is too old; a segment is a week long by default, so that a record may be there for 37 days.
 */
export const marksKeptMs = 40 * dayMs;
