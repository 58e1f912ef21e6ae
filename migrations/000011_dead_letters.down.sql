drop table replays, dead_letters;
