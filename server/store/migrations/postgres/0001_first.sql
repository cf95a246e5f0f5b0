-- Times are milliseconds since 1970 (`_ms`); days are counted from 1970 (`day`), or the Unix second in which one begins
-- (`day_s`, in the roll-ups, for dashboards). `grp` is a group of hosts: GROUP is a word of SQL.

CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE tokens (
  hash BYTEA NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  grp TEXT NOT NULL,
  uses_left BIGINT,
  expires_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  revoked BIGINT NOT NULL
);

CREATE TABLE agents (
  agent BYTEA NOT NULL PRIMARY KEY,
  public_key BYTEA NOT NULL UNIQUE,
  token BYTEA NOT NULL,
  machine TEXT NOT NULL,
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  grp TEXT NOT NULL,
  labels TEXT NOT NULL,
  state TEXT NOT NULL,
  enrolled_ms BIGINT NOT NULL,
  last_report_ms BIGINT,
  clock_offset_ms BIGINT,
  progress BYTEA,
  revision BIGINT NOT NULL
);
CREATE INDEX agents_revision ON agents (revision);

CREATE TABLE agents_deleted (
  agent BYTEA NOT NULL PRIMARY KEY,
  deleted_ms BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE INDEX agents_deleted_revision ON agents_deleted (revision);

CREATE TABLE hosts (
  agent BYTEA NOT NULL PRIMARY KEY,
  packed BYTEA NOT NULL
);

CREATE TABLE host_days (
  agent BYTEA NOT NULL,
  day BIGINT NOT NULL,
  packed BYTEA NOT NULL,
  PRIMARY KEY (agent, day)
);
CREATE INDEX host_days_day ON host_days (day);

CREATE TABLE settings_history (
  agent BYTEA NOT NULL,
  at_ms BIGINT NOT NULL,
  packed BYTEA NOT NULL,
  PRIMARY KEY (agent, at_ms)
);

CREATE TABLE findings (
  agent BYTEA NOT NULL,
  n BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  code TEXT NOT NULL,
  log TEXT,
  text TEXT NOT NULL,
  PRIMARY KEY (agent, n)
);
CREATE INDEX findings_at ON findings (at_ms);

CREATE TABLE detection_sets (
  hash BYTEA NOT NULL PRIMARY KEY,
  packed BYTEA NOT NULL
);

CREATE TABLE verdict_sets (
  hash BYTEA NOT NULL PRIMARY KEY,
  detection_set BYTEA NOT NULL,
  packed BYTEA NOT NULL
);

CREATE TABLE verdict_history (
  agent BYTEA NOT NULL,
  subject TEXT NOT NULL,
  from_ms BIGINT NOT NULL,
  verdict_set BYTEA NOT NULL,
  PRIMARY KEY (agent, subject, from_ms)
);
CREATE INDEX verdict_history_set ON verdict_history (verdict_set);

CREATE TABLE rollup_detections (
  day_s BIGINT NOT NULL,
  grp TEXT NOT NULL,
  detection TEXT NOT NULL,
  title TEXT NOT NULL,
  level TEXT NOT NULL,
  sighted BIGINT NOT NULL,
  noisy BIGINT NOT NULL,
  partial BIGINT NOT NULL,
  armed BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  blind BIGINT NOT NULL,
  unsampled BIGINT NOT NULL,
  out_of_scope BIGINT NOT NULL,
  PRIMARY KEY (grp, day_s, detection)
);

CREATE TABLE rollup_event_types (
  day_s BIGINT NOT NULL,
  grp TEXT NOT NULL,
  event_type TEXT NOT NULL,
  hosts_flowing BIGINT NOT NULL,
  hosts_silent BIGINT NOT NULL,
  PRIMARY KEY (grp, day_s, event_type)
);

CREATE TABLE rollup_hosts (
  day_s BIGINT NOT NULL,
  grp TEXT NOT NULL,
  hosts BIGINT NOT NULL,
  reporting BIGINT NOT NULL,
  stale BIGINT NOT NULL,
  PRIMARY KEY (grp, day_s)
);

CREATE TABLE users (
  name TEXT NOT NULL PRIMARY KEY,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled BIGINT NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE TABLE api_tokens (
  hash BYTEA NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  owner TEXT,
  role TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT,
  last_used_ms BIGINT
);

CREATE TABLE audit_log (
  n BIGINT NOT NULL PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash BYTEA NOT NULL
);

CREATE TABLE exceptions (
  id BYTEA NOT NULL PRIMARY KEY,
  detection TEXT NOT NULL,
  grp TEXT,
  agent BYTEA,
  reason TEXT NOT NULL,
  who TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT
);

CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until_ms BIGINT NOT NULL
);
