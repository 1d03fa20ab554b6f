// Files that pages have given: they stay in the desktop until a person moves one to the notebooks.

import { button, element } from '../dom.ts';
import type { DownloadedFile } from './shapes.ts';
import { bytes } from './words.ts';

export class Files {
  readonly node: HTMLElement;
  private readonly list = element('ul', { attributes_: { 'aria-label': 'Downloaded files' } });
  private readonly move: (file: DownloadedFile) => Promise<void>;
  private key = '';

  /** @param move - Move one to where the person's notebooks are. */
  constructor(move: (file: DownloadedFile) => Promise<void>) {
    this.move = move;
    this.node = element(
      'div',
      { className: 'ja-desktop-files', hidden: true },
      element('p', {}, 'Downloaded, and gone with the desktop unless you move it:'),
      this.list
    );
  }

  update(files: readonly DownloadedFile[]): void {
    const key = JSON.stringify(files);
    if (key === this.key) {
      return; // a button that is written anew loses its focus
    }
    this.key = key;
    this.node.hidden = files.length === 0;
    this.list.replaceChildren(...files.map(file => this.entry(file)));
  }

  private entry(file: DownloadedFile): HTMLElement {
    const { name, size, done } = file;
    const entry = element(
      'li',
      {},
      element('span', { className: 'ja-desktop-file', title: name }, name),
      element('span', { className: 'ja-desktop-size' }, bytes(size))
    );
    if (!done) {
      entry.append(element('span', { className: 'ja-desktop-size' }, 'so far…'));
      return entry;
    }
    const node = button('jp-mod-styled', 'Move', () => {
      node.disabled = true;
      void this.move(file).finally(() => {
        node.disabled = false;
      });
    });
    node.append(element('span', { className: 'ja-desktop-files-where' }, ' to notebooks'));
    node.title = 'Into the folder of the notebook that was used last';
    node.setAttribute('aria-label', `Move ${name} to the notebooks`);
    entry.append(node);
    return entry;
  }
}
