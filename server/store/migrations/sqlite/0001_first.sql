-- Times are milliseconds since 1970 (`_ms`); days are counted from 1970 (`day`), or the Unix second in which one begins
-- (`day_s`, in the roll-ups, for dashboards). `grp` is a group of hosts: GROUP is a word of SQL.

CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (latest INTEGER NOT NULL) STRICT;
INSERT INTO revisions (latest) VALUES (0);

CREATE TABLE tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  grp TEXT NOT NULL,
  uses_left INTEGER,
  expires_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
  agent BLOB NOT NULL PRIMARY KEY,
  public_key BLOB NOT NULL UNIQUE,
  token BLOB NOT NULL,
  machine TEXT NOT NULL,
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  grp TEXT NOT NULL,
  labels TEXT NOT NULL,
  state TEXT NOT NULL,
  enrolled_ms INTEGER NOT NULL,
  last_report_ms INTEGER,
  clock_offset_ms INTEGER,
  progress BLOB,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX agents_revision ON agents (revision);

CREATE TABLE agents_deleted (
  agent BLOB NOT NULL PRIMARY KEY,
  deleted_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agents_deleted_revision ON agents_deleted (revision);

CREATE TABLE hosts (
  agent BLOB NOT NULL PRIMARY KEY,
  packed BLOB NOT NULL
) STRICT;

CREATE TABLE host_days (
  agent BLOB NOT NULL,
  day INTEGER NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (agent, day)
) STRICT;
CREATE INDEX host_days_day ON host_days (day);

CREATE TABLE settings_history (
  agent BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (agent, at_ms)
) STRICT;

CREATE TABLE findings (
  agent BLOB NOT NULL,
  n INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  code TEXT NOT NULL,
  log TEXT,
  text TEXT NOT NULL,
  PRIMARY KEY (agent, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_at ON findings (at_ms);

CREATE TABLE detection_sets (
  hash BLOB NOT NULL PRIMARY KEY,
  packed BLOB NOT NULL
) STRICT;

CREATE TABLE verdict_sets (
  hash BLOB NOT NULL PRIMARY KEY,
  detection_set BLOB NOT NULL,
  packed BLOB NOT NULL
) STRICT;

CREATE TABLE verdict_history (
  agent BLOB NOT NULL,
  subject TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  verdict_set BLOB NOT NULL,
  PRIMARY KEY (agent, subject, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_history_set ON verdict_history (verdict_set);

CREATE TABLE rollup_detections (
  day_s INTEGER NOT NULL,
  grp TEXT NOT NULL,
  detection TEXT NOT NULL,
  title TEXT NOT NULL,
  level TEXT NOT NULL,
  sighted INTEGER NOT NULL,
  noisy INTEGER NOT NULL,
  partial INTEGER NOT NULL,
  armed INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  blind INTEGER NOT NULL,
  unsampled INTEGER NOT NULL,
  out_of_scope INTEGER NOT NULL,
  PRIMARY KEY (grp, day_s, detection)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_event_types (
  day_s INTEGER NOT NULL,
  grp TEXT NOT NULL,
  event_type TEXT NOT NULL,
  hosts_flowing INTEGER NOT NULL,
  hosts_silent INTEGER NOT NULL,
  PRIMARY KEY (grp, day_s, event_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_hosts (
  day_s INTEGER NOT NULL,
  grp TEXT NOT NULL,
  hosts INTEGER NOT NULL,
  reporting INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  PRIMARY KEY (grp, day_s)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  name TEXT NOT NULL PRIMARY KEY,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  owner TEXT,
  role TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  last_used_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  n INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TABLE exceptions (
  id BLOB NOT NULL PRIMARY KEY,
  detection TEXT NOT NULL,
  grp TEXT,
  agent BLOB,
  reason TEXT NOT NULL,
  who TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
