/** Horizontal bars as SVG: one a contestant, with its figure and its ratio to the ceiling. */
export function plot(
  rows: readonly { readonly name: string; readonly perSecond: number; readonly ratio: number }[],
): string {
  const height = 30 * rows.length + 50;
  const most = Math.max(...rows.map(({ perSecond }) => perSecond));
  const bars = rows.map(({ name, perSecond, ratio }, i) => {
    const y = 40 + 30 * i;
    const width = Math.max(1, (perSecond / most) * 360);
    return `<text x="208" y="${y + 14}" text-anchor="end">${name.replaceAll('&', '&amp;')}</text>
<rect x="216" y="${y}" width="${width.toFixed(1)}" height="20" fill="${i < 4 ? '#9aa5b1' : '#2f6fde'}"/>
<text x="${(222 + width).toFixed(1)}" y="${y + 14}">${Math.round(perSecond).toLocaleString('en')} (${ratio.toFixed(2)})</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="${height}" viewBox="0 0 720 ${height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="720" height="${height}" fill="#fff"/>
<text x="16" y="22" font-weight="bold">Requests per second, 256 connections (ratio to Hono answering 204)</text>
${bars.join('\n')}
</svg>
`;
}
