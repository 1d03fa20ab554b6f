// What the panel says: pure, and tested without a page.

import type { Caps, Desktop } from './shapes.ts';

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
      return mine
        ? 'The agent is detached: it sees nothing of what you type.'
        : 'Take over to type here; the other page then only looks on.';
    case 'agent':
      return desktop.caps.pause === 'enforced'
        ? 'It sees this page. Take over before you type anything secret.'
        : 'It sees this page. Taking over detaches it here; whoever has the provider’s key could attach again.';
    case 'idle':
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

/** How a desktop is called in a row of several. */
export function shortName(desktop: Desktop): string {
  return desktop.host || (desktop.state === 'starting' ? 'Starting…' : 'Empty page');
}

/** A notebook's name, without its folders. */
export function baseName(path: string): string {
  return path.split('/').pop() ?? path;
}
