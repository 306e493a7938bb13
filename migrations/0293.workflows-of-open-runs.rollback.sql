-- Open runs lose their workflow; nothing else tells it until they have ended.
alter table if exists open_runs drop column if exists event_type;
alter table if exists open_runs drop column if exists workflow_id;
