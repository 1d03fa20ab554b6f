// Files that pages have given: they stay in the desktop until a person moves one to the notebooks.

import { button, element } from '../dom.ts';
import type { DownloadedFile } from './shapes.ts';
import { bytes } from './words.ts';

export class Files {
  readonly node = element('ul', {
    className: 'ja-desktop-files',
    attributes_: { 'aria-label': 'Downloaded files' }
  });
  private readonly move: (file: DownloadedFile) => Promise<void>;
  private key = '';

  /** @param move - Move one to where the person's notebooks are. */
  constructor(move: (file: DownloadedFile) => Promise<void>) {
    this.move = move;
    this.node.hidden = true;
  }

  update(files: readonly DownloadedFile[]): void {
    const key = JSON.stringify(files);
    if (key === this.key) {
      return; // a button that is written anew loses its focus
    }
    this.key = key;
    this.node.hidden = files.length === 0;
    this.node.replaceChildren(
      ...files.map(file => {
        const what = `${file.name} (${bytes(file.size)}${file.done ? '' : ' so far'})`;
        const node = button('jp-mod-styled', 'Move to notebooks', () => {
          node.disabled = true;
          void this.move(file).finally(() => {
            node.disabled = false;
          });
        });
        node.disabled = !file.done;
        node.setAttribute('aria-label', `Move ${file.name} to the notebooks`);
        return element('li', {}, element('span', {}, what), node);
      })
    );
  }
}
