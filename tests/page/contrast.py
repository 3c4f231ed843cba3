"""Measures the contrast of every text that is shown, as WCAG 2 defines it, in the browser."""

MEASURE = r"""() => {
  const parse = (colour) => {
    const options = { willReadFrequently: true };
    const canvas = (parse.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", options));
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (front, back) =>
    [0, 1, 2].map((part) => front[part] * front[3] + back[part] * (1 - front[3])).concat(1);
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const parentOf = (it) => it.assignedSlot ?? it.parentElement ?? it.getRootNode().host ?? null;
  const behind = (it) => {
    const layers = [];
    for (let each = it; each; each = parentOf(each)) {
      layers.push(parse(getComputedStyle(each).backgroundColor));
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
  };
  const found = [];
  const look = (root) => {
    for (const it of root.querySelectorAll("*")) {
      if (it.shadowRoot) look(it.shadowRoot);
      const says = [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      const isShown = it.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      if (!says || !isShown || it.closest(".unseen, .skip, noscript, option")) continue;
      const style = getComputedStyle(it);
      const back = behind(it);
      const [one, other] = [luminance(over(parse(style.color), back)), luminance(back)];
      const size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      found.push({
        text: it.textContent.trim().slice(0, 30),
        contrast: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05),
        least: isLarge ? 3 : 4.5,
      });
    }
  };
  look(document);
  return found;
}"""
