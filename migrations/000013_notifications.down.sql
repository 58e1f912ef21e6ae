drop table notified_events, notifications;
