/** What a camera sees of a QR code on a screen: each character two modules, ten pixels wide, dark where nothing is painted. */
export function cameraImage(text: string): { width: number; height: number; data: Uint8ClampedArray } {
  const lines = text.trimEnd().split('\n');
  const size = Math.max(...lines.map((line) => line.length));
  const isLight = (x: number, y: number) =>
    ('█▀'.includes(lines[y >> 1]?.[x] ?? '') && y % 2 === 0) ||
    ('█▄'.includes(lines[y >> 1]?.[x] ?? '') && y % 2 === 1);
  const [width, height] = [size * 10, lines.length * 20];
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const light = isLight(Math.floor(x / 10), Math.floor(y / 10));
      if (!light) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  return { width, height, data };
}
