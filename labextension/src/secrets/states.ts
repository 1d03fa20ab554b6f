// What the panel says when there is no list to show, or something to know about it.

import { button, element } from '../dom.ts';
import type { Problem, VaultStatus } from '../tokens.ts';

/** The boxes above the list: a problem with its way out, a locked vault, or the vault's note. */
export function notices(
  problem: Problem | null,
  vault: VaultStatus | null,
  retry: () => void
): HTMLElement[] {
  if (problem) {
    return [
      notice(
        'ja-mod-problem',
        problem.code,
        problem.message,
        problem.hint,
        button('jp-mod-styled ja-retry', 'Try again', retry)
      )
    ];
  }
  if (vault?.state === 'locked') {
    return [
      notice(
        'ja-mod-info',
        'locked',
        'The vault is locked.',
        'No command can use a secret until you unlock it.'
      )
    ];
  }
  return vault?.note ? [notice('ja-mod-info', 'note', '', vault.note)] : [];
}

/** Two sentences and the way to the first secret. */
export function emptyState(add: () => void): HTMLElement {
  return element(
    'div',
    { className: 'ja-empty' },
    element('p', {}, 'Keep API keys, tokens and passwords here instead of in cells.'),
    element(
      'p',
      {},
      'Commands use them by label, as in ',
      element('code', {}, '%%agent_run -s GITHUB_TOKEN'),
      ', and what they print comes back without the value.'
    ),
    button('jp-mod-styled jp-mod-accept ja-add', 'Add a secret', add)
  );
}

function notice(
  look: string,
  code: string,
  message: string,
  hint: string,
  action?: HTMLElement
): HTMLElement {
  return element(
    'div',
    { className: `ja-notice ${look}`, dataset: { code } },
    message !== '' && element('p', { className: 'ja-notice-message' }, message),
    hint !== '' && element('p', { className: 'ja-notice-hint' }, hint),
    action
  );
}
