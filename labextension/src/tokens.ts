// Ids, types and the one token. No side effects. The shapes are docs/protocol.md's.

import { Token } from '@lumino/coreutils';
import type { Api } from './api.ts';
import type { OpenApprovals } from './approval/open.ts';
import type { Events } from './events.ts';

export const NAMESPACE = 'jupyter-agent';
export const OPEN_SECRETS = `${NAMESPACE}:open-secrets`;
export const SECRETS_PANEL_ID = `${NAMESPACE}-secrets`;
export const BLOCKED_MIME = 'application/vnd.jupyter-agent.blocked+json';

/** The way to our server, shared by the plugins of this extension. */
export interface IAgent {
  readonly api: Api;
  readonly events: Events;
  readonly approvals: OpenApprovals;
}

export const IAgent = new Token<IAgent>(
  `${NAMESPACE}:IAgent`,
  'The HTTP API and the events of the jupyter_agent server extension.'
);

export interface Exposure {
  where: string;
  notebook: string | null;
  time: string;
}

/** What is known about a secret: everything but its value. Times are RFC 3339, UTC. */
export interface SecretMeta {
  label: string;
  kind: string;
  note: string;
  created: string;
  replaced: string | null;
  last_used: string | null;
  uses: number;
  expires: string | null;
  /** Days. */
  rotate_every: number | null;
  due: Due | null;
  weak: boolean;
  exposed: Exposure[];
  /** The vendor's page to rotate or revoke it, where the rules know it and it was seen; else "". */
  revoke?: string;
}

/** What comes first, its end or its rotation; there from 30 days before. */
export interface Due {
  what: 'expires' | 'rotate';
  on: string;
  days: number;
  level: 30 | 7 | 1 | 0;
}

/** What a person notes about a secret; in a change, "" and 0 take a time away. */
export interface About {
  kind?: string;
  note?: string;
  expires?: string;
  rotate_every?: number;
}

/** A standing permission, as far as the panel shows it. */
export interface Grant {
  id: string;
  label: string;
  notebook: string | null;
  script: string | null;
  pattern: string | null;
  any_command: boolean;
  uses: number | null;
  until: string | null;
}

/** All that is known about a secret. */
export interface Shown {
  secret: SecretMeta;
  grants: Grant[];
  /** Where its vendor lets it be rotated; known from the label. */
  rotation_page: string | null;
}

export interface Problem {
  code: string;
  message: string;
  hint: string;
}

export interface VaultStatus {
  state: 'open' | 'closed' | 'locked' | 'absent' | 'error';
  tier: string | null;
  promise: string | null;
  better: string | null;
  note: string | null;
  /** How much of it would survive this machine; null for one in memory. */
  export?: { last: string | null; missing: number; reminder: string } | null;
  error: Problem | null;
}

export interface Status {
  version: string;
  vault: VaultStatus;
  runs: number;
  approvers: number;
  guards?: { websocket: boolean; saves: boolean };
  /** Whether stored values were recognised in cells when the server asked last. */
  match?: boolean;
}

export interface Approval {
  approval_id: string;
  nonce: string;
  kind: 'run' | 'change' | 'egress' | 'entry';
  labels: string[];
  script: string | null;
  argv: string[] | null;
  shell: string;
  cwd: string;
  notebook: string | null;
  /** The notebook is what the caller says, not what the broker knows. */
  claimed: boolean;
  role: string;
  /** Which agent asks, and what it says about why: its claim. */
  agent?: string | null;
  why?: string | null;
  /** The files behind the programs' names, with the first digits of their SHA-256. */
  executables: { word: string; path: string | null; sha256?: string | null }[];
  expires: string;
  /** Which label goes where; for a run only. */
  secrets?: { env: string; label: string }[];
  stdin?: string | null;
  files?: { env: string; label: string }[];
  templates?: { env: string; name: string; text: string }[];
  /** Labels that are typed at hidden prompts. */
  answers?: string[];
  /** Where in a request the value goes; for a way out only. */
  place?: string;
  /** For one request on a way out: what it says beside method and address. */
  request?: { headers: Record<string, string>; body: string } | null;
  /** What else the caller sets: variable → content. */
  exports?: Record<string, string>;
  /** A pattern that covers it, for the person to edit. */
  pattern?: string | null;
  choices: Answer[];
  /** For the op `allow`: a rule, its scope and the reason. */
  change?: { op: string; label: string; to: string | null; scope?: string };
}

export type Answer = 'once' | 'minutes' | 'always' | 'pattern' | 'deny';

/** A standing permission, or with `deny` a rule against one. */
export interface Grant {
  id: string;
  label: string;
  notebook: string | null;
  script: string | null;
  pattern: string | null;
  any_command: boolean;
  cwd: string | null;
  uses: number | null;
  until: string | null;
  created: string;
  who: string | null;
  deny: boolean;
}

/** An agent that a person has let in. */
export interface AgentEntry {
  name: string;
  /** When it got its token. */
  created: string;
  last_used: string | null;
  /** It is connected now. */
  talks: boolean;
}

/** A run that was permitted and is not over. */
export interface Run {
  run_id: string;
  actor: string;
  notebook: string | null;
  labels: string[];
  command: string;
  started: string;
  background: boolean;
  processes: number;
}

/** An open way out: a program may use a value at one host. */
export interface Way {
  id: string;
  label: string;
  origin: string;
  place: string;
  notebook: string | null;
  actor: string;
  opened: string;
  requests: number;
}

/** One line of the record of uses. */
export interface AuditEvent {
  time: string;
  actor: string;
  notebook: string | null;
  labels: string[];
  command: string;
  decision: string;
  ending: string | null;
  exit: number | null;
  seconds: number | null;
  bytes: number | null;
  hits: Record<string, number>;
}

export interface AuditPage {
  events: AuditEvent[];
  /** Where to go on, for what was before; null where there is nothing. */
  earlier: number | null;
}

/** Where a value stood before it was saved. */
export interface ExposedAt {
  where: 'cell' | 'chat';
  notebook: string;
}

/** `start` and `end` are UTF-16 units into the cell's source as it was run. */
export interface Finding {
  rule: string;
  kind: string;
  title: string;
  start: number;
  end: number;
  preview: string;
  /** Where it is a stored value: its label, and whether it stands there as it is. */
  label?: string;
  exact?: boolean;
  /** Which finding of its block it is; set when the box is drawn. */
  number?: number;
}

export type Scope = 'once' | 'value' | 'rule';

/** What a person has said is no secret. */
export interface Allowance {
  id: string;
  scope: Scope;
  rule: string;
  folder: string;
  reason: string;
  created: string;
  expires: string;
}

/** What a blocked cell's output holds; `saved` is ours, added after a save. */
export interface BlockedData {
  findings: Finding[];
  /** Under which name the server remembers what it has stopped. */
  block?: string;
  saved?: { label: string; text: string }[];
}

/** Why a chat message is not stored. */
export interface Refused {
  /** The attached file that it stands in, or "". */
  attachment: string;
  /** Whether screening took too long. */
  late: boolean;
  /** Empty where the message could not be screened. */
  findings: Finding[];
  block: string;
}
