-- Whose each row of a list is: ours, which goes when a version no longer ships it, or the user's.
-- depends: 0290.accounts

alter table runner_prices add column if not exists is_shipped boolean not null default false;
alter table runner_labels add column if not exists is_shipped boolean not null default false;
alter table free_runs add column if not exists is_shipped boolean not null default false;
alter table name_kinds add column if not exists is_shipped boolean not null default false;

-- What version 1.0 shipped. The next ingest that names a list of the user says what is the user's.
update free_runs set is_shipped = true;
update runner_prices set is_shipped = true
where source like 'github/docs %'
  or sku in (
    'linux_arm', 'self_hosted', 'windows_2_core', 'windows_2_core_advanced', 'windows_arm'
  );
update runner_labels set is_shipped = true
where label in (
  'ubuntu-slim', 'ubuntu-latest', 'ubuntu-26.04', 'ubuntu-24.04', 'ubuntu-22.04',
  'ubuntu-20.04', 'ubuntu-18.04', 'ubuntu-16.04', 'ubuntu-26.04-arm', 'ubuntu-24.04-arm',
  'ubuntu-22.04-arm', 'windows-latest', 'windows-2025', 'windows-2025-vs2026', 'windows-2022',
  'windows-2019', 'windows-2016', 'windows-11-arm', 'macos-latest', 'macos-26',
  'macos-26-intel', 'macos-15', 'macos-15-intel', 'macos-14', 'macos-13', 'macos-12',
  'macos-11', 'macos-11.0', 'macos-10.15', 'macos-latest-large', 'macos-26-large',
  'macos-15-large', 'macos-14-large', 'macos-13-large', 'macos-12-large', 'macos-latest-xlarge',
  'macos-26-xlarge', 'macos-15-xlarge', 'macos-14-xlarge', 'macos-13-xlarge'
);
update name_kinds set is_shipped = true
where subject = 'actor' and pattern in (
  '*', '*[bot]', '*-bot', 'bot-*', 'dependabot*', 'github-actions*', 'renovate*', 'web-flow',
  'amazon-q-developer[bot]', 'chatgpt-codex-connector[bot]', 'claude', 'claude[bot]',
  'codex[bot]', 'copilot', 'copilot-pull-request-reviewer[bot]', 'copilot-swe-agent[bot]',
  'cursor[bot]', 'devin-ai-integration[bot]', 'gemini-code-assist[bot]',
  'google-labs-jules[bot]', 'openhands-agent', 'sweep-ai[bot]'
)
or subject = 'workflow' and pattern in ('deploy*', 'pages build and deployment');

comment on table runner_prices is
  'One row per list price of a kind of runner and day from which it held. Filled from CSV files by each ingest of workflow runs.';
comment on table runner_labels is
  'One row per label that says what runner a job gets. Filled from CSV files by each ingest of workflow runs.';
comment on table name_kinds is
  'One row per rule that says what kind names are. Filled from CSV files by each ingest of workflow runs.';
comment on column runner_prices.is_shipped is
  'True for a row of sql/prices/runner_prices.csv. False for one of the list that the user named last.';
comment on column runner_labels.is_shipped is
  'True for a row of sql/prices/runner_labels.csv. False for one of the list that the user named last.';
comment on column free_runs.is_shipped is
  'True for a row of sql/prices/free_runs.csv. False for one of the list that the user named last.';
comment on column name_kinds.is_shipped is
  'True for a row of sql/kinds/name_kinds.csv. False for one of the list that the user named last.';
