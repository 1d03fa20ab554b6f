// The small form that says that a finding is no secret.

import { button, element } from '../dom.ts';
import type { Scope } from '../tokens.ts';

const SCOPES: [Scope, string][] = [
  ['once', 'once'],
  ['value', 'this value'],
  ['rule', 'this rule in this folder']
];

export interface DenyEnd {
  allow(scope: Scope, reason: string): Promise<void>;
  allowed(scope: Scope): void;
  failed(reason: unknown): void;
  closed(): void;
  /** What is still needed. */
  missing(what: string): void;
}

let forms = 0;

export function denyForm(end: DenyEnd): { node: HTMLElement; focus(): void } {
  forms += 1;
  const id = `ja-deny-${forms}`;
  const reason = element('input', {
    id: `${id}-reason`,
    type: 'text',
    maxLength: 200,
    className: 'ja-input ja-deny-reason',
    placeholder: 'Why it is no secret',
    attributes_: { autocomplete: 'off', 'data-lm-suppress-shortcuts': 'true' }
  });
  const scope = element(
    'select',
    { id: `${id}-scope`, className: 'ja-input ja-deny-scope' },
    ...SCOPES.map(([value, text]) => element('option', { value }, text))
  );
  const allow = button('jp-mod-styled ja-deny-allow', 'Allow', () => void submit());
  const cancel = button('jp-mod-styled ja-deny-cancel', 'Cancel', () => end.closed());
  const submit = async () => {
    const said = reason.value.trim();
    if (allow.disabled) {
      return;
    }
    if (said === '') {
      end.missing('Say why it is no secret, in a word or two.');
      reason.focus();
      return;
    }
    end.missing('');
    allow.disabled = true;
    const chosen = scope.value as Scope;
    try {
      await end.allow(chosen, said);
      end.allowed(chosen);
    } catch (problem) {
      allow.disabled = false;
      end.failed(problem);
    }
  };
  const node = element(
    'div',
    {
      className: 'ja-finding-form ja-deny-form',
      attributes_: { role: 'form', 'aria-label': 'Not a secret' }
    },
    element('label', { htmlFor: reason.id }, 'Why'),
    reason,
    element('label', { htmlFor: scope.id }, 'Allow'),
    scope,
    allow,
    cancel
  );
  // The cell above would take Enter for "run" and Escape for "command mode".
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !event.isComposing) {
      end.closed();
    } else if (event.key === 'Enter' && event.target === reason && !event.isComposing) {
      void submit();
    }
    event.stopPropagation();
  });
  return { node, focus: () => reason.focus() };
}
