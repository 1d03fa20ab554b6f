// Own icons, inline; the jp-icon classes make themes colour them.

import { LabIcon } from '@jupyterlab/ui-components';

export const secretsIcon = new LabIcon({
  name: 'jupyter-agent:secrets',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M7.5 7a5 5 0 1 0 4.58 7H14v2.5h3V14h1.5v2.5h3V11h-9.42A5 5 0 0 0 7.5 7Zm0 3a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z"/></svg>`
});

export const blockedIcon = new LabIcon({
  name: 'jupyter-agent:blocked',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M12 2 4 5v6.1c0 5 3.4 9.6 8 10.9 4.6-1.300 8-5.900 8-10.900V5l-8-3Zm0 2.140 6 2.250v4.710c0 3.900-2.500 7.500-6 8.800-3.500-1.300-6-4.900-6-8.800V6.390l6-2.250ZM11 7v6h2V7h-2Zm0 8v2h2v-2h-2Z"/></svg>`
});

export const warningIcon = new LabIcon({
  name: 'jupyter-agent:warning',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon-warn0" fill="var(--jp-warn-color-normal, #f57c00)" d="M12 3 1.500 21h21L12 3Zm-1 7h2v5h-2v-5Zm0 6.500h2v2h-2v-2Z"/></svg>`
});

export const desktopIcon = new LabIcon({
  name: 'jupyter-agent:desktop',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M3 4h18a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-7v2h3v2H7v-2h3v-2H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm1 2v10h16V6H4Zm8 1.500a2 2 0 0 1 2 2V10h.5a.5.5 0 0 1 .5.5v3a.5.5 0 0 1-.5.5h-5a.5.5 0 0 1-.5-.5v-3a.5.5 0 0 1 .5-.5h.5v-.5a2 2 0 0 1 2-2Zm0 1a1 1 0 0 0-1 1v.5h2v-.5a1 1 0 0 0-1-1Z"/></svg>`
});

export const fullScreenIcon = new LabIcon({
  name: 'jupyter-agent:full-screen',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M4 4h6v2H6v4H4V4Zm10 0h6v6h-2V6h-4V4ZM4 14h2v4h4v2H4v-6Zm14 0h2v6h-6v-2h4v-4Z"/></svg>`
});
