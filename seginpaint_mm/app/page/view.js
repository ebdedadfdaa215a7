// Where a photo lies on the screen: screen = photo * scale + (x, y).
const LEAST = 0.02, MOST = 40;

export function fit(width, height, screenWidth, screenHeight) {
  const scale = Math.min(screenWidth / width, screenHeight / height, 8);
  return { scale, x: (screenWidth - width * scale) / 2, y: (screenHeight - height * scale) / 2 };
}

// What is at (x, y) of the screen stays there.
export function zoomed(view, factor, x, y) {
  const scale = Math.min(Math.max(view.scale * factor, LEAST), MOST);
  const actual = scale / view.scale;
  return { scale, x: x - (x - view.x) * actual, y: y - (y - view.y) * actual };
}

export const moved = (view, dx, dy) => ({ ...view, x: view.x + dx, y: view.y + dy });
export const toPhoto = (view, x, y) => [(x - view.x) / view.scale, (y - view.y) / view.scale];

// Two fingers, each from one place to another: what was below them stays below them.
export function pinched(view, [a, b], [c, d]) {
  const length = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]) || 1;
  const middle = (p, q) => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  const [before, after] = [middle(a, b), middle(c, d)];
  const bigger = zoomed(view, length(c, d) / length(a, b), ...before);
  return moved(bigger, after[0] - before[0], after[1] - before[1]);
}
