// Lines over time, in an SVG element.

const NAMESPACE = 'http://www.w3.org/2000/svg';
const HEIGHT = 100;
const MARGIN = 3;  // keeps a line at the edge whole
const SHADES = ['', 'fainter', 'faintest'];

/// Draws lines of `width` points each, the newest at the right. A point that is undefined is a gap.
/// Gives the value at the upper edge, which is `most` or above all points.
export function draw(svg, lines, width, most = 0) {
    const top = Math.max(most, ...lines.flat().filter((value) => value !== undefined));
    svg.setAttribute('viewBox', `0 ${-MARGIN} ${width - 1} ${HEIGHT + 2 * MARGIN}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.replaceChildren(...lines.flatMap((line, index) => segments(line, width).map((points) => {
        const element = document.createElementNS(NAMESPACE, 'polyline');
        element.setAttribute('class', SHADES[index]);
        element.setAttribute('points', points.map(([x, value]) =>
            `${x},${(HEIGHT - (top > 0 ? value / top : 0) * HEIGHT).toFixed(2)}`).join(' '));
        return element;
    })));
    return top;
}

/// The points of a line that follow each other without a gap, as lists of [x, value].
function segments(line, width) {
    const found = [[]];
    line.forEach((value, index) => {
        if (value === undefined) found.push([]);
        else found.at(-1).push([width - line.length + index, value]);
    });
    return found.filter((points) => points.length > 0);
}
