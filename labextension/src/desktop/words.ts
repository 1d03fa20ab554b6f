// What the panel says: pure, and tested without a page.

import type { Caps, Desktop, DesktopState } from './shapes.ts';

/** Who drives now, in two or three words. */
export function driver(desktop: Desktop, mine: boolean): string {
  switch (desktop.state) {
    case 'human':
      return mine ? 'You drive' : 'You drive in another page';
    case 'agent':
      return 'The agent drives';
    case 'starting':
      return 'Starting…';
    case 'failed':
      return 'Not started';
    case 'closed':
      return 'Closed';
    case 'idle':
      return 'Paused';
  }
}

/** What that means for what is typed now. */
export function meaning(desktop: Desktop, mine: boolean): string {
  switch (desktop.state) {
    case 'human':
      if (mine && !desktop.caps.agent) {
        return 'Close it when you are done.';
      }
      // A provider's page knows nothing of our keys.
      if (mine && desktop.caps.isolation === 'remote') {
        return 'The agent is detached here. Whoever has the provider’s key could still look.';
      }
      return mine
        ? 'The agent is detached: it sees nothing of what you type. Escape twice leaves the picture.'
        : 'Take over to type here; the other page then only looks on.';
    case 'agent':
      return desktop.caps.pause === 'enforced'
        ? 'It sees this page. Take over before you type anything secret.'
        : 'It sees this page. Taking over detaches it here; whoever has the provider’s key could attach again.';
    case 'idle':
      if (!desktop.caps.agent) {
        return 'Take over to type.';
      }
      return 'Nobody drives, and the agent sees nothing. Take over to sign in, then hand back.';
    default:
      return '';
  }
}

/** How far it is from code that runs as the person. */
export function isolation(caps: Caps): string {
  return {
    same_user: 'this machine, as you',
    other_user: 'this machine, another user',
    remote: 'another machine'
  }[caps.isolation];
}

/** What is to be known about it before anything is typed; "" where there is nothing. */
export function warning(caps: Caps): string {
  if (caps.isolation === 'remote') {
    const agent = caps.agent ? '' : ' It is for you alone: no agent can drive it.';
    return `What you type here goes to whoever runs that machine.${agent}`;
  }
  return caps.isolation === 'same_user'
    ? 'Code running in your kernel runs as you and could read this desktop.'
    : '';
}

/** A time that is left, to the minute. */
export function left(seconds: number): string {
  if (seconds < 60) {
    return 'less than a minute';
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Whether there is a browser that somebody can look at. */
export function isRunning({ state }: Desktop): boolean {
  return state === 'agent' || state === 'human' || state === 'idle';
}

/** The page's real host. In strict mode nobody looks into the browser while a person drives. */
export function hostOf(desktop: Desktop): string {
  return desktop.host || (desktop.strict ? 'not looked at (strict)' : 'none yet');
}

/** What runs it where, and for whom it was opened. */
export function where(desktop: Desktop): string {
  const opened = desktop.notebook ? `, opened by ${baseName(desktop.notebook)}` : '';
  return `${desktop.title}: on ${isolation(desktop.caps)}${opened}`;
}

/** Why a desktop is gone that nobody has closed. */
export function ended(why: 'time' | 'ended' | undefined): string {
  return why === 'time'
    ? 'The secure desktop was closed, because its time was over. Nothing of it is left.'
    : 'The secure desktop has ended by itself. Nothing of it is left.';
}

/** How a desktop is called in a row of several. */
export function shortName(desktop: Desktop): string {
  const without: Partial<Record<DesktopState, string>> = {
    starting: 'Starting…',
    failed: 'Not started'
  };
  return desktop.host || (without[desktop.state] ?? 'Empty page');
}

/** A notebook's name, without its folders. */
export function baseName(path: string): string {
  return path.split('/').pop() ?? path;
}

/** Who asks the person to take over, and why: their words, as such. "" where nobody does. */
export function asking({ asked }: Desktop): string {
  if (!asked) {
    return '';
  }
  const who = asked.notebook
    ? baseName(asked.notebook)
    : asked.who.startsWith('agent:')
      ? asked.who.slice('agent:'.length)
      : 'A program';
  return `${who} asks you to take over: “${asked.why}”`;
}

/** A size as people say it. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 10 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}
