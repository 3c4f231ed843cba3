/**
 * The looks that the elements share. A page sets the custom properties (`--guerdon-accent` and so
 * on) to make them its own; dark and light follow the `color-scheme` that the page gives them.
 */

export const looks = new CSSStyleSheet();
looks.replaceSync(`
  :host {
    --_accent: var(--guerdon-accent, light-dark(#a83a1c, #f29168));
    --_accent-soft: var(--guerdon-accent-soft, light-dark(#f8e6dc, #43291e));
    --_on-accent: var(--guerdon-on-accent, light-dark(#ffffff, #22120a));
    --_ink: var(--guerdon-ink, light-dark(#231d17, #f2eadf));
    --_muted: var(--guerdon-muted, light-dark(#695f54, #b3a798));
    --_surface: var(--guerdon-surface, light-dark(#ffffff, #211c17));
    --_line: var(--guerdon-line, light-dark(#e8e0d5, #3a3229));
    --_good: var(--guerdon-good, light-dark(#22693f, #7fcf9d));
    --_display: var(--guerdon-display, "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif);
    --_radius: var(--guerdon-radius, 1rem);
    display: block;
    position: relative;
    color: var(--_ink);
    font: 1rem/1.5 var(--guerdon-font, system-ui, "Inter", "Segoe UI", "Noto Sans", sans-serif);
    container-type: inline-size;
  }
  :host([hidden]) { display: none; }
  *, ::before, ::after { box-sizing: border-box; }
  h2, h3, p, ul, ol, dl, dd, table { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  h2 { font: 600 1.25rem/1.3 var(--_display); text-wrap: balance; }
  h3 {
    color: var(--_muted); font-size: 0.8125rem; font-weight: 600; letter-spacing: 0.02em;
  }
  button { font: inherit; color: inherit; }
  .unseen {
    position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap;
  }
  .muted { color: var(--_muted); }
  .small { font-size: 0.875rem; }
  .figure { font-variant-numeric: tabular-nums; }
  .connection {
    position: absolute; inset: -0.75rem auto auto 50%; translate: -50% 0; z-index: 1;
    padding: 0.125rem 0.75rem; border-radius: 1rem; font-size: 0.8125rem;
    background: var(--_ink); color: var(--_surface); white-space: nowrap;
  }
  .connection[hidden] { display: none; }
  .empty { display: grid; gap: 0.75rem; justify-items: center; padding: 2rem 1rem; text-align: center; color: var(--_muted); }
  .quiet {
    min-height: 2.75rem; padding: 0 1.25rem; border: 1px solid var(--_line); border-radius: 2rem;
    background: transparent; cursor: pointer;
  }
  .quiet:hover { border-color: currentColor; }
  :focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
  .bones { display: grid; gap: 1rem; padding: 0.5rem 0; }
  .bone { height: 1.25rem; border-radius: 0.5rem; background: var(--_line); opacity: 0.6; }
  .bone:nth-child(odd) { width: 70%; }
  .bar { height: 0.5rem; border-radius: 1rem; background: var(--_line); overflow: hidden; }
  .bar::before {
    content: ""; display: block; height: 100%; border-radius: inherit; background: var(--_accent);
    transform: translateX(calc((var(--share, 0) - 1) * 100%));
  }
  @media (prefers-reduced-motion: no-preference) {
    .bar::before { transition: transform 700ms cubic-bezier(0.2, 0.75, 0.2, 1); }
    .bone { animation: breathe 1.6s ease-in-out infinite alternate; }
    @keyframes breathe { to { opacity: 0.25; } }
  }
  @media (forced-colors: active) {
    .bar { border: 1px solid CanvasText; }
    .bar::before { background: Highlight; forced-color-adjust: none; }
  }
`);

/** Return the styles of one kind of element. */
export function styles(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
