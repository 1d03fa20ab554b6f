// What the server says about desktops (docs/protocol.md section 2), and names that others use.

import type { Problem } from '../tokens.ts';

export const OPEN_DESKTOP = 'jupyter-agent:open-desktop';
export const MOVE_DESKTOP = 'jupyter-agent:move-desktop';
export const DESKTOP_PANEL_ID = 'jupyter-agent-desktop';

export interface Caps {
  isolation: 'same_user' | 'other_user' | 'remote';
  pause: 'enforced' | 'advisory' | 'none';
  view_only: 'server' | 'client' | 'none';
  agent: boolean;
  paste: boolean;
  keyboard_layout: boolean;
  downloads: boolean;
  profile: boolean;
  resize: boolean;
}

export interface Provider {
  id: string;
  title: string;
  caps: Caps;
  /** Whether it can start one here now; else why not, and the command that helps. */
  ok: boolean;
  reason: string;
  install: string;
}

export type DesktopState = 'starting' | 'agent' | 'human' | 'idle' | 'closed' | 'failed';

/** A file that a page has given, and that is still inside the desktop. */
export interface DownloadedFile {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  /** Whether it has arrived whole. */
  done: boolean;
}

export interface Desktop {
  id: string;
  provider: string;
  title: string;
  caps: Caps;
  state: DesktopState;
  /** The real host of the page in front, or "". */
  host: string;
  since: string;
  keep: boolean;
  /** What the person should know about how it was started, or "". */
  note: string;
  strict: boolean;
  layout: string;
  /** Of the kernel that has opened it. */
  notebook: string | null;
  opener: string;
  /** The person who drives, or "". */
  who: string;
  /** How often it has changed hands. */
  turn: number;
  /** Somebody asks that a person takes over. */
  asked: { who: string; notebook: string | null; why: string } | null;
  files: DownloadedFile[];
  seconds_left: number;
  /** Seconds without a word from the page that drives it, after which it is paused. */
  away: number;
  problem: Problem | null;
}

/** What keeps a person signed in, from one desktop of a provider to its next. */
export interface KeptProfile {
  provider: string;
  /** RFC 3339. */
  saved: string;
  /** Bytes, sealed. */
  size: number;
}

export interface DesktopList {
  desktops: Desktop[];
  providers: Provider[];
  kept: KeptProfile[];
}

/** How a person wants a desktop to be started. */
export interface Wanted {
  provider?: string;
  url?: string;
  layout?: string;
  keep?: boolean;
  strict?: boolean;
  width?: number;
  height?: number;
}

/** The way to a picture; its ticket is good once. */
export interface StreamGrant {
  url: string;
  origin: string;
  allow: string;
  sandbox: string;
  expires: number;
  /** Whether its page is ours, which says how it is and takes a few words; else a provider's. */
  ours: boolean;
}

/** Something that has happened to a desktop. */
export interface DesktopNews {
  show?: string;
  closed?: string;
  why?: 'time' | 'ended';
}
