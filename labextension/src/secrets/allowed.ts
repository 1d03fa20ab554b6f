// What a person has said is no secret, below the list of secrets.

import { button, element } from '../dom.ts';
import type { Allowance } from '../tokens.ts';
import { ago } from './when.ts';

const WHAT: Record<Allowance['scope'], (rule: string, folder: string) => string> = {
  once: rule => `once, found by ${rule}`,
  value: rule => `a value, found by ${rule}`,
  rule: (rule, folder) => `${rule} in ${folder}`
};

/** The section, or null where nothing is allowed. */
export function allowedList(
  allowances: Allowance[],
  now: number,
  remove: (id: string) => void
): HTMLElement | null {
  if (allowances.length === 0) {
    return null;
  }
  return element(
    'details',
    { className: 'ja-allowed' },
    element('summary', {}, `Not secrets (${allowances.length})`),
    element(
      'ul',
      { className: 'ja-allowed-list', attributes_: { 'aria-label': 'Not secrets' } },
      ...allowances.map(one =>
        element(
          'li',
          { className: 'ja-allowed-entry', dataset: { id: one.id, scope: one.scope } },
          element(
            'div',
            { className: 'ja-allowed-what', title: one.folder },
            (WHAT[one.scope] ?? WHAT.value)(one.rule, one.folder)
          ),
          element('div', { className: 'ja-allowed-why' }, one.reason),
          element(
            'div',
            { className: 'ja-secret-facts' },
            element(
              'span',
              { className: 'ja-fact', title: new Date(one.expires).toLocaleString() },
              `ends ${ago(Date.parse(one.expires), now)}`
            ),
            button('ja-quiet ja-allowed-remove', 'Stop it again', () => remove(one.id), {
              'aria-label': `Stop it again: ${one.reason}`
            })
          )
        )
      )
    )
  );
}
