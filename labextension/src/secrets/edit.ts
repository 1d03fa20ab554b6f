// The form that changes what is noted about a secret. Its value stays.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import type { SecretMeta } from '../tokens.ts';
import { AboutFields } from './about.ts';

export class EditForm {
  readonly node: HTMLElement;
  private readonly api: Api;
  private readonly label: string;
  private readonly about: AboutFields;
  private readonly closed: (changed: boolean) => void;
  private readonly problem = element('div', {
    className: 'ja-form-problem',
    attributes_: { role: 'alert' }
  });

  /** @param closed - The form is done with; says whether anything was changed. */
  constructor(api: Api, secret: SecretMeta, closed: (changed: boolean) => void) {
    this.api = api;
    this.label = secret.label;
    this.closed = closed;
    this.about = new AboutFields(`ja-edit-${secret.label}`, secret, api.now());
    this.node = element(
      'div',
      {
        className: 'ja-form ja-edit jp-mod-styled',
        attributes_: { role: 'form', 'aria-label': `Edit ${secret.label}` }
      },
      ...this.about.nodes,
      this.problem,
      element(
        'div',
        { className: 'ja-form-buttons' },
        button('jp-mod-styled', 'Cancel', () => closed(false)),
        button('jp-mod-styled jp-mod-accept ja-edit-save', 'Note it', () => void this.save())
      )
    );
    this.node.addEventListener('keydown', event => {
      if (event.isComposing) {
        return;
      }
      if (event.key === 'Escape') {
        closed(false);
      } else if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
        event.preventDefault();
        void this.save();
      }
      event.stopPropagation(); // the list behind it has keys of its own
    });
  }

  focus(): void {
    this.about.focus();
  }

  private async save(): Promise<void> {
    if (this.about.problem) {
      this.problem.textContent = this.about.problem;
      this.about.focusProblem();
      return;
    }
    const changes = this.about.changes();
    try {
      if (Object.keys(changes).length > 0) {
        await this.api.describe(this.label, changes);
      }
      this.closed(Object.keys(changes).length > 0);
    } catch (reason) {
      const error = ApiError.from(reason);
      this.problem.textContent = `${error.message} ${error.hint}`.trim();
    }
  }
}
