// What a cell becomes when a value in it is saved under a label. Pure.
//
// In a shell cell the value becomes an expansion that works in the quoting it stood in; everywhere
// else, and wherever that is not certain, it becomes the marker, and the result says so.

import { BARE, DOUBLE, HEREDOC, type Place, placesOf, SINGLE } from './shell.ts';

export interface Rewrite {
  source: string;
  /** The cell does the same as before, with the secret in place of the value. */
  works: boolean;
  /** A sentence when it does not; "" when it does. */
  reason: string;
}

const NOT_SHELL = '';
const HEADER = /^((?:[ \t]*\n)*)%%(agent_run|bash|sh|script)\b([^\n]*)(\n|$)/;

/**
 * Replace every occurrence of a value in a cell.
 *
 * @param source - The cell's source.
 * @param value - As it stands in the source; not empty.
 * @param label - A valid label.
 */
export function rewriteCell(source: string, value: string, label: string): Rewrite {
  const header = HEADER.exec(source);
  const magic = header ? runMagic(header[2] as string, header[3] as string, label) : null;
  if (!header || magic === null) {
    return {
      source: source.replaceAll(value, () => marker(label)),
      works: false,
      reason: header ? `The options of %%${header[2]} can’t be carried over.` : NOT_SHELL
    };
  }
  const bodyStart = header[0].length;
  const top = header[1] as string;
  const first = header[3] as string;
  const inHeader = first.includes(value);
  const body = rewriteScript(source.slice(bodyStart), value, label);
  const options = (body.expanded ? magic : `%%${header[2]}${first}`).replaceAll(value, () =>
    marker(label)
  );
  return {
    source: top + options + header[4] + body.source,
    works: body.works && !inHeader,
    reason: inHeader ? 'A value in the first line of a cell can’t be used by label.' : body.reason
  };
}

/** Replace a value that stands encoded, or in pieces: what it is there for can't be said. */
export function markEncoded(source: string, text: string, label: string): Rewrite {
  return {
    source: source.replaceAll(text, () => marker(label)),
    works: false,
    reason: 'The value stood there in another form.'
  };
}

export function marker(label: string): string {
  return `[secret:${label}]`;
}

/** The first line that runs the same script with the label, or null when that can't be said. */
function runMagic(magic: string, rest: string, label: string): string | null {
  const words = rest.trim() === '' ? [] : rest.trim().split(/\s+/);
  if (magic === 'agent_run') {
    const shell = words.findIndex(word => word === '--shell' || word.startsWith('--shell='));
    const named = shell < 0 ? 'bash' : ((words[shell] as string).split('=')[1] ?? words[shell + 1]);
    if (named !== 'bash' && named !== 'sh') {
      return null;
    }
    if (
      words.some(
        (word, i) => word.startsWith(`${label}=`) && /^(-s|--file)$/.test(words[i - 1] ?? '')
      )
    ) {
      return null; // the name already carries another secret in this cell
    }
    const has = words.some(
      (word, i) => (word === label && words[i - 1] === '-s') || word === `-s${label}`
    );
    return has ? `%%agent_run${rest}` : `%%agent_run -s ${label}${rest}`;
  }
  const kept: string[] = [];
  let shell = magic === 'script' ? '' : magic;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if ((word === '--out' || word === '--err') && words[i + 1]) {
      kept.push(word, words[i + 1] as string);
      i += 1;
    } else if (word === '--no-raise-error') {
      kept.push('--no-raise');
    } else if (shell === '' && /^(\/bin\/|\/usr\/bin\/)?(bash|sh)$/.test(word)) {
      shell = word.endsWith('bash') ? 'bash' : 'sh';
    } else {
      return null;
    }
  }
  if (shell === '') {
    return null;
  }
  return ['%%agent_run', '-s', label, ...(shell === 'sh' ? ['--shell', 'sh'] : []), ...kept].join(
    ' '
  );
}

interface ScriptRewrite extends Rewrite {
  /** At least one occurrence became an expansion. */
  expanded: boolean;
}

function rewriteScript(script: string, value: string, label: string): ScriptRewrite {
  const places = placesOf(script);
  const changed = changesVariable(script, value, label);
  let source = '';
  let from = 0;
  let expanded = false;
  const stuck: number[] = [];
  for (let at = script.indexOf(value); at >= 0; at = script.indexOf(value, from)) {
    const text = changed ? null : expansion(places, at, value, label);
    if (text === null) {
      stuck.push(script.slice(0, at).split('\n').length + 1);
    } else {
      expanded = true;
    }
    // 'VALUE' becomes "$LABEL" and not ''"$LABEL"'': a quote beside single-quoted text delimits it.
    const end = at + value.length;
    const whole =
      places[at] === SINGLE && script[at - 1] === "'" && script[end] === "'" && at > from;
    const edge = text !== null && whole ? 1 : 0;
    source += script.slice(from, at - edge) + (edge ? `"$${label}"` : (text ?? marker(label)));
    from = end + edge;
  }
  source += script.slice(from);
  const reason = changed
    ? `The script itself sets a variable named ${label}.`
    : stuck.length > 0
      ? `In line ${stuck.join(', ')} the shell expands no variable, so the marker stands there.`
      : '';
  return { source, works: reason === '', reason, expanded };
}

function expansion(places: Uint8Array, at: number, value: string, label: string): string | null {
  const place = places[at] as Place;
  for (let i = at; i < at + value.length; i += 1) {
    if (places[i] !== place) {
      return null;
    }
  }
  switch (place) {
    case BARE:
      return `"$${label}"`;
    case DOUBLE:
      return `\${${label}}`;
    case SINGLE:
      return `'"$${label}"'`;
    case HEREDOC:
      // A line break at the edge would glue the delimiter's line to the expansion.
      return /^\n|\n$/.test(value) ? null : `\${${label}}`;
    default:
      return null;
  }
}

/** Whether the script gives the label's variable another content than the value. */
function changesVariable(script: string, value: string, label: string): boolean {
  for (const match of script.matchAll(new RegExp(`(?<![\\w$])${label}(\\+?=)`, 'g'))) {
    const assigned = script.slice(match.index + match[0].length).replace(/^["']/, '');
    if (match[1] === '+=' || !assigned.startsWith(value)) {
      return true;
    }
  }
  return new RegExp(`\\b(unset|read|for|mapfile|readarray)\\b[^\\n;]*(?<![\\w$])${label}\\b`).test(
    script
  );
}
