// What to install where no desktop can be started, with the exact command.

import { button, element } from '../dom.ts';
import { copyText } from '../secrets/actions.ts';
import type { Provider } from './shapes.ts';

/** A box for what is missing; empty where something can be started. */
export function missing(providers: readonly Provider[], again: () => void): HTMLElement[] {
  if (providers.some(provider => provider.ok)) {
    return [];
  }
  const first = providers[0];
  const reason = first?.reason || 'This server has no provider of desktops.';
  const command = first?.install ?? '';
  return [
    element(
      'div',
      { className: 'ja-notice ja-mod-problem ja-desktop-missing' },
      element('p', { className: 'ja-notice-message' }, reason),
      command !== '' && element('p', {}, 'Run this in a terminal, then look again:'),
      command !== '' && element('pre', { className: 'ja-desktop-command' }, command),
      command !== '' &&
        element(
          'p',
          {},
          'On Debian and Ubuntu ',
          element('code', {}, 'jupyter agent desktop install'),
          ' does it for you.'
        ),
      element(
        'div',
        { className: 'ja-desktop-actions' },
        command !== '' &&
          button('jp-mod-styled ja-desktop-copy', 'Copy the command', () =>
            copyText(command, 'the command')
          ),
        button('jp-mod-styled ja-desktop-again', 'Look again', again)
      )
    )
  ];
}
